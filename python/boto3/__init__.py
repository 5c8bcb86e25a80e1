"""The names of boto3 that rules import, without what needs the network.

Clients, resources and sessions can be made, as helper modules do when they are imported. Calling
an operation raises `stakeout_unavailable.CapabilityUnavailableError`.
"""

from typing import Any

from boto3 import session
from boto3.session import Session

__all__ = ["Session", "client", "resource", "session", "setup_default_session"]

DEFAULT_SESSION: Session | None = None


def setup_default_session(**_options: Any) -> None:
    """Keeps nothing: there is nobody to talk to with these options."""


def client(service_name: str, *_arguments: Any, **_options: Any) -> Any:
    """A client that raises when one of its operations is called."""
    return Session().client(service_name)


def resource(service_name: str, *_arguments: Any, **_options: Any) -> Any:
    """A resource that raises when it or one of its parts is asked to do something."""
    return Session().resource(service_name)
