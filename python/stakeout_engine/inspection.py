"""What tests and explanations do with rules besides asking them.

Values cross as plain text and numbers; an error is answered as JSON, and "" where there is none.
"""

import json
import linecache
from types import ModuleType
from unittest.mock import MagicMock

from panther_core.immutable import json_encoder
from stakeout_engine import main
from stakeout_engine.failures import describe
from stakeout_engine.recording import Recorder, small_copy

_recorder = Recorder()
# The modules that watched rules are run from otherwise, by number.
_watched = {}
# What their copies are made from, by path: making it takes longer than a test.
_compiled = {}
_answer_call = None


def connect(answer_call):
    """Hands over the function of the engine that answers calls of mocks."""
    global _answer_call
    _answer_call = answer_call


def watch(number):
    """Runs a rule from a copy of its module that notes conditions.

    A module that cannot be run twice stays as it is, and nothing is noted.
    """
    rule = main.evaluator().rule(number)
    if number in _watched or rule.module is None:
        return
    path = rule.module.__file__
    copy = ModuleType(rule.module.__name__)
    copy.__file__ = path
    try:
        if path not in _compiled:
            _compiled[path] = _recorder.compile("".join(linecache.getlines(path)), path)
        code, names = _compiled[path]
        vars(copy).update(names)
        exec(code, vars(copy))
    except BaseException:  # A file may also call exit().
        return
    _watched[number] = rule.module
    rule.module = copy
    rule.refresh()


def unwatch(number):
    """Runs the rule from its own module again."""
    rule = main.evaluator().rule(number)
    if number in _watched:
        rule.module = _watched.pop(number)
        rule.refresh()


def start_recording():
    """See ``Recorder.start``."""
    _recorder.start()


def take_recording():
    """See ``Recorder.take``; answers JSON."""
    return json.dumps(_recorder.take())


def is_constant(number, name):
    """True where a name of the rule's module stands for nothing that can be called."""
    return not callable(getattr(main.evaluator().rule(number).module, name))


def mock_call(number, name):
    """Has the engine answer every call of a name of the rule's module. Answers an error or ""."""

    def answer(*arguments, **named):
        given = json.dumps([_shown(one) for one in (*arguments, *named.values())])
        answered = json.loads(_answer_call(name, given))
        if "error" in answered:
            raise Exception(answered["error"]["message"])
        if "set" in answered:
            return set(answered["set"])
        return answered["value"]

    return _replace(number, name, MagicMock(side_effect=answer))


def mock_value(number, name, text):
    """Puts a value, given as JSON, in the place of a name of the module. Answers an error or ""."""
    return _replace(number, name, json.loads(text))


def _replace(number, name, stand_in):
    try:
        main.evaluator().replace(number, name, stand_in)
        return ""
    except AttributeError as error:
        return describe(error)


def _shown(value):
    try:
        return json.loads(json.dumps(value, default=json_encoder, allow_nan=False))
    except Exception:
        return small_copy(value)
