"""Settings of clients, which have no effect here."""

from typing import Any


class Config:
    """Keeps what it is given as attributes."""

    def __init__(self, *_arguments: Any, **options: Any):
        for name, value in options.items():
            setattr(self, name, value)
