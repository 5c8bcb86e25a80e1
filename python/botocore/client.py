"""Names that some modules import from here for annotations."""

from botocore.config import Config

__all__ = ["BaseClient", "Config"]


class BaseClient:
    """The class of clients."""
