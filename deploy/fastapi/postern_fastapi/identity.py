"""Reading the header in which Postern names the verified user."""

from collections.abc import Iterable
from typing import Optional

USER_HEADER = "X-User-Id"
NOT_AUTHENTICATED = "Not authenticated"
CHALLENGE = {"WWW-Authenticate": "Bearer"}

_LONGEST = 128
_VISIBLE_ASCII = range(0x21, 0x7F)


def raw_name(header: str) -> bytes:
    """The header's name as an ASGI server reports it: lower-case bytes."""
    return header.lower().encode("ascii")


def verified_user(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> Optional[str]:
    """The user id in the header called `name`, or None when Postern cannot have written it.

    Postern writes the header exactly once, with 1 to 128 visible ASCII characters. Names are compared as raw
    bytes, so `X_User_Id` is just another header and never stands in for `X-User-Id`.
    """
    values = [value for key, value in headers if key == name]
    if len(values) != 1:
        return None
    value = values[0]
    if not 1 <= len(value) <= _LONGEST or any(byte not in _VISIBLE_ASCII for byte in value):
        return None
    return value.decode("ascii")
