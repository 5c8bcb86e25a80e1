"""The names of the datadog package that rules import, without sending anything.

`initialize` does nothing. Sending a metric or an event raises
`stakeout_unavailable.CapabilityUnavailableError`.
"""

from typing import Any

from stakeout_unavailable import Unreachable

__all__ = ["DogStatsd", "ThreadStats", "api", "initialize", "statsd"]

_INSTEAD = "Send metrics from where alerts are delivered, not from a rule."

api = Unreachable("datadog.api", _INSTEAD)
statsd = Unreachable("datadog.statsd", _INSTEAD)


def initialize(*_arguments: Any, **_options: Any) -> None:
    """Keeps nothing: there is nobody to send to."""


def DogStatsd(*_arguments: Any, **_options: Any) -> Any:
    """A sender of metrics that raises when one is sent."""
    return Unreachable("datadog.DogStatsd()", _INSTEAD)


def ThreadStats(*_arguments: Any, **_options: Any) -> Any:
    """A collector of metrics that raises when it is started or used."""
    return Unreachable("datadog.ThreadStats()", _INSTEAD)
