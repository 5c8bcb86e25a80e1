"""Data models: one name for what each log calls differently."""

import re

from panther_core.exceptions import PantherError
from panther_core.immutable import ImmutableContainerMixin

_STEP = re.compile(r"""\.?([A-Za-z_@][\w\-@]*|\*)|\[(\d+|\*)\]|\[(?:'([^']*)'|"([^"]*)")\]|(\.\.)""")


class DataModel:
    """The mappings of one log type.

    ``mappings`` holds for each name either the steps of a path or a method that gets the event.
    """

    def __init__(self, model_id):
        self.data_model_id = model_id
        self.mappings = {}
        self._texts = {}

    def add_path(self, name, path):
        """Maps a name to a path. Raises ``ValueError`` for a path that cannot be followed."""
        self.mappings[name] = compile_path(path)
        self._texts[name] = path

    def add_method(self, name, method):
        """Maps a name to a function that gets the event."""
        self.mappings[name] = method
        self._texts[name] = method.__name__

    def path(self, name):
        """What a name is mapped to, as it was written; None for an unknown name."""
        return self._texts.get(name)

    def value(self, event, name):
        """What the mapping of a name answers for an event. Raises ``PantherError`` where a path has several values."""
        mapping = self.mappings[name]
        if callable(mapping):
            return mapping(event)
        values = [event]
        for step in mapping:
            values = [inner for value in values for inner in _follow(value, step)]
        if len(values) > 1:
            raise PantherError(f"path {self._texts[name]!r} of {name} in data model {self.data_model_id} has several values")
        return values[0] if values else None


def compile_path(path):
    """The steps of a path such as ``a.b[0]['c d'][*].e``, with or without ``$`` before it: text, number or ``None`` for all."""
    steps = []
    position = 1 if path.startswith("$") else 0
    if path in ("", "$"):
        raise ValueError("it is empty")
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None or match.group(5) is not None:
            raise ValueError(f"it cannot be read from {path[position:]!r} on")
        name, index, single, double, _ = match.groups()
        if name is not None:
            steps.append(None if name == "*" else name)
        elif index is not None:
            steps.append(None if index == "*" else int(index))
        else:
            steps.append(single if single is not None else double)
        position = match.end()
    return tuple(steps)


def _follow(value, step):
    """What one step leads to: nothing, one value, or several."""
    if not isinstance(value, ImmutableContainerMixin):
        return ()
    if isinstance(step, str):
        return (value[step],) if hasattr(value, "keys") and step in value else ()
    if hasattr(value, "keys"):
        return tuple(value.values()) if step is None else ()
    if step is None:
        return tuple(value)
    return (value[step],) if step < len(value) else ()
