"""The one place where Python asks the engine about state.

The runtime hands over a function with `connect`. Only plain values cross, in either direction, so
arguments and answers that are more than a string or a number travel as JSON text.
"""

import json
from collections.abc import Callable
from typing import Any

type Operate = Callable[[str, str, str, float | None], str]

# The engine's numbers are doubles: integers beyond this would come back as others.
SAFE_INTEGER_MAX = 2**53 - 1

_operate: Operate | None = None


class StateError(Exception):
    """A state operation was refused and changed nothing. `code` is one of Stakeout's codes."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


class StateTypeError(StateError, TypeError):
    """An argument of the wrong type."""


class StateValueError(StateError, ValueError):
    """An argument of the right type that cannot be taken: an empty key, half a count."""


class StateOutsideEvaluationError(StateError, RuntimeError):
    """A state function was called while no rule was asked about an event: by an import, say."""


_ERRORS: dict[str, type[StateError]] = {
    "STATE_KEY_INVALID": StateValueError,
    "STATE_VALUE_INVALID": StateValueError,
    "STATE_LIFETIME_INVALID": StateValueError,
    "STATE_OUTSIDE_EVALUATION": StateOutsideEvaluationError,
}


def connect(operate: Operate | None) -> None:
    """Called by the runtime: `operate` answers every operation from now on; `None` ends that.

    It takes the name of an operation, a key, an argument as JSON text ("" where there is none) and
    the end of the key's lifetime in seconds since 1970 (`None`: as it is; 0: no end). It answers
    JSON text, `{"ok": value}` or `{"error": {"code": code, "message": message}}`.
    """
    global _operate
    _operate = operate


def perform(operation: str, key: str, argument: Any = None, expires: float | None = None) -> Any:
    """Has the engine do one operation. Raises `StateError` when it refuses."""
    if _operate is None:
        raise StateOutsideEvaluationError(
            "STATE_OUTSIDE_EVALUATION",
            f"{operation} works only inside the functions of a rule, while the engine asks that "
            "rule about an event.",
        )
    text = "" if argument is None else json.dumps(argument)
    answer, _ = _decoder.raw_decode(_operate(operation, key, text, expires))
    if "error" not in answer:
        return answer["ok"]
    error = answer["error"]
    raise _ERRORS.get(error["code"], StateError)(error["code"], error["message"])


def _number(digits: str) -> float:
    """An integer as it is; one that doubles do not hold exactly was a float, and is one again."""
    integer = int(digits)
    return integer if -SAFE_INTEGER_MAX <= integer <= SAFE_INTEGER_MAX else float(integer)


# Kept, because making one costs more than the operation that it is for.
_decoder = json.JSONDecoder(parse_int=_number)


def now() -> float:
    """The engine clock in seconds since 1970."""
    return perform("now", "")
