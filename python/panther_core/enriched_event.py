"""The event that a rule gets."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone

from panther_core.exceptions import PantherError
from panther_core.immutable import (
    _MISSING,
    ImmutableCaseInsensitiveDict,
    ImmutableList,
    json_encoder,
    to_plain,
)


class PantherEvent(ImmutableCaseInsensitiveDict):
    """One event: a read-only mapping with look-ups along paths, data models and lookup tables.

    What a look-up along a path answers is remembered for the event, because many rules ask the same.
    """

    __slots__ = ("data_model", "_deep", "_udm", "_late", "__dict__")

    def __init__(self, event, data_model=None, late=None):
        super().__init__(event)
        self.data_model = data_model
        self._deep = {}
        self._udm = {}
        # Standard fields and enrichment are asked of the engine only when somebody looks for one.
        self._late = late

    json_encoder = staticmethod(json_encoder)

    def get(self, key, default=None):
        """The value under the key, whatever its case, or ``default`` where there is none."""
        # Written out again: asking the base class first would be a second call, and this is what rules call most.
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
        if value is not _MISSING:
            return value
        if self._late is not None and key.__class__ is str and key.startswith("p_"):
            return self._get_late(key, default)
        key = self._find(key)
        return default if key is _MISSING else self.get(key)

    def _get_late(self, key, default):
        late = self._late
        found = self._find(key)
        if found is not _MISSING:
            return self.get(found)
        value = late.field(self, key)
        if value is _MISSING or value is None:
            return default
        self._container[key] = value
        self._lower = None
        return self.get(key)

    def _complete(self):
        """Adds the standard fields that nobody has asked for yet."""
        late = self._late
        if late is None:
            return
        self._late = None
        for key, value in late.fields(self).items():
            if self._find(key) is _MISSING:
                self._container[key] = value
                self._lower = None

    def __contains__(self, key):
        self._complete()
        return super().__contains__(key)

    def __iter__(self):
        self._complete()
        return super().__iter__()

    def __len__(self):
        self._complete()
        return super().__len__()

    def _plain(self):
        self._complete()
        return super()._plain()

    def deep_get(self, *keys, default=None):
        """The value at this path of mappings; ``default`` where the path ends early or leads to None."""
        value = self._deep.get(keys, _MISSING)
        if value is _MISSING:
            value = self
            left = len(keys)
            for key in keys:
                value = value.get(key)
                left -= 1
                if value.__class__ is not ImmutableCaseInsensitiveDict:
                    if left > 0:
                        value = None
                    break
            self._deep[keys] = value
        return default if value is None else value

    def deep_walk(self, *keys, default=None, return_val="all"):
        """The values at this path, through lists as well: keys are matched as written.

        Several distinct values are answered as a plain list in order of appearance, a single one bare;
        ``return_val`` "first" or "last" picks one. Where there is none, ``default``.
        """
        return _walk(self._plain(), keys, default, return_val)

    def udm(self, *key, default=None):
        """A field by its name in the unified data model.

        A name that the log type's data model maps is looked up there and nowhere else: ``default`` is
        for a path that leads nowhere; what a method answers counts, None included. Other names, and
        paths of several keys, are looked for in ``p_udm`` and then in the event itself; what is empty
        counts as absent.
        """
        if len(key) == 1 and self.data_model is not None and key[0] in self.data_model.mappings:
            known = self._udm
            if key[0] not in known:
                known[key[0]] = self.data_model.value(self, key[0], _MISSING)
            value = known[key[0]]
            return default if value is _MISSING else value
        return self.deep_get("p_udm", *key) or self.deep_get(*key) or default

    def udm_path(self, key):
        """The path in this event that the data model maps this name to, or the name of the method."""
        if self.data_model is None:
            log_type = self.get("p_log_type")
            raise PantherError(f"there is no data model for log type {log_type}")
        return self.data_model.path(self, key)

    def lookup(self, table, key):
        """The row of a lookup table under its primary key, or None.

        A test may give the tables itself, in the field ``_mocked_lookup_data_`` of its event.
        """
        mocked = self._container.get("_mocked_lookup_data_")
        if mocked is not None:
            return self.deep_get("_mocked_lookup_data_", table, key)
        row = None if self._late is None else self._late.row(table, key)
        return ImmutableCaseInsensitiveDict(row) if row.__class__ is dict else row

    def event_time_epoch(self, force_utc=True):
        """``p_event_time`` as whole seconds since 1970; 0 where it is missing or no time.

        ``force_utc`` reads a time without a zone as UTC, as does its absence: there is no other zone here.
        """
        text = self.get("p_event_time")
        if not isinstance(text, str):
            return 0
        try:
            time = datetime.fromisoformat(text.strip().replace(" UTC", "+00:00"))
        except ValueError:
            return 0
        if time.tzinfo is None:
            time = time.replace(tzinfo=timezone.utc)
        return int(time.timestamp())


def _walk(value, keys, default, return_val):
    if not keys:
        return default if value is None or (value.__class__ is list and not value) else value
    if isinstance(value, Mapping):
        inner = value.get(keys[0])
        return default if inner is None else _walk(inner, keys[1:], default, return_val)
    if not isinstance(value, Sequence) or isinstance(value, str):
        return default
    found = []
    for member in value:
        inner = _walk(member, keys, default, return_val)
        if inner is None:
            continue
        several = isinstance(inner, Sequence) and not isinstance(inner, str)
        for one in inner if several else (inner,):
            if one not in found:
                found.append(one)
    if not found:
        return default
    if return_val == "first":
        return found[0]
    if return_val == "last":
        return found[-1]
    return found if len(found) > 1 else found[0]


__all__ = ["PantherEvent", "to_plain"]
