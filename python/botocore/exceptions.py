"""Exceptions for `except` clauses, and for mocks to raise. Nothing here raises them."""

from collections.abc import Mapping
from typing import Any


class BotoCoreError(Exception):
    """What all but ClientError have in common. The options are kept and shown."""

    def __init__(self, **options: Any):
        super().__init__(
            ", ".join(f"{name}: {value}" for name, value in options.items()) or type(self).__name__
        )
        self.kwargs = options


class ClientError(Exception):
    """An answer of a service that says no: `response["Error"]["Code"]` says which."""

    def __init__(self, error_response: Mapping[str, Any], operation_name: str):
        error = error_response.get("Error", {})
        super().__init__(
            f"An error occurred ({error.get('Code', 'Unknown')}) when calling the {operation_name} "
            f"operation: {error.get('Message', 'Unknown')}"
        )
        self.response = error_response
        self.operation_name = operation_name


class DataNotFoundError(BotoCoreError):
    pass


class UnknownServiceError(DataNotFoundError):
    pass


class ProfileNotFound(BotoCoreError):
    pass


class NoRegionError(BotoCoreError):
    pass


class NoCredentialsError(BotoCoreError):
    pass


class PartialCredentialsError(BotoCoreError):
    pass


class CredentialRetrievalError(BotoCoreError):
    pass


class ParamValidationError(BotoCoreError):
    pass


class PaginationError(BotoCoreError):
    pass


class WaiterError(BotoCoreError):
    pass


class HTTPClientError(BotoCoreError):
    pass


class ConnectionError(BotoCoreError):
    pass


class EndpointConnectionError(ConnectionError):
    pass


class SSLError(ConnectionError, HTTPClientError):
    pass


class ConnectionClosedError(HTTPClientError):
    pass


class ConnectTimeoutError(ConnectionError):
    pass


class ReadTimeoutError(HTTPClientError):
    pass
