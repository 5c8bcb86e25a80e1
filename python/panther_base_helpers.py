"""Functions for rules of any log type, where a repository brings no module of this name."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from ipaddress import ip_address, ip_network
from typing import Any

from stakeout_times import (
    add_parse_delay,
    golang_nanotime_to_python_datetime,
    nano_to_micro,
    panther_nanotime_to_python_datetime,
    resolve_timestamp_string,
    time_delta,
)

__all__ = [
    "EMAIL_REGEX",
    "SEVERITY_LEVELS",
    "PantherUnexpectedAlert",
    "add_parse_delay",
    "aws_strip_role_session_id",
    "deep_get",
    "deep_walk",
    "defang_ioc",
    "get_val_from_list",
    "golang_nanotime_to_python_datetime",
    "ioc_match",
    "is_base64",
    "is_ip_in_network",
    "key_value_list_to_dict",
    "listify",
    "nano_to_micro",
    "panther_nanotime_to_python_datetime",
    "pattern_match",
    "pattern_match_list",
    "resolve_timestamp_string",
    "severity_greater_than",
    "time_delta",
]

EMAIL_REGEX = re.compile(r"[A-Za-z0-9_.+%-]+@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.[A-Za-z]{2,}")
SEVERITY_LEVELS = {"INFO": 0, "LOW": 1, "MEDIUM": 2, "HIGH": 3, "CRITICAL": 4}

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


class PantherUnexpectedAlert(Exception):
    """For rules to raise when an event is not what they were written for."""


def severity_greater_than(sev1: str, sev2: str) -> bool:
    """True when the first severity, in capitals, is above the second. Other words are below all."""
    return SEVERITY_LEVELS.get(sev1, -1) > SEVERITY_LEVELS.get(sev2, -1)


def deep_get(dictionary: Any, *keys: str, default: Any = None) -> Any:
    """The value under keys within keys; `default` where one is missing, and where it is None."""
    value = dictionary
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return default if value is None else value


def deep_walk(obj: Any, *keys: str, default: Any = None, return_val: str = "all") -> Any:
    """The values under keys within keys, through all items of the lists on the way.

    Each value once, in the order found, without None. "first" and "last" answer one of them; "all"
    a list, or a single value by itself; `default` where there is none.
    """
    found = list(_distinct(_walk(obj, keys)))
    if not found:
        return default
    if return_val == "first" or len(found) == 1:
        return found[0]
    return found[-1] if return_val == "last" else found


def _distinct(values: Iterable[Any]) -> Iterable[Any]:
    seen = set()
    # Dictionaries cannot be in a set.
    seen_others: list[Any] = []
    for value in values:
        try:
            is_new = value not in seen
            seen.add(value)
        except TypeError:
            is_new = value not in seen_others
            seen_others.append(value)
        if is_new:
            yield value


def _walk(value: Any, keys: Sequence[str]) -> Iterable[Any]:
    if _is_list(value):
        for item in value:
            yield from _walk(item, keys)
    elif keys:
        if isinstance(value, Mapping):
            yield from _walk(value.get(keys[0]), keys[1:])
    elif value is not None:
        yield value


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def get_val_from_list(
    list_of_dicts: Iterable[Mapping[str, Any]],
    return_field_key: str,
    field_cmp_key: str,
    field_cmp_val: Any,
) -> set[Any]:
    """The values of one field, of those dictionaries that have a given value in another field."""
    return {
        each.get(return_field_key)
        for each in list_of_dicts
        if each.get(field_cmp_key) == field_cmp_val
    }


def key_value_list_to_dict(
    list_objects: Iterable[Mapping[str, Any]], key: str, value: str
) -> dict[Any, Any]:
    """One dictionary of many that each hold a name under `key` and its value under `value`."""
    return {each[key]: each[value] for each in list_objects}


def listify(maybe_list: Any) -> Any:
    """A list, tuple or set as it is; anything else, text and dictionaries too, in a list."""
    is_single = isinstance(maybe_list, str | bytes | Mapping) or not isinstance(
        maybe_list, Iterable
    )
    return [maybe_list] if is_single else maybe_list


def is_ip_in_network(ip_addr: str, networks: str | Iterable[str]) -> bool:
    """True when the address is in one of the networks. Raises ValueError for what is neither."""
    address = ip_address(ip_addr)
    return any(address in ip_network(network) for network in listify(networks))


def pattern_match(string_to_match: str, pattern: str) -> bool:
    """True when the whole text matches a pattern with `*`, `?` and `[…]`."""
    return fnmatch(string_to_match, pattern)


def pattern_match_list(string_to_match: str, patterns: Iterable[str]) -> bool:
    """True when the whole text matches one of the patterns."""
    return any(fnmatch(string_to_match, pattern) for pattern in patterns)


def defang_ioc(ioc: str) -> str:
    """An address that nobody opens by a click: dots in brackets, `hxxp` for `http`."""
    return ioc.replace("http://", "hxxp://").replace("https://", "hxxps://").replace(".", "[.]")


def ioc_match(indicators: str | Iterable[str] | None, known_iocs: Iterable[str]) -> list[str]:
    """Those of the indicators that are known."""
    known = set(known_iocs)
    return [indicator for indicator in listify(indicators or []) if indicator in known]


def is_base64(b64: str, min_length: int = 28) -> str:
    """The text behind base64 of at least so many characters; "" where there is no text."""
    if len(b64) < min_length or not _BASE64.fullmatch(b64):
        return ""
    try:
        decoded = base64.b64decode(b64.rstrip("=") + "=" * (-len(b64.rstrip("=")) % 4))
        # Windows writes two bytes for a character, and the second of most is zero.
        text = decoded.decode("utf-16-le" if b"\x00" in decoded else "utf-8")
    except binascii.Error, UnicodeDecodeError:
        return ""
    return text if all(character.isprintable() or character.isspace() for character in text) else ""


def aws_strip_role_session_id(user_identity_arn: str) -> str:
    """The ARN of an assumed role without the name of the session; another ARN as it is."""
    parts = user_identity_arn.split("/")
    return "/".join(parts[:2]) if ":assumed-role" in parts[0] else user_identity_arn
