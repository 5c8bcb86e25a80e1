"""Rules, asked about the event under way."""

import json
import sys
from collections.abc import Mapping

from panther_core.immutable import json_encoder
from stakeout_engine.failures import RecordedError, RuleAnswerError, describe
from stakeout_engine.groups import Group

_AUXILIARY = (
    "title",
    "description",
    "reference",
    "severity",
    "runbook",
    "destinations",
    "dedup",
    "alert_context",
    "unique",
)
_CONTEXT_CHARACTERS_MAX = 204_800
_MISSING = object()

DONE, MATCHED, FAILED = 0, 1, 2


class Rule:
    """A rule whose module is loaded."""

    __slots__ = ("module", "ask", "functions", "name", "_resource", "_plain_resource")

    def __init__(self, module, kind):
        self.module = module
        self.name = "policy" if kind == "policy" else "rule"
        if not callable(getattr(module, self.name, None)):
            raise AttributeError(f"the file defines no function {self.name}(), which decides whether an event matches")
        self.functions = [name for name in _AUXILIARY if callable(getattr(module, name, None))]
        self.ask = self._ask_policy if kind == "policy" else module.rule
        self._resource = None
        self._plain_resource = None

    def _ask_policy(self, resource):
        """A policy answers whether a resource complies, so what it does not is what matches."""
        compliant = self.module.policy(self.given(resource))
        return not compliant if isinstance(compliant, bool) else compliant

    def given(self, event):
        """What the functions get: a rule's the event itself, a policy's the resource as a plain ``dict``.

        The ``dict`` is one for all functions of the policy.
        """
        if self.name == "rule":
            return event
        if self._resource is not event:
            self._resource = event
            self._plain_resource = event.to_dict()
        return self._plain_resource

    def refresh(self):
        """Looks the function up again, after a mock of it came or went."""
        if self.name == "rule":
            self.ask = self.module.rule


class Broken:
    """A rule that cannot be asked."""

    __slots__ = ("module", "_failure")

    def __init__(self, failure):
        self.module = None
        self._failure = failure

    def ask(self, _event):
        """Raises what kept the rule from being loaded."""
        raise RecordedError(self._failure)


class Evaluator:
    """Asks rules one after another. One of it exists."""

    def __init__(self, current):
        self._current = current
        self._rules = {}
        self._groups = []
        self._failure = ""
        self._mocked = []

    def add(self, number, module, kind):
        """Adds a rule under the engine's number. Answers its functions."""
        rule = self._rules[number] = Rule(module, kind)
        return rule.functions

    def add_broken(self, number, failure):
        """Adds a rule whose file cannot be loaded: each event that it is asked about fails with the reason."""
        self._rules[number] = Broken(failure)

    def rule(self, number):
        """The rule under the engine's number."""
        return self._rules[number]

    def open_group(self, numbers):
        """Makes a list of rules that ``scan`` can be asked for. Answers its number."""
        self._groups.append(Group(numbers, [self._rules[number] for number in numbers]))
        return len(self._groups) - 1

    def asking(self):
        """The number of the rule that a scan is asking; -1 outside a scan.

        Found on the stack, because noting it for each rule would cost every rule what only those with
        state need.
        """
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_code is _SCAN:
                found = frame.f_locals
                return found["group"].numbers[found["index"]]
            frame = frame.f_back
        return -1

    def scan(self, number, start):
        """Asks the rules of a group from number ``start`` on until one does not simply answer False.

        Answers four times the number of that rule, plus what came of it (``MATCHED`` or ``FAILED``); four
        times the number of rules when all answered False.
        """
        # asking() looks at group and index, where it finds this function on the stack.
        group = self._groups[number]
        event = self._current.event
        index = start
        try:
            for index, ask in group.to_ask(event, start):
                answer = ask(event)
                if answer is not False:
                    return self._stopped(index, answer)
        except BaseException as error:  # A rule may also call exit().
            self._failure = describe(error)
            return 4 * index + FAILED
        return 4 * len(group.numbers)

    def _stopped(self, index, answer):
        if answer is True:
            return 4 * index + MATCHED
        self._failure = describe(_not_boolean(answer))
        return 4 * index + FAILED

    def ask(self, number):
        """Asks one rule: ``DONE`` for False, ``MATCHED`` or ``FAILED``."""
        try:
            answer = self._rules[number].ask(self._current.event)
        except BaseException as error:  # A rule may also call exit().
            self._failure = describe(error)
            return FAILED
        if answer is False:
            return DONE
        return self._stopped(0, answer)

    def failure(self):
        """What went wrong where ``scan`` or ``ask`` last answered ``FAILED``, as JSON text."""
        return self._failure

    def call(self, number, name):
        """Calls another function of a rule. Answers text whose first character says what follows it.

        ``s`` text, ``j`` JSON, ``n`` nothing (None), ``e`` an error as JSON.
        """
        try:
            rule = self._rules[number]
            answer = getattr(rule.module, name)(rule.given(self._current.event))
            return _crossing(name, answer)
        except BaseException as error:
            return "e" + describe(error)

    def replace(self, number, name, stand_in):
        """Puts something else in the place of a name of the rule's module, until ``clear_mocks``.

        Raises ``AttributeError`` for a name that the module does not have.
        """
        rule = self._rules[number]
        before = getattr(rule.module, name)
        self._mocked.append((rule, name, before))
        setattr(rule.module, name, stand_in)
        rule.refresh()

    def clear_mocks(self):
        """Puts everything back that mocks stood for."""
        while self._mocked:
            rule, name, before = self._mocked.pop()
            setattr(rule.module, name, before)
            rule.refresh()

    def names(self, number):
        """Names in the namespace of the rule's module."""
        return [name for name in vars(self._rules[number].module) if not name.startswith("__")]


_SCAN = Evaluator.scan.__code__


def _not_boolean(answer):
    return RuleAnswerError(f"rule() must answer True or False, not {_shown(answer)}")


def _crossing(name, answer):
    if answer is None and name in ("destinations", "unique"):
        return "n"
    if name == "alert_context":
        return "j" + _context(answer)
    if name == "destinations":
        if not isinstance(answer, (list, tuple)):
            raise RuleAnswerError(f"destinations() must answer a list of names, not {_shown(answer)}")
        return "j" + json.dumps(answer, default=json_encoder)
    if not isinstance(answer, str):
        raise RuleAnswerError(f"{name}() must answer text, not {_shown(answer)}")
    return "s" + answer


def _context(answer):
    if not isinstance(answer, Mapping):
        raise RuleAnswerError(f"alert_context() must answer a mapping, not {_shown(answer)}")
    text = json.dumps(answer if isinstance(answer, dict) else dict(answer), default=json_encoder, allow_nan=False)
    if len(text) > _CONTEXT_CHARACTERS_MAX:
        raise RuleAnswerError(
            f"alert_context size is [{len(text)}] characters, "
            f"bigger than maximum of [{_CONTEXT_CHARACTERS_MAX}] characters"
        )
    return text


def _shown(value):
    """The value as a message names it."""
    if value is None:
        return "None"
    try:
        text = repr(value)
    except Exception:
        text = "…"
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
