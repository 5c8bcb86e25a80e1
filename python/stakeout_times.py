"""Times in events: as text in many forms, and what lies between two of them.

Both `panther_base_helpers` and `panther_oss_helpers` have these functions, and a repository may
bring one of the two itself.
"""

import re
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

# The formats that ISO 8601 does not cover; a zone of UTC has been taken off the end before.
_FORMATS = (
    "%d/%b/%Y:%H:%M:%S %z",
    "%d/%b/%Y:%H:%M:%S",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S",
    "%a %b %d %H:%M:%S %Y",
    "%b %d %Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
)
_EPOCH_SECONDS = re.compile(r"\d{9,12}(\.\d+)?")
_EPOCH_MILLISECONDS = re.compile(r"\d{13}")
_UTC_SUFFIX = re.compile(r"\s*(Z|UTC|GMT)$")


def resolve_timestamp_string(timestamp: Any) -> datetime | None:
    """The time that a text means: ISO 8601, an epoch, and what web servers and mail write.

    Without a zone, and in UTC, the answer has no zone; with another zone it has that one. What is
    below the microsecond is cut off. None where there is no text, and for what is no time.
    """
    if not timestamp:
        return None
    text = str(timestamp).strip()
    if _EPOCH_SECONDS.fullmatch(text):
        return _from_epoch(float(text))
    if _EPOCH_MILLISECONDS.fullmatch(text):
        return _from_epoch(int(text) / 1000)
    text = _UTC_SUFFIX.sub("", text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _in_other_formats(text)


def _from_epoch(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _in_other_formats(text: str) -> datetime | None:
    for time_format in _FORMATS:
        try:
            return datetime.strptime(text, time_format)
        except ValueError:
            continue
    return None


def nano_to_micro(time_str: str) -> str:
    """The text of a time with no more than six digits after the second's point."""
    return re.sub(r"(\.\d{6})\d+", r"\1", time_str)


def time_delta(time1: str, time2: str) -> str:
    """How much later `time2` is, as "1 day(s) 2 hour(s)"; with a minus when it is earlier."""
    first, second = resolve_timestamp_string(time1), resolve_timestamp_string(time2)
    if first is None or second is None:
        raise ValueError(f"time_delta needs two times, not {time1!r} and {time2!r}")
    seconds = int((_in_utc(second) - _in_utc(first)).total_seconds())
    minutes, left = divmod(abs(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = {"day(s)": days, "hour(s)": hours, "minute(s)": minutes, "second(s)": left}
    text = (
        " ".join(f"{count} {unit}" for unit, count in parts.items() if count > 0) or "0 second(s)"
    )
    return f"-{text}" if seconds < 0 else text


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


def add_parse_delay(
    event: Mapping[str, Any], context: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Notes as `parseDelay` in an alert context how long after the event it was parsed."""
    context["parseDelay"] = time_delta(event.get("p_event_time"), event.get("p_parse_time"))
    return context


def panther_nanotime_to_python_datetime(panther_time: str) -> datetime:
    """The time in a `p_event_time` with nanoseconds."""
    return datetime.fromisoformat(panther_time)


def golang_nanotime_to_python_datetime(golang_time: str) -> datetime:
    """The time in a text with nanoseconds and a Z; the answer has no zone."""
    return datetime.fromisoformat(golang_time.removesuffix("Z"))
