"""Rules in a row that are asked together, and which of them an event concerns."""

from collections import Counter

from stakeout_engine import modules
from stakeout_engine.guards import find_guards
from stakeout_engine.syntax import MISSING

# Reading the source of a rule takes longer than asking it about a few hundred events.
_EVENTS_BEFORE_GUARDS = 256
_PATHS_MAX = 6
# Values come from events, so what is remembered of them has a limit.
_SELECTIONS_MAX = 4096
_TEXT_MAX = 256

_OTHER = object()


class Group:
    """Some rules in their fixed order.

    Once it has seen a few hundred events it reads the rules' guards. Then the values of up to six fields
    select the rules that have to be asked, and each selection is made once.
    """

    def __init__(self, numbers, rules):
        self.numbers = tuple(numbers)
        self._rules = rules
        self._all = [(index, rule.ask) for index, rule in enumerate(rules)]
        self._events = 0
        self._paths = ()
        self._guards = []
        self._selections = {}
        self._resumed = None

    def to_ask(self, event, start):
        """The rules to ask about an event, from number ``start`` on, with their numbers, as an iterator."""
        if start == 0:
            self._resumed = iter(self._select(event))
            return self._resumed
        # The scan before this one stopped at the rule before `start`, so its iterator stands just there.
        return self._resumed if self._resumed is not None else iter(self._all[start:])

    def _select(self, event):
        if not self._paths:
            if self._events >= 0:
                self._events += 1
                if self._events > _EVENTS_BEFORE_GUARDS:
                    self._events = -1
                    self._read_guards()
            return self._all
        values = tuple([_value(event, path) for path in self._paths])
        selection = self._selections.get(values)
        if selection is None:
            if len(self._selections) >= _SELECTIONS_MAX:
                self._selections.clear()
            selection = self._selections[values] = [
                asked
                for asked, guards in zip(self._all, self._guards)
                if all(values[position] is _OTHER or test(values[position]) for position, test in guards)
            ]
        return selection

    def _read_guards(self):
        found = [_guards_of(rule) for rule in self._rules]
        counts = Counter(path for guards in found for path in {path for path, _ in guards})
        paths = [path for path, _ in counts.most_common(_PATHS_MAX)]
        self._guards = [
            [(paths.index(path), test) for path, test in guards if path in paths] for guards in found
        ]
        self._paths = tuple(paths)


def _guards_of(rule):
    """The guards of a rule; none where its source cannot be read, since asking is always right."""
    if rule.module is None or rule.name != "rule":
        return []
    try:
        return find_guards(modules.syntax_of(rule.module), rule.name, modules.syntax_of_helper)
    except Exception:
        return []


def _value(event, path):
    """The value at a path as guards look at it; ``_OTHER`` for one that no guard applies to."""
    if len(path) == 1:
        value = event.get(path[0], MISSING)
    elif path[0] is None:
        try:
            value = event.udm(path[1], default=MISSING)
        except Exception:
            return _OTHER  # Each rule that asks for it raises this by itself.
    else:
        value = event.deep_get(*path, default=MISSING)
    if value.__class__ is str:
        return value if len(value) <= _TEXT_MAX else _OTHER
    return value if value is MISSING or value is None else _OTHER
