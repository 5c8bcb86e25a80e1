"""Data models: one name for what each log calls differently."""

import re

from panther_core.exceptions import PantherError
from panther_core.immutable import _MISSING, ImmutableCaseInsensitiveDict, ImmutableList

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
        """Maps a name to a path, whose keys are matched as written.

        Raises ``ValueError`` for a path that cannot be followed.
        """
        self.mappings[name] = compile_path(path)
        self._texts[name] = path

    def add_method(self, name, method):
        """Maps a name to a function that gets the event. Raises ``TypeError`` for anything else."""
        if not callable(method):
            raise TypeError(f"the method of {name} is no function")
        self.mappings[name] = method

    def path(self, event, name):
        """Where the path that a name is mapped to leads in an event, such as ``a.[0].b``.

        None where it leads nowhere, and for an unknown name; the name of a method.
        """
        mapping = self.mappings.get(name)
        if mapping is None:
            return None
        if callable(mapping):
            return mapping.__name__
        found = self._find(event, name)
        if found is None:
            return None
        return ".".join(step if isinstance(step, str) else f"[{step}]" for step in found[0])

    def value(self, event, name, default):
        """What the mapping of a name answers for an event; ``default`` where a path leads nowhere.

        Raises ``PantherError`` where a path has several values.
        """
        mapping = self.mappings[name]
        if callable(mapping):
            return mapping(event)
        found = self._find(event, name)
        return default if found is None else found[1]

    def _find(self, event, name):
        """The steps taken and the value they lead to; None where the path leads nowhere."""
        found = [((), event)]
        for step in self.mappings[name]:
            found = [
                ((*steps, taken), inner)
                for steps, value in found
                for taken, inner in _follow(value, step)
            ]
        if len(found) > 1:
            path = f"path {self._texts[name]!r} of {name}"
            raise PantherError(f"{path} in data model {self.data_model_id} has several values")
        return found[0] if found else None


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
    """Where one step leads: nothing, or pairs of the key or number taken and the value there."""
    if isinstance(value, ImmutableCaseInsensitiveDict):
        if step is None:
            return tuple(value.items())
        # Of the fields that are added when they are asked for, the container has no key yet.
        if step.__class__ is str and (step in value._container or step.startswith("p_")):
            inner = value.get(step, _MISSING)
            return () if inner is _MISSING else ((step, inner),)
        return ()
    if isinstance(value, ImmutableList):
        if step is None:
            return tuple(enumerate(value))
        if step.__class__ is int and step < len(value):
            return ((step, value[step]),)
    return ()
