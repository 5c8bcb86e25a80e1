"""What rules may import but not use: everything that needs the network or an account somewhere."""

from typing import Any


class CapabilityUnavailableError(NotImplementedError):
    """A rule used something that needs what Python rules do not have in Stakeout."""


def unavailable(what: str, instead: str) -> CapabilityUnavailableError:
    """The error for using `what`; `instead` says what to do, in whole sentences."""
    return CapabilityUnavailableError(
        f"{what} needs the network, which Python rules do not have in Stakeout. {instead}"
    )


class Unreachable:
    """Stands for an object that talks to a service: can be looked at, but not called."""

    def __init__(self, path: str, instead: str):
        self._path = path
        self._instead = instead

    def __getattr__(self, name: str) -> Any:
        # Python asks for names of its own when something is copied; those are not the service's.
        if name.startswith("_"):
            raise AttributeError(name)
        return type(self)(f"{self._path}.{name}", self._instead)

    def __call__(self, *_arguments: Any, **_options: Any) -> Any:
        raise unavailable(f"{self._path}()", self._instead)

    def __repr__(self) -> str:
        return f"<{self._path}: no network>"
