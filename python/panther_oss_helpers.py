"""What older rules import from here: state functions, times, places, Panther's own look-ups."""

from collections.abc import Mapping
from math import asin, cos, radians, sin, sqrt
from typing import Any, NoReturn

from panther_detection_helpers.caching import (
    add_to_string_set,
    check_account_age,
    evaluate_threshold,
    get_counter,
    get_dictionary,
    get_string_set,
    increment_counter,
    kv_table,
    put_dictionary,
    put_string_set,
    remove_from_string_set,
    reset_counter,
    reset_string_set,
    set_key_expiration,
    ttl_expired,
)
from stakeout_times import add_parse_delay, nano_to_micro, resolve_timestamp_string, time_delta
from stakeout_unavailable import unavailable

__all__ = [
    "BadLookup",
    "PantherBadInput",
    "add_parse_delay",
    "add_to_string_set",
    "check_account_age",
    "evaluate_threshold",
    "geoinfo_from_ip",
    "geoinfo_from_ip_formatted",
    "get_counter",
    "get_dictionary",
    "get_s3_arn_by_name",
    "get_string_set",
    "increment_counter",
    "km_between_ipinfo_loc",
    "kv_table",
    "nano_to_micro",
    "put_dictionary",
    "put_string_set",
    "remove_from_string_set",
    "reset_counter",
    "reset_string_set",
    "resolve_timestamp_string",
    "resource_lookup",
    "resource_table",
    "s3_lookup_by_name",
    "set_key_expiration",
    "time_delta",
    "ttl_expired",
]

_EARTH_RADIUS_KM = 6372.795477598


class BadLookup(Exception):
    """A resource that was looked up does not exist."""


class PantherBadInput(Exception):
    """A look-up was asked for something that cannot be looked up."""


def km_between_ipinfo_loc(
    ipinfo_loc_one: Mapping[str, Any], ipinfo_loc_two: Mapping[str, Any]
) -> float | None:
    """Kilometres between two places, from their `lat` and `lng` in degrees; None without these."""
    places = [
        place.get(name) for place in (ipinfo_loc_one, ipinfo_loc_two) for name in ("lat", "lng")
    ]
    if any(degrees is None for degrees in places):
        return None
    lat_one, lng_one, lat_two, lng_two = (radians(float(degrees)) for degrees in places)
    chord = (
        sin((lat_two - lat_one) / 2) ** 2
        + cos(lat_one) * cos(lat_two) * sin((lng_two - lng_one) / 2) ** 2
    )
    # Rounding may lead beyond 1 for opposite places.
    return 2 * _EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))


def geoinfo_from_ip(ip: str) -> NoReturn:
    """Where an address is, from a service on the internet: not here."""
    raise unavailable(
        "geoinfo_from_ip()",
        "Use a lookup table of places, which adds them to events as p_enrichment.",
    )


def geoinfo_from_ip_formatted(ip: str) -> NoReturn:
    """The same as text: not here."""
    raise unavailable(
        "geoinfo_from_ip_formatted()",
        "Use a lookup table of places, which adds them to events as p_enrichment.",
    )


def get_s3_arn_by_name(name: str) -> str:
    """The ARN of an S3 bucket."""
    if name == "":
        raise PantherBadInput("The name of a bucket must not be empty")
    return f"arn:aws:s3:::{name}"


def s3_lookup_by_name(name: str) -> NoReturn:
    """What Panther's scan knows of an S3 bucket: not here."""
    resource_lookup(get_s3_arn_by_name(name))


def resource_lookup(resource_id: str) -> NoReturn:
    """What Panther's scan knows of a resource: not here."""
    if resource_id == "":
        raise PantherBadInput("The id of a resource must not be empty")
    raise unavailable("resource_lookup()", "Use a lookup table of the resources.")


def resource_table() -> NoReturn:
    """Panther's table of resources, which Stakeout does not have."""
    raise unavailable("resource_table()", "Use a lookup table of the resources.")
