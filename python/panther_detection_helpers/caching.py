"""What outlives an event: counters, string sets, dictionaries. Panther's names, Stakeout's meaning.

Under one key is one item with a counter, a string set and a dictionary, each independent of the
others, and one lifetime. An item that has ended does not exist: reads give 0, an empty set, `{}`,
the first write starts afresh. A new item lives 90 days.

Wherever a function takes `epoch_seconds`: a number below 1,000,000,000 is seconds from now on,
another one seconds since 1970; numbers may be text. `None` leaves the end that the key has. Time is
the engine clock. `force_ttl_check` has no effect, because no read answers what has ended. Wrong
arguments raise `stakeout_state.StateError` and change nothing.

docs/panther-compatibility.md lists each difference from Panther with its reason.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import stakeout_state
from stakeout_arguments import (
    check_dictionary,
    check_key,
    check_members,
    check_threshold,
    check_whole,
    end_of_key,
    end_of_window,
    end_of_write,
)
from stakeout_unavailable import unavailable

__all__ = [
    "add_to_string_set",
    "check_account_age",
    "evaluate_threshold",
    "get_counter",
    "get_dictionary",
    "get_string_set",
    "increment_counter",
    "kv_table",
    "put_dictionary",
    "put_string_set",
    "remove_from_string_set",
    "reset_counter",
    "reset_string_set",
    "set_key_expiration",
    "ttl_expired",
]

type Seconds = float | str | None


def get_counter(key: str, force_ttl_check: bool = False) -> int:
    """The counter under `key`; 0 where nothing was counted."""
    return stakeout_state.perform("getCounter", check_key("get_counter", key))


def increment_counter(key: str, val: int = 1, epoch_seconds: Seconds = None) -> int:
    """Adds `val`, which may be negative, and answers the new value."""
    function = "increment_counter"
    key = check_key(function, key)
    amount = check_whole(function, "val", val)
    return stakeout_state.perform(
        "incrementCounter", key, amount, end_of_write(function, epoch_seconds)
    )


def reset_counter(key: str) -> None:
    """Empties the counter; the end of the item stays. Makes no item."""
    stakeout_state.perform("resetCounter", check_key("reset_counter", key))


def set_key_expiration(key: str, epoch_seconds: float | str) -> None:
    """Sets when all that is under `key` is forgotten. Makes no item.

    0: never. A negative number and a time that has passed: at once.
    """
    function = "set_key_expiration"
    key = check_key(function, key)
    stakeout_state.perform("setKeyExpiration", key, expires=end_of_key(function, epoch_seconds))


def put_dictionary(key: str, val: Mapping[str, Any], epoch_seconds: Seconds = None) -> None:
    """Replaces the dictionary under `key`, and nothing else under it.

    Raises TypeError for what is no dictionary, ValueError for one that holds what JSON cannot:
    sets, dates, NaN, integers beyond 2^53.
    """
    function = "put_dictionary"
    key = check_key(function, key)
    dictionary = check_dictionary(function, val)
    stakeout_state.perform("putDictionary", key, dictionary, end_of_write(function, epoch_seconds))


def get_dictionary(key: str, force_ttl_check: bool = False) -> dict[str, Any]:
    """A copy of the dictionary under `key`; `{}` where there is none."""
    return stakeout_state.perform("getDictionary", check_key("get_dictionary", key))


def get_string_set(key: str, force_ttl_check: bool = False) -> set[str]:
    """A copy of the string set under `key`; empty where there is none."""
    return set(stakeout_state.perform("getStringSet", check_key("get_string_set", key)))


def put_string_set(key: str, val: str | Iterable[str], epoch_seconds: Seconds = None) -> None:
    """Replaces the string set under `key`, and nothing else under it.

    A single string is one member, not its letters. No members, and "", empty the set.
    """
    function = "put_string_set"
    key = check_key(function, key)
    members = [] if val == "" else check_members(function, val)
    stakeout_state.perform("putStringSet", key, members, end_of_write(function, epoch_seconds))


def add_to_string_set(
    key: str, val: str | Iterable[str], epoch_seconds: Seconds = None
) -> set[str]:
    """Adds one string or several, and answers the whole set."""
    return _change_string_set("addToStringSet", "add_to_string_set", key, (val, epoch_seconds))


def remove_from_string_set(
    key: str, val: str | Iterable[str], epoch_seconds: Seconds = None
) -> set[str]:
    """Removes one string or several, and answers what is left. Makes no item."""
    return _change_string_set(
        "removeFromStringSet", "remove_from_string_set", key, (val, epoch_seconds)
    )


def _change_string_set(
    operation: str, function: str, key: str, write: tuple[Any, Seconds]
) -> set[str]:
    val, epoch_seconds = write
    key = check_key(function, key)
    members = check_members(function, val)
    return set(
        stakeout_state.perform(operation, key, members, end_of_write(function, epoch_seconds))
    )


def reset_string_set(key: str) -> None:
    """Empties the string set; the end of the item stays. Makes no item."""
    stakeout_state.perform("resetStringSet", check_key("reset_string_set", key))


def evaluate_threshold(key: str, threshold: int = 10, expiry_seconds: float | str = 3600) -> bool:
    """Counts one, and answers True when that makes `threshold` within the window.

    The window starts with the first count and lasts `expiry_seconds`. After it, or after a True,
    the next count is the first of a new one.
    """
    function = "evaluate_threshold"
    key = check_key(function, key)
    threshold = check_threshold(function, threshold)
    end = end_of_window(function, expiry_seconds)
    count = stakeout_state.perform("incrementCounter", key, 1)
    if count == 1:
        stakeout_state.perform("setKeyExpiration", key, expires=end)
    if count < threshold:
        return False
    stakeout_state.perform("resetCounter", key)
    return True


def check_account_age(key: str) -> bool:
    """True while a string set is remembered under `key`.

    A rule that sees an account being made notes it there for some days. False without a key.
    """
    return isinstance(key, str) and key != "" and bool(get_string_set(key))


def ttl_expired(response: Mapping[str, Any]) -> bool:
    """True when the item of a DynamoDB answer has ended. Reads here never answer such an item."""
    expires_at = response.get("Item", {}).get("expiresAt")
    return expires_at is not None and float(expires_at) <= stakeout_state.now()


def kv_table() -> NoReturn:
    """Panther's DynamoDB table, which Stakeout does not have."""
    raise unavailable(
        "kv_table()",
        "Use get_counter, get_string_set, get_dictionary and the other state functions.",
    )
