"""X-Postern-Identity: by it a service knows that Postern, and nobody else, wrote a request's identity.

The field is `v1.<unix seconds>.<MAC>`: 43 characters of base64url for the HMAC-SHA256, under the key that
Postern and the service share, of six lines: `postern-identity-v1`, the seconds, the uid (empty without one),
the method, the target as it was sent, and the X-Request-Id. The body is not covered.

A gate that writes claim headers or knows overrides begins with `v2` and `postern-identity-v2`. It adds a line for
X-Postern-Override (`true`, or empty without it) and a line `name:value` for each claim header that it sent, the
names in lower case and in their order. So the service has to know which claim headers the gate writes.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from typing import Optional, Union
from urllib.parse import quote

from starlette.types import Scope

from .identity import OVERRIDE, only_value, values_of, verified_user

IDENTITY_HEADER = "X-Postern-Identity"
REQUEST_ID_HEADER = "X-Request-Id"
SHORTEST_KEY = 32
WINDOW = 30  # seconds that a signature is good for, and that the two clocks may differ

Key = Union[str, bytes, bytearray]

_IDENTITY = IDENTITY_HEADER.lower().encode()
_REQUEST_ID = REQUEST_ID_HEADER.lower().encode()
# One spelling for each moment and each MAC. Bytes, because the digits of other scripts are no digits here.
_FORM = re.compile(rb"v(?P<version>[12])\.(?P<seconds>0|[1-9][0-9]{0,14})\.[A-Za-z0-9_-]{43}")
# RFC 3986 allows these in a path as they are; `quote` adds letters, digits and `-._~`.
_PLAIN_IN_PATHS = "/:@!$&'()*+,;="


def usable_keys(keys: Iterable[Key]) -> tuple[bytes, ...]:
    """The keys as bytes; text counts as UTF-8, and nothing is stripped or decoded."""
    if isinstance(keys, (str, bytes, bytearray)):
        raise TypeError("keys is a list of keys, not a single one")
    found = tuple(_bytes_of(key) for key in keys)
    for position, key in enumerate(found, 1):
        if len(key) < SHORTEST_KEY:
            raise ValueError(f"identity key {position} has {len(key)} bytes and needs {SHORTEST_KEY}")
    return found


def _bytes_of(key: Key) -> bytes:
    # Not bytes(key) of whatever comes: of a number that would be so many zeros.
    if not isinstance(key, (str, bytes, bytearray)):
        raise TypeError("a key is text or bytes")
    return key.encode() if isinstance(key, str) else bytes(key)


def sign(
    key: bytes,
    seconds: int,
    uid: str,
    method: str,
    target: bytes,
    request_id: bytes,
    more: Optional[Sequence[bytes]] = None,
) -> bytes:
    """The value that Postern gives X-Postern-Identity for such a request; `more` are the further lines of v2."""
    return _value(key, b"%d" % seconds, uid, method, target, request_id, more)


class Unsigned(Exception):
    """Postern did not sign the request; the text says why, for the log, and holds nothing of the request."""


def signed_user(
    scope: Scope, name: bytes, keys: Sequence[bytes], now: float, claims: Sequence[bytes] = ()
) -> Optional[str]:
    """As verify_signature(), but None when Postern did not sign the request."""
    try:
        return verify_signature(scope, name, keys, now, claims)
    except Unsigned:
        return None


def verify_signature(
    scope: Scope, name: bytes, keys: Sequence[bytes], now: float, claims: Sequence[bytes] = ()
) -> str:
    """The uid that Postern signed for the request, "" for one without identity. Raises Unsigned when Postern did
    not sign it.

    `scope` is that of an HTTP request or a websocket, `name` the identity header's lower-case name. Any of
    the `keys` will do, so that a key can be replaced without a pause. `claims` are the lower-case names of the
    claim headers that the gate writes; one that it did not sign is nobody's word.
    """
    headers = scope["headers"]
    proof = _only(headers, IDENTITY_HEADER, _IDENTITY)
    request_id = _only(headers, REQUEST_ID_HEADER, _REQUEST_ID)
    form = _FORM.fullmatch(proof)
    if form is None:
        raise Unsigned(f"{IDENTITY_HEADER} is not written as Postern writes it")
    age = int(now) - int(form["seconds"])
    if abs(now - int(form["seconds"])) > WINDOW:
        raise Unsigned(f"the signature is {age} s old, and good for {WINDOW}: sent again, or the clocks differ")
    user = verified_user(headers, name)
    if user is None and values_of(headers, name):
        raise Unsigned("the user's header is there twice, or not as Postern writes it")
    uid = user or ""
    covered = _covered(headers, claims)
    if form["version"] == b"1" and covered != [b""]:
        raise Unsigned("claim headers or an override under a signature that covers none of them")
    more = covered if form["version"] == b"2" else None
    method = "GET" if scope["type"] == "websocket" else scope["method"]
    for target in _targets(scope):
        for key in keys:
            if hmac.compare_digest(_value(key, form["seconds"], uid, method, target, request_id, more), proof):
                return uid
    raise Unsigned(
        "the signature is another key's, or for another user, method, path, query or request id"
        + (", or other claim headers than Postern writes are expected" if more is not None else "")
    )


def _value(
    key: bytes,
    seconds: bytes,
    uid: str,
    method: str,
    target: bytes,
    request_id: bytes,
    more: Optional[Sequence[bytes]] = None,
) -> bytes:
    version = b"v1" if more is None else b"v2"
    lines = [b"postern-identity-" + version, seconds, uid.encode(), method.encode(), target, request_id]
    mac = hmac.new(key, b"\n".join([*lines, *(more or ())]), hashlib.sha256).digest()
    return version + b"." + seconds + b"." + urlsafe_b64encode(mac).rstrip(b"=")


def _covered(headers: Iterable[tuple[bytes, bytes]], claims: Sequence[bytes]) -> list[bytes]:
    """The further lines of version 2 for these headers; Unsigned when the gate cannot have written them."""
    found = list(headers)
    overrides = values_of(found, OVERRIDE)
    if overrides not in ([], [b"true"]):
        raise Unsigned("an override that Postern cannot have written")
    lines = [b"true" if overrides else b""]
    for name in sorted(set(claims)):
        values = values_of(found, name)
        if len(values) > 1 or any(b"\n" in value for value in values):
            raise Unsigned("a claim header that Postern cannot have written")
        lines += [name + b":" + value for value in values]
    return lines


def _only(headers: Iterable[tuple[bytes, bytes]], header: str, name: bytes) -> bytes:
    value = only_value(headers, name)
    if value is None:
        raise Unsigned(f"{header} is there twice" if values_of(headers, name) else f"no {header}")
    return value


def _targets(scope: Scope) -> Iterator[bytes]:
    """What the request line may have said.

    `raw_path` is the path as sent. Since 0.26 uvicorn puts its `--root-path` in front of it, while the root
    path of an application or a mount stands in the scope only; a scope does not say which, so both are tried.
    Either way a signature is good for its own user alone.
    """
    path = _raw_path(scope)
    query = scope.get("query_string") or b""
    suffix = b"?" + query if query else b""
    yield path + suffix
    # Newer Starlette keeps the server's root path here when a mount has made it longer.
    root = scope.get("app_root_path", scope.get("root_path", "")).encode()
    below = path[len(root) :]
    if root and path.startswith(root) and below.startswith(b"/"):
        yield below + suffix


def _raw_path(scope: Scope) -> bytes:
    """The path as sent, without the query.

    Servers differ: uvicorn 0.17 gives a websocket's as text, the TestClient of older Starlette adds the
    query, and ASGI lets a server leave it out. Then the decoded path is encoded again, with only what RFC
    3986 allows left plain: right for what clients commonly send, and a refusal for those who encode more than
    they need to.
    """
    raw = scope.get("raw_path")
    if raw is None:
        return quote(scope["path"], safe=_PLAIN_IN_PATHS).encode()
    if isinstance(raw, str):
        raw = raw.encode("utf-8", "surrogateescape")
    path: bytes = raw.partition(b"?")[0]
    return path
