"""What stands for the clients and resources of boto3."""

from typing import Any

from botocore.exceptions import ClientError
from stakeout_unavailable import Unreachable

_INSTEAD = (
    "Bring the data along as a lookup table or keep it in the state; in tests of the rule, mock "
    "the function that makes this call."
)

# With boto3 these only make an object; the request comes when that is used.
_MAKERS = frozenset({"get_paginator", "get_waiter"})


class AwsObject(Unreachable):
    """A client, a resource, a part or an operation of one."""

    def __init__(self, path: str, instead: str = _INSTEAD):
        super().__init__(path, instead)

    def __getattr__(self, name: str) -> Any:
        return ClientExceptions() if name == "exceptions" else super().__getattr__(name)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        name = self._path.rpartition(".")[2]
        # boto3's classes begin with a capital: Table("name") makes an object and sends nothing.
        if name in _MAKERS or name[:1].isupper():
            return AwsObject(f"{self._path}()")
        return super().__call__(*arguments, **options)


class ClientExceptions:
    """`client.exceptions`: each name is an exception that nothing raises, for `except` clauses."""

    def __getattr__(self, name: str) -> type[ClientError]:
        if name.startswith("_"):
            raise AttributeError(name)
        return type(name, (ClientError,), {})
