"""The middleware: which requests reach the application behind it."""

import json
from typing import Any

import pytest

from asgi import http, run

USER = (b"x-user-id", b"alice")
OTHER = (b"x-user-id", b"bob")
ORIGIN = (b"origin", b"https://app.test")
ASKS = (b"access-control-request-method", b"PATCH")


@pytest.mark.parametrize(
    ("method", "path", "headers", "passes", "why"),
    [
        ("GET", "/api/alice/tasks", [USER], True, "one identity header"),
        ("GET", "/not/a/route", [USER], True, "routing is the application's business"),
        ("GET", "/api/alice/tasks", [], False, "no identity header"),
        ("GET", "/api/alice/tasks", [USER, OTHER], False, "two of them"),
        ("GET", "/api/alice/tasks", [USER, USER], False, "two that agree"),
        ("GET", "/api/alice/tasks", [(b"x-user-id", b"")], False, "an empty one"),
        ("GET", "/api/alice/tasks", [(b"x_user_id", b"alice")], False, "underscores are another header"),
        ("GET", "/api/alice/tasks", [USER, (b"x_user_id", b"bob")], True, "and do not disturb the real one"),
        ("GET", "/api/alice/tasks", [(b"authorization", b"Bearer t")], False, "the token is not looked at"),
        ("GET", "/health", [], True, "an exact public path"),
        ("GET", "/health/", [], True, "one trailing slash is ignored"),
        ("GET", "/health//", [], False, "two are not"),
        ("GET", "/health/deep", [], False, "nothing below an exact path"),
        ("GET", "/healthy", [], False, "a longer name"),
        ("GET", "/Health", [], False, "paths are case-sensitive"),
        ("GET", "/static", [], True, "a prefix includes itself"),
        ("GET", "/static/css/a.css", [], True, "and all below it"),
        ("GET", "/statics", [], False, "but whole segments only"),
        ("GET", "/api/static/x", [], False, "and only from the start"),
        ("GET", "/", [], False, "the root is not public by itself"),
        ("OPTIONS", "/api/alice/tasks", [ORIGIN, ASKS], True, "a CORS preflight"),
        (
            "OPTIONS",
            "/api/alice/tasks",
            [ORIGIN, ASKS, (b"content-length", b"0")],
            True,
            "with a length of none",
        ),
        ("OPTIONS", "/api/alice/tasks", [ORIGIN, ASKS, (b"content-length", b"2")], False, "a body"),
        ("OPTIONS", "/api/alice/tasks", [ORIGIN, ASKS, (b"transfer-encoding", b"chunked")], False, "a body"),
        ("OPTIONS", "/api/alice/tasks", [ORIGIN], False, "an ordinary OPTIONS"),
        ("OPTIONS", "/api/alice/tasks", [ASKS], False, "an ordinary OPTIONS"),
        ("GET", "/api/alice/tasks", [ORIGIN, ASKS], False, "a preflight is an OPTIONS"),
    ],
)
def test_only_requests_of_the_gate_reach_the_application(
    method: str, path: str, headers: Any, passes: bool, why: str
) -> None:
    assert (run(http(path, headers, method)) == [{"type": "reached"}]) == passes, why


def test_a_refusal_is_a_401_in_the_shape_of_fastapi() -> None:
    start, body = run(http("/api/alice/tasks", []))
    assert start["status"] == 401
    headers = dict(start["headers"])
    assert headers[b"www-authenticate"] == b"Bearer"
    assert headers[b"content-type"] == b"application/json"
    assert headers[b"cache-control"] == b"no-store"
    assert json.loads(body["body"]) == {"detail": "Not authenticated"}


@pytest.mark.parametrize(
    ("path", "headers", "extensions", "types", "why"),
    [
        ("/api/alice/live", [USER], None, ["reached"], "one identity header"),
        ("/static/live", [], None, ["reached"], "a public path"),
        ("/api/alice/live", [], None, ["websocket.close"], "a server that can only close"),
        ("/api/alice/live", [ORIGIN, ASKS], None, ["websocket.close"], "a websocket is never a preflight"),
        (
            "/api/alice/live",
            [USER, OTHER],
            {"websocket.http.response": {}},
            ["websocket.http.response.start", "websocket.http.response.body"],
            "a server that can answer the handshake",
        ),
    ],
)
def test_websockets_are_refused_before_they_open(
    path: str, headers: Any, extensions: Any, types: list[str], why: str
) -> None:
    scope = {"type": "websocket", "path": path, "headers": headers, "extensions": extensions}
    assert [message["type"] for message in run(scope)] == types, why


def test_start_and_stop_events_pass() -> None:
    assert run({"type": "lifespan"}) == [{"type": "reached"}]


def test_the_header_can_have_another_name() -> None:
    verified = (b"x-verified-user", b"alice")
    assert run(http("/x", [verified]), header="X-Verified-User") == [{"type": "reached"}]
    assert run(http("/x", [USER]), header="X-Verified-User")[0]["status"] == 401


@pytest.mark.parametrize(
    ("public", "error", "why"),
    [
        ("/health", TypeError, "one text instead of a list would be read letter by letter"),
        (["health"], ValueError, "no leading slash"),
        ([""], ValueError, "empty"),
        (["**"], ValueError, "no leading slash"),
        (["/static/*"], ValueError, "only /** is a pattern"),
        (["/static**"], ValueError, "not a whole segment"),
        (["/a/**/b"], ValueError, "not at the end"),
        (["/api/{user_id}/avatar"], ValueError, "templates are Postern's"),
    ],
)
def test_a_public_path_that_means_nothing_is_an_error_at_start(public: Any, error: Any, why: str) -> None:
    with pytest.raises(error):
        run(http("/x", []), public=public)
