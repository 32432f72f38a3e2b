"""Point ids: unsigned numbers or UUIDs, in JSON and in the engine."""

import uuid

from problem import bad_request


def read_id(given):
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return given
    try:
        return uuid.UUID(given)
    except (AttributeError, TypeError, ValueError):
        message = f"value {given} is not a valid point ID, valid values are either an unsigned integer or a UUID"
        raise bad_request(message) from None


def show_id(known):
    return known if isinstance(known, int) else str(known)
