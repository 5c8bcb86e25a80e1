"""Conditions of a query. They can be combined and handed on; the query that they are for raises."""

from typing import Any


class Condition:
    """A condition on an attribute, which nobody will look at."""

    def __init__(self, name: str):
        self.name = name

    def _condition(self, *_values: Any) -> Condition:
        return Condition(self.name)

    eq = ne = lt = lte = gt = gte = is_in = between = _condition
    begins_with = contains = exists = not_exists = attribute_type = size = _condition
    __and__ = __or__ = __invert__ = _condition


class Attr(Condition):
    """A condition on any attribute."""


class Key(Condition):
    """A condition on a key."""
