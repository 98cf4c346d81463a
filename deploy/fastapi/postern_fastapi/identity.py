"""Reading the fields in which Postern names the verified user and the user's claims."""

from collections.abc import Iterable
from typing import NamedTuple, Optional

USER_HEADER = "X-User-Id"
OVERRIDE_HEADER = "X-Postern-Override"
NOT_AUTHENTICATED = "Not authenticated"
CHALLENGE = {"WWW-Authenticate": "Bearer"}

OVERRIDE = OVERRIDE_HEADER.lower().encode()
# Where RequireGate leaves word for the dependencies behind it. No field of a request can get there.
VOUCHED_FOR = "postern_fastapi.vouched_for"

_LONGEST = 128
_VISIBLE_ASCII = range(0x21, 0x7F)
_PRINTABLE_ASCII = range(0x20, 0x7F)
_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")  # RFC 9110 5.6.2, in lower case


class Vouched(NamedTuple):
    """What a RequireGate with keys knows of a request that it let pass."""

    signed: bool  # False: asked round the gate on a path that may be; nothing in it is Postern's word
    names: frozenset[bytes]  # the fields that a signature covers, in lower case


def raw_name(header: str) -> bytes:
    """The header's name as an ASGI server reports it: lower-case bytes."""
    name = header.lower().encode("ascii")
    if not name or not _TOKEN.issuperset(name):
        raise ValueError(f"{header!r} is no name of a header")
    return name


def verified_user(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> Optional[str]:
    """The user id in the header called `name`, or None when Postern cannot have written it.

    Postern writes the header exactly once, with 1 to 128 visible ASCII characters. Names are compared as raw
    bytes, so `X_User_Id` is just another header and never stands in for `X-User-Id`.
    """
    value = only_value(headers, name)
    if value is None or not 1 <= len(value) <= _LONGEST or any(byte not in _VISIBLE_ASCII for byte in value):
        return None
    return value.decode("ascii")


def claim_text(value: bytes) -> Optional[str]:
    """The text of a claim header, or None when Postern cannot have written it."""
    if not value or value != value.strip(b" ") or any(byte not in _PRINTABLE_ASCII for byte in value):
        return None
    return value.decode("ascii")


def values_of(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]


def only_value(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> Optional[bytes]:
    values = values_of(headers, name)
    return values[0] if len(values) == 1 else None
