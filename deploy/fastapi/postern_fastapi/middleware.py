"""A pure ASGI middleware that refuses what did not come through the gate."""

from collections.abc import Iterable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .identity import CHALLENGE, NOT_AUTHENTICATED, USER_HEADER, raw_name, verified_user


class RequireGate:
    """Answers 401 to every request and websocket without exactly one usable identity header.

        app.add_middleware(RequireGate, public=["/health", "/static/**"])

    `public` lists what needs no user: an exact path, or a prefix ending in `/**`. Paths are compared decoded,
    as the server reports them (a root path included), and one trailing slash is ignored. CORS preflights pass
    too, since browsers send them without a token. `header` is what POSTERN_USER_HEADER says.

    What it can do: turn a forgotten dependency, or a service reached round the gate by mistake, into a 401.
    What it cannot do: tell a forged header from a real one. Whoever reaches this service's port directly can
    write any user id into the header, and this class will believe it. Only the network can prevent that: bind
    uvicorn to 127.0.0.1 or to a unix socket, so that Postern is the one way in.
    """

    def __init__(self, app: ASGIApp, public: Iterable[str] = (), header: str = USER_HEADER) -> None:
        if isinstance(public, str):
            raise TypeError(f"public is a list of paths, not the single text {public!r}")
        self.app = app
        self._name = raw_name(header)
        self._exact = set()
        self._below = []
        for path in public:
            prefix = path.removesuffix("/**")
            if not path.startswith("/") or set(prefix) & set("*{}"):
                raise ValueError(f"{path!r} is neither an exact path nor a prefix ending in /**")
            self._exact.add(_without_slash(prefix))
            if prefix != path:
                self._below.append(prefix + "/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not self._may_pass(scope):
            await _refuse(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _may_pass(self, scope: Scope) -> bool:
        if verified_user(scope["headers"], self._name) is not None:
            return True
        return self._is_public(scope["path"]) or _is_preflight(scope)

    def _is_public(self, path: str) -> bool:
        return _without_slash(path) in self._exact or path.startswith(tuple(self._below))


def _without_slash(path: str) -> str:
    return path.removesuffix("/")


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
