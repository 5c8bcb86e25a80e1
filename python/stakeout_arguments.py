"""What rules hand to the state functions, checked and turned into what can cross to the engine.

Every error names the function and the argument: a key or a member made from a field that an event
does not have is the most common mistake in rules that remember.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import stakeout_state
from stakeout_state import SAFE_INTEGER_MAX, StateTypeError, StateValueError

# A number below this counts from now on; others are a time.
_RELATIVE_SECONDS_END = 1_000_000_000
_YEAR_10000_SECONDS = 253_402_300_800
_SHOWN_LENGTH_MAX = 60

# Tuples, because putting a union of types together anew takes longer than the check.
_NUMBERS = (int, float, Decimal)
_SECONDS = (int, float, Decimal, str)
_BYTES = (bytes, bytearray, memoryview)
_JSON_NUMBERS = (int, float)
_JSON_SCALARS = (str, bool, type(None))
_JSON_NAMES = (str, int, float, type(None))

_KEY_HINT = "Check the event fields that the key is made of."
_SECONDS_HINT = "Write seconds from now on (less than 1000000000) or seconds since 1970."


def check_key(function: str, key: Any) -> str:
    """The key, if it is a string with something in it. How long it may be, the engine checks."""
    if not isinstance(key, str):
        problem = f"{function}: key must be a string, not {_shown(key)}. {_KEY_HINT}"
        raise StateTypeError("STATE_KEY_INVALID", problem)
    if key == "":
        raise StateValueError(
            "STATE_KEY_INVALID", f"{function}: key must not be empty. {_KEY_HINT}"
        )
    return str(key)


def check_whole(function: str, name: str, value: Any) -> int:
    """A whole number that the engine can count with: 2 and 2.0, but not 2.5, "2", True or 2**53."""
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        problem = f"{function}: {name} must be a whole number, not {_shown(value)}."
        raise StateTypeError("STATE_VALUE_INVALID", problem)
    # Comparing first keeps what has no whole part, infinity and nan, from int().
    if not -SAFE_INTEGER_MAX <= value <= SAFE_INTEGER_MAX or value != int(value):
        allowed = f"a whole number within ±{SAFE_INTEGER_MAX}"
        problem = f"{function}: {name} must be {allowed}, not {_shown(value)}."
        raise StateValueError("STATE_VALUE_INVALID", problem)
    return int(value)


def check_threshold(function: str, value: Any) -> int:
    """A whole number from 1 on."""
    threshold = check_whole(function, "threshold", value)
    if threshold < 1:
        problem = f"{function}: threshold must be a whole number from 1 on, not {threshold}."
        raise StateValueError("STATE_VALUE_INVALID", problem)
    return threshold


def check_members(function: str, value: Any) -> list[str]:
    """The members, each once. One string is one member, not its letters.

    They are sorted, so that what is recorded of an operation does not depend on the order that a
    set happens to have.
    """
    if isinstance(value, str):
        return [value]
    if isinstance(value, _BYTES) or not isinstance(value, Iterable):
        problem = f"{function}: val must be a string or several, not {_shown(value)}."
        raise StateTypeError("STATE_VALUE_INVALID", problem)
    members = set()
    for member in value:
        if not isinstance(member, str):
            problem = f"{function}: members of a string set must be strings, not {_shown(member)}."
            raise StateTypeError("STATE_VALUE_INVALID", problem)
        members.add(member)
    return sorted(members)


def end_of_write(function: str, epoch_seconds: Any) -> float | None:
    """The end that a write sets, in seconds since 1970. `None` leaves the end that the key has.

    0 is refused, because it says two things: by Panther's description no end, by what Panther does
    an end at once.
    """
    if epoch_seconds is None:
        return None
    seconds = _seconds(function, "epoch_seconds", epoch_seconds)
    if seconds == 0:
        problem = (
            f"{function}: epoch_seconds must not be 0. Leave it out to keep the end that the key "
            "has, call set_key_expiration(key, 0) for no end, or write a negative number for an "
            "end that has passed."
        )
        raise StateValueError("STATE_LIFETIME_INVALID", problem)
    return _end(function, "epoch_seconds", seconds)


def end_of_key(function: str, epoch_seconds: Any) -> float:
    """The end that `set_key_expiration` sets, in seconds since 1970; 0 for no end."""
    seconds = _seconds(function, "epoch_seconds", epoch_seconds)
    return 0.0 if seconds == 0 else _end(function, "epoch_seconds", seconds)


def end_of_window(function: str, expiry_seconds: Any) -> float:
    """The end of a window that starts now, in seconds since 1970."""
    seconds = _seconds(function, "expiry_seconds", expiry_seconds)
    if seconds <= 0:
        problem = f"{function}: expiry_seconds must be more than 0, not {_shown(expiry_seconds)}."
        raise StateValueError("STATE_LIFETIME_INVALID", problem)
    return _before_year_10000(function, "expiry_seconds", stakeout_state.now() + seconds)


def check_dictionary(function: str, value: Any) -> dict[Any, Any]:
    """A copy in plain dictionaries and lists of what JSON gives back as it is."""
    if not isinstance(value, Mapping):
        problem = f"{function}: val must be a dictionary, not {_shown(value)}."
        raise StateTypeError("STATE_VALUE_INVALID", problem)
    try:
        return _plain_mapping(function, "", value, [])
    except RecursionError:
        problem = f"{function}: val is nested too deep. Nothing was changed."
        raise StateValueError("STATE_LIMIT_EXCEEDED", problem) from None


def _plain_mapping(
    function: str, path: str, mapping: Mapping[Any, Any], above: list[Any]
) -> dict[Any, Any]:
    plain = {}
    for name, value in mapping.items():
        if not isinstance(name, _JSON_NAMES):
            raise _not_json(function, path, f"a dictionary with {_shown(name)} as a name")
        plain[name] = _plain(
            function, f"{path}.{name}" if path else str(name), value, [*above, mapping]
        )
    return plain


def _plain(function: str, path: str, value: Any, above: list[Any]) -> Any:
    if isinstance(value, _JSON_SCALARS):
        return value
    if isinstance(value, _JSON_NUMBERS):
        return _plain_number(function, path, value)
    if any(value is container for container in above):
        raise _not_json(function, path, "a reference to what contains it")
    if isinstance(value, Mapping):
        return _plain_mapping(function, path, value, above)
    if isinstance(value, Sequence) and not isinstance(value, _BYTES):
        inside = [*above, value]
        return [
            _plain(function, f"{path}[{index}]", item, inside) for index, item in enumerate(value)
        ]
    raise _not_json(function, path, _shown(value))


def _plain_number(function: str, path: str, value: float) -> float:
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise _not_json(function, path, _shown(value))
    if -SAFE_INTEGER_MAX <= value <= SAFE_INTEGER_MAX:
        return value
    raise _not_json(
        function, path, f"an integer beyond ±{SAFE_INTEGER_MAX}, which only text keeps exactly"
    )


def _not_json(function: str, path: str, what: str) -> StateValueError:
    place = f"its field {path}" if path else "it"
    return StateValueError(
        "STATE_VALUE_INVALID",
        f"{function}: val must hold only what JSON can, and {place} is {what}.",
    )


def _seconds(function: str, name: str, value: Any) -> float:
    problem = (
        f"{function}: {name} must be a number of seconds, not {_shown(value)}. {_SECONDS_HINT}"
    )
    if isinstance(value, bool) or not isinstance(value, _SECONDS):
        raise StateTypeError("STATE_LIFETIME_INVALID", problem)
    try:
        seconds = float(value)
    except ValueError, OverflowError:
        raise StateValueError("STATE_LIFETIME_INVALID", problem) from None
    if not math.isfinite(seconds):
        raise StateValueError("STATE_LIFETIME_INVALID", problem)
    return seconds


def _end(function: str, name: str, seconds: float) -> float:
    if seconds < _RELATIVE_SECONDS_END:
        # Never 0, which would mean no end, however far back the seconds lead.
        return max(stakeout_state.now() + seconds, 0.001)
    return _before_year_10000(function, name, seconds)


def _before_year_10000(function: str, name: str, seconds: float) -> float:
    if seconds < _YEAR_10000_SECONDS:
        return seconds
    problem = f"{function}: {name} leads past the year 9999. It counts seconds, not milliseconds."
    raise StateValueError("STATE_LIFETIME_INVALID", problem)


def _shown(value: Any) -> str:
    """A wrong argument for people: what it is, and its value where that is short."""
    if isinstance(value, int) and value.bit_length() > 128:
        return f"an integer of {value.bit_length()} bits"
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN_LENGTH_MAX else value[:_SHOWN_LENGTH_MAX] + "…")
    return f"a value of type {type(value).__name__}"
