"""Read-only mappings and lists around parsed JSON.

A container keeps the parsed value as it is and wraps what is inside when it is asked for; the wrapped
value takes the place of the plain one, so asking again costs one look-up. Most rules ask for fields
that other rules have asked for before, which makes this the place where the speed of a lane is decided.
"""

from abc import ABC
from collections.abc import Mapping, Sequence
from copy import deepcopy

_MISSING = object()


def to_plain(value):
    """A copy of the value made of plain ``dict`` and ``list`` only, at every depth."""
    kind = value.__class__
    if kind is str or kind is int or kind is bool or value is None or kind is float:
        return value
    if isinstance(value, ImmutableContainerMixin):
        return value._plain()
    if kind is dict:
        return {key: to_plain(inner) for key, inner in value.items()}
    if kind is list or kind is tuple:
        return [to_plain(inner) for inner in value]
    return deepcopy(value)


# The same names come with event after event, so what they are in lower case is remembered.
_lower_maps = {}
_LOWER_MAPS_MAX = 2048


def _lower_names(names):
    """The names by what they are in lower case, the first of several that differ only by case."""
    lower = _lower_maps.get(names)
    if lower is None:
        lower = {}
        for name in names:
            lower.setdefault(name.lower() if name.__class__ is str else name, name)
        if len(_lower_maps) >= _LOWER_MAPS_MAX or len(names) > 200:
            _lower_maps.clear()
        _lower_maps[names] = lower
    return lower


def json_encoder(value):
    """The ``default`` for ``json.dumps`` that makes containers of events into JSON."""
    if isinstance(value, ImmutableContainerMixin):
        return value._plain()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


class ImmutableContainerMixin(ABC):
    """What read-only mappings and lists have in common."""

    __slots__ = ()

    def _plain(self):
        raise NotImplementedError

    def copy(self):
        """A deep copy as plain ``dict`` or ``list``, which the caller may change."""
        return self._plain()

    def __copy__(self):
        return self

    def __deepcopy__(self, _memo):
        return self


class ImmutableCaseInsensitiveDict(ImmutableContainerMixin, Mapping):
    """A read-only mapping that finds a key whatever its case: as written first, then the first equal one.

    Copies share the parsed value, which nothing changes.
    """

    __slots__ = ("_container", "_lower")

    def __init__(self, container):
        self._container = container if container.__class__ is dict else dict(container)
        self._lower = None

    def get(self, key, default=None):
        """The value under the key, or ``default`` where there is none."""
        value = self._container.get(key, _MISSING)
        kind = value.__class__
        if kind is str:
            return value
        if kind is dict:
            wrapped = self._container[key] = ImmutableCaseInsensitiveDict(value)
            return wrapped
        if kind is list:
            wrapped = self._container[key] = ImmutableList(value)
            return wrapped
        if value is _MISSING:
            key = self._find(key)
            return default if key is _MISSING else self.get(key)
        return value

    def _find(self, key):
        """The key of the container that equals this one but for its case."""
        lower = self._lower
        if lower is None:
            lower = self._lower = _lower_names(tuple(self._container))
        return lower.get(key.lower(), _MISSING)

    def __getitem__(self, key):
        value = self.get(key, _MISSING)
        if value is _MISSING:
            raise KeyError(key)
        return value

    def __contains__(self, key):
        return key in self._container or self._find(key) is not _MISSING

    def __iter__(self):
        return iter(self._container)

    def __len__(self):
        return len(self._container)

    def __eq__(self, other):
        if isinstance(other, ImmutableCaseInsensitiveDict):
            other = other._plain()
        if not isinstance(other, Mapping):
            return NotImplemented
        return self._plain() == to_plain(dict(other))

    __hash__ = None

    def __repr__(self):
        return f"{type(self).__name__}({self._plain()!r})"

    def to_dict(self):
        """A deep copy as a plain ``dict``, which the caller may change."""
        return self._plain()

    def _plain(self):
        return {key: to_plain(value) for key, value in self._container.items()}


class ImmutableList(ImmutableContainerMixin, Sequence):
    """A read-only list. Equal to a list or tuple with equal members; it cannot be added to another."""

    __slots__ = ("_container",)

    def __init__(self, container):
        self._container = container if container.__class__ is list else list(container)

    def __getitem__(self, index):
        if index.__class__ is slice:
            return tuple(self[number] for number in range(*index.indices(len(self._container))))
        value = self._container[index]
        kind = value.__class__
        if kind is dict:
            value = self._container[index] = ImmutableCaseInsensitiveDict(value)
        elif kind is list:
            value = self._container[index] = ImmutableList(value)
        return value

    def __iter__(self):
        container = self._container
        for index in range(len(container)):
            value = container[index]
            kind = value.__class__
            if kind is dict or kind is list:
                value = self[index]
            yield value

    def __len__(self):
        return len(self._container)

    def __contains__(self, member):
        if isinstance(member, str):
            return member in self._container
        return any(member == value for value in self)

    def __eq__(self, other):
        if isinstance(other, ImmutableList):
            return self._plain() == other._plain()
        if not isinstance(other, (list, tuple)):
            return NotImplemented
        return self._plain() == to_plain(list(other))

    __hash__ = None

    def __repr__(self):
        return f"{type(self).__name__}({tuple(self._plain())!r})"

    def _plain(self):
        return [to_plain(value) for value in self._container]
