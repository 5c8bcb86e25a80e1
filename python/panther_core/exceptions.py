"""Errors of the event object."""


class PantherError(Exception):
    """What an event was asked for cannot be answered, such as a path without a data model."""


class UnknownDestinationError(Exception):
    """A rule named a destination that is not configured."""
