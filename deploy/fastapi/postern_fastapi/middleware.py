"""A pure ASGI middleware that refuses what did not come through the gate."""

import logging
import time
from collections.abc import Iterable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .identity import (
    CHALLENGE,
    NOT_AUTHENTICATED,
    OVERRIDE,
    USER_HEADER,
    VOUCHED_FOR,
    Vouched,
    raw_name,
    values_of,
    verified_user,
)
from .paths import Paths
from .signature import Key, Unsigned, usable_keys, verify_signature

_LOG = logging.getLogger("postern_fastapi")
_LONGEST_PATH = 200  # characters that are logged


class RequireGate:
    """Answers 401 to all requests and websockets of nobody, and with `keys` to what Postern did not sign.

        app.add_middleware(RequireGate, public=["/docs/**"], direct=["/health"], keys=identity_keys())

    `public` lists what needs no user: an exact path, or a prefix ending in `/**`. Paths are compared decoded,
    as the server reports them (a root path included), and one trailing slash is ignored. CORS preflights pass
    too, since browsers send them without a token. `header` is what POSTERN_USER_HEADER says.

    `keys` are the identity keys that Postern may sign with (POSTERN_IDENTITY_KEY there). With them every
    request has to carry Postern's signature over its user, method, target and request id, not older than 30
    s; public ones and preflights too. So nobody who reaches this service round the gate can be anybody.
    `direct` lists the paths that may be asked round the gate, such as a kubelet's probes; such a request has
    no user, and one that names a user needs the signature like any other.

    `claims` names the claim headers that the gate writes (POSTERN_CLAIM_HEADERS, which claim_headers() reads),
    all of them: with keys the signature has to cover each that is there.

    Why a request was refused is a warning of the logger `postern_fastapi`; the client learns no more than the 401.

    Without keys a forged header cannot be told from a real one: whoever reaches this service's port directly
    can write any user id into the header, and this class will believe it. Then only the network can prevent
    that.

    Middleware that changes the path or the headers belongs inside of this one: the signature is over what was
    sent.
    """

    def __init__(
        self,
        app: ASGIApp,
        public: Iterable[str] = (),
        header: str = USER_HEADER,
        keys: Iterable[Key] = (),
        direct: Iterable[str] = (),
        claims: Iterable[str] = (),
    ) -> None:
        self.app = app
        self._name = raw_name(header)
        self._public = Paths("public", public)
        self._direct = Paths("direct", direct)
        self._keys = usable_keys(keys)
        if isinstance(claims, str):
            raise TypeError("claims is a list of headers, not a single text")
        self._claims = [raw_name(claim) for claim in claims]
        self._covered = frozenset([self._name, OVERRIDE, *self._claims])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            # What was judged is what routes see: uvicorn's httptools appends trailers to its own list.
            scope["headers"] = list(scope["headers"])
            try:
                self._judge(scope)
            except Unsigned as why:
                method = scope.get("method", "websocket")
                _LOG.warning("refused %s %s: %s", ascii(method), ascii(scope["path"][:_LONGEST_PATH]), why)
                await _refuse(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _judge(self, scope: Scope) -> None:
        """Returns for what may pass, and leaves word of what the signature covers; raises Unsigned for the rest."""
        path = scope["path"]
        if self._keys:
            vouched = Vouched(True, self._covered)
            try:
                user = verify_signature(scope, self._name, self._keys, time.time(), self._claims)
            except Unsigned:
                if path not in self._direct or values_of(scope["headers"], self._name):
                    raise
                user, vouched = "", Vouched(False, self._covered)
            scope[VOUCHED_FOR] = vouched
        else:
            user = verified_user(scope["headers"], self._name) or ""
        if not (user or path in self._public or path in self._direct or _is_preflight(scope)):
            raise Unsigned("no user, and the path is neither public nor direct")


def _is_preflight(scope: Scope) -> bool:
    """What Postern takes for a CORS preflight: OPTIONS, both headers of one, and no body."""
    if scope["type"] != "http" or scope["method"] != "OPTIONS":
        return False
    headers = dict(scope["headers"])
    has_body = b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
    return b"origin" in headers and b"access-control-request-method" in headers and not has_body


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    response = JSONResponse({"detail": NOT_AUTHENTICATED}, 401, {**CHALLENGE, "Cache-Control": "no-store"})
    if scope["type"] == "http":
        await response(scope, receive, send)
    elif "websocket.http.response" in (scope.get("extensions") or {}):
        start = {"status": response.status_code, "headers": response.raw_headers}
        await send({"type": "websocket.http.response.start", **start})
        await send({"type": "websocket.http.response.body", "body": response.body})
    else:
        # Closing before accepting: the server answers the handshake with 403, the only refusal it knows.
        await send({"type": "websocket.close", "code": 1008, "reason": NOT_AUTHENTICATED})
