"""Sessions: where clients and resources come from."""

from typing import Any

from boto3.unreachable import AwsObject


class Session:
    """Takes any options and needs none."""

    def __init__(self, *_arguments: Any, **options: Any):
        self.region_name = options.get("region_name")
        self.profile_name = options.get("profile_name") or "default"

    def client(self, service_name: str, *_arguments: Any, **_options: Any) -> Any:
        """A client that raises when one of its operations is called."""
        return AwsObject(f'boto3.client("{service_name}")')

    def resource(self, service_name: str, *_arguments: Any, **_options: Any) -> Any:
        """A resource that raises when it or one of its parts is asked to do something."""
        return AwsObject(f'boto3.resource("{service_name}")')

    def get_credentials(self) -> None:
        """None: there are no credentials."""
