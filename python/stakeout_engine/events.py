"""The event under way, and what its log type knows about it."""

import json

from panther_core.data_model import DataModel
from panther_core.enriched_event import PantherEvent

_FIRST_BYTES = 64 * 1024
_scan = json.JSONDecoder().scan_once


class Late:
    """Standard fields, enrichment and lookup tables, asked of the engine when a rule looks for them."""

    def __init__(self, standard_field, tables):
        # Answers JSON text for a name, an object of all for an empty name, or "" where there is nothing.
        self._standard_field = standard_field
        self._tables = tables
        self.log_type = ""

    def field(self, event, key):
        """One field whose name starts with ``p_``; None where there is none."""
        if key == "p_enrichment":
            return self._tables.enrichment(event, self.log_type)
        text = self._standard_field(key)
        return json.loads(text) if text else None

    def fields(self, event):
        """All of them that have a value."""
        text = self._standard_field("")
        found = json.loads(text) if text else {}
        enrichment = self._tables.enrichment(event, self.log_type)
        if enrichment is not None:
            found["p_enrichment"] = enrichment
        return found

    def row(self, table, key):
        """A row of a lookup table by its primary key."""
        return self._tables.row(table, key)


class Tables:
    """Lookup tables: rows by primary key, and the fields of log types that point at them."""

    def __init__(self):
        self._rows = {}
        self._selectors = {}

    def add(self, name, primary_key, rows, selectors):
        """Adds a table; a table of the same name is replaced."""
        self._rows[name] = {str(row[primary_key]): row for row in rows if row.get(primary_key) is not None}
        for selector in selectors:
            self._selectors.setdefault(selector["logType"], []).append((name, tuple(selector["paths"])))

    def row(self, table, key):
        """The row under a key, whatever the case of the key; None where there is none."""
        rows = self._rows.get(table)
        return None if rows is None else rows.get(str(key))

    def enrichment(self, event, log_type):
        """``p_enrichment`` for an event: by table and selector the row with its match; None without any."""
        found = {}
        for name, paths in self._selectors.get(log_type, ()):
            for path in paths:
                matches = self._matches(name, event, path)
                if matches:
                    found.setdefault(name, {})[path] = matches[0] if len(matches) == 1 else matches
        return found or None

    def _matches(self, name, event, path):
        value = event.deep_get(*path.split("."))
        values = value.copy() if hasattr(value, "copy") else [value]
        rows = ((one, self.row(name, one)) for one in values if isinstance(one, (str, int)))
        return [{**row, "p_match": one} for one, row in rows if row is not None]


def _long_number(text):
    """Integers of more digits than Python makes integers of are read as other languages read them."""
    try:
        return int(text)
    except ValueError:
        return float(text)


class CurrentEvent:
    """Holds the event that rules are asked about."""

    def __init__(self, standard_field):
        self.tables = Tables()
        self.models = {}
        self.event = None
        self.log_type = ""
        self._standard_field = standard_field
        self.buffer = bytearray(_FIRST_BYTES)

    def reserve(self, count):
        """Makes room for an event of so many bytes, which the engine then writes into ``buffer``."""
        if count > len(self.buffer):
            self.buffer = bytearray(max(count, 2 * len(self.buffer)))
        return self.buffer

    def begin(self, count, log_type, standard):
        """Takes the first ``count`` bytes of the buffer as the event's JSON.

        ``standard`` says whether the engine knows standard fields of this event.
        """
        text = str(memoryview(self.buffer)[:count], "utf-8", "surrogatepass")
        try:
            fields, _ = _scan(text, 0)
        except ValueError:
            fields = json.loads(text, parse_int=_long_number)
        late = None
        if standard:
            late = Late(self._standard_field, self.tables)
            late.log_type = log_type
        self.log_type = log_type
        self.event = PantherEvent(fields, self.models.get(log_type), late)

    def add_model(self, log_type, model):
        """Sets the data model of a log type."""
        self.models[log_type] = model


__all__ = ["CurrentEvent", "DataModel"]
