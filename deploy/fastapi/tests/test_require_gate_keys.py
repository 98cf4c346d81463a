"""The middleware with identity keys: nothing passes that Postern did not sign."""

import asyncio
import time
from typing import Any

import pytest

from asgi import http, run
from postern_fastapi import RequireGate
from postern_fastapi.testing import sign_identity

KEY = "identity-key-of-the-tests-0123456789"
OLD = "identity-key-before-that-0123456789-"
PATH = "/api/alice/tasks"
USER = (b"x-user-id", b"alice")
EMPTY = (b"x-user-id", b"")
PREFLIGHT = [(b"origin", b"https://app.test"), (b"access-control-request-method", b"PATCH")]
DIRECT = ["/ready", "/probes/**"]


def signed(uid: str = "", path: str = PATH, method: str = "GET", ago: int = 0, key: str = KEY) -> Any:
    """The headers that Postern adds."""
    at = int(time.time()) - ago
    proof = sign_identity(key, uid=uid, method=method, target=path, request_id="r-1", seconds=at)
    user = [(b"x-user-id", uid.encode())] if uid else []
    return [(b"x-request-id", b"r-1"), *user, (b"x-postern-identity", proof.encode())]


def without(name: bytes, headers: Any) -> Any:
    return [pair for pair in headers if pair[0] != name]


@pytest.mark.parametrize(
    ("method", "path", "headers", "passes", "why"),
    [
        ("GET", PATH, signed("alice"), True, "signed for alice"),
        ("POST", PATH, signed("alice", method="POST"), True, "with any method"),
        ("GET", PATH, [USER], False, "a forged header, straight to the service"),
        ("GET", PATH, [], False, "nothing at all"),
        ("GET", PATH, signed("bob"), True, "whose path it is, is Postern's and the route's business"),
        ("GET", PATH, signed("alice", ago=31), False, "a replay after 31 s"),
        ("GET", PATH, signed("alice", ago=-40), False, "a time in the future"),
        ("GET", PATH, signed("alice", key=OLD), False, "a key that is not ours"),
        ("POST", PATH, signed("alice"), False, "another method"),
        ("GET", "/api/bob/tasks", signed("alice"), False, "another path"),
        ("GET", PATH, [*signed("alice"), USER], False, "the user twice"),
        (
            "GET",
            PATH,
            [*without(b"x-user-id", signed("alice")), (b"x-user-id", b"bob")],
            False,
            "another user",
        ),
        ("GET", PATH, without(b"x-request-id", signed("alice")), False, "no request id"),
        ("GET", PATH, signed(), False, "signed for nobody, where a user is needed"),
        ("GET", PATH, [*signed(), USER], False, "signed for nobody, with a user added"),
        ("GET", "/health", signed(path="/health"), True, "a public path, signed for nobody"),
        ("GET", "/health", signed("alice", path="/health"), True, "or for somebody"),
        ("GET", "/health", [], False, "a public path is not open round the gate"),
        ("GET", "/health", [USER], False, "with a forged user neither"),
        ("GET", "/static/a.css", [], False, "nor is what is below a public prefix"),
        ("OPTIONS", PATH, [*PREFLIGHT, *signed(method="OPTIONS")], True, "a preflight through the gate"),
        ("OPTIONS", PATH, PREFLIGHT, False, "one round the gate"),
        ("GET", "/ready", [], True, "a probe"),
        ("GET", "/probes/live", [], True, "one below a prefix"),
        ("GET", "/readyz", [], False, "whole segments only"),
        ("GET", "/ready", [USER], False, "but nobody becomes somebody there"),
        ("GET", "/ready", [EMPTY], False, "not even with an empty name"),
        ("GET", "/ready", [USER, *signed(path="/ready")], False, "or with nobody's signature"),
        ("GET", "/ready", signed("alice", "/ready"), True, "through the gate somebody may ask"),
        ("GET", "/ready", signed("", "/ready"), True, "and nobody"),
        ("GET", "/ready", signed("", "/ready", ago=99), True, "a bad signature is as good as none there"),
        ("GET", "/ready", signed("alice", "/ready", ago=99), False, "unless it brings a user"),
    ],
)
def test_only_what_postern_signed_reaches_the_application(
    method: str, path: str, headers: Any, passes: bool, why: str
) -> None:
    sent = run(http(path, list(headers), method), keys=[KEY], direct=DIRECT)
    assert sent[0] == {"type": "reached"} if passes else sent[0]["status"] == 401, why


@pytest.mark.parametrize(
    ("path", "headers", "extensions", "types", "why"),
    [
        (PATH, signed("alice"), None, ["reached"], "signed for alice"),
        ("/static/live", signed(path="/static/live"), None, ["reached"], "a public path, signed for nobody"),
        ("/static/live", [], None, ["websocket.close"], "a public path round the gate"),
        (PATH, [USER], None, ["websocket.close"], "a forged header"),
        (PATH, signed("alice", method="POST"), None, ["websocket.close"], "a handshake is a GET"),
        ("/probes/live", [], None, ["reached"], "a direct path"),
        (
            PATH,
            [USER],
            {"websocket.http.response": {}},
            ["websocket.http.response.start", "websocket.http.response.body"],
            "a server that can answer the handshake",
        ),
    ],
)
def test_a_websocket_is_held_to_the_same(
    path: str, headers: Any, extensions: Any, types: list[str], why: str
) -> None:
    scope = {"type": "websocket", "path": path, "headers": list(headers), "extensions": extensions}
    assert [message["type"] for message in run(scope, keys=[KEY], direct=DIRECT)] == types, why


@pytest.mark.parametrize(
    ("keys", "signing", "passes", "why"),
    [
        ([KEY, OLD], KEY, True, "the new key"),
        ([KEY, OLD], OLD, True, "the old one, until it is taken out"),
        ([KEY], OLD, False, "then no more"),
        ([KEY.encode()], KEY, True, "bytes are a key as well"),
    ],
)
def test_a_key_is_replaced_without_a_pause(keys: Any, signing: str, passes: bool, why: str) -> None:
    sent = run(http(PATH, signed("alice", key=signing)), keys=keys)
    assert (sent == [{"type": "reached"}]) == passes, why


@pytest.mark.parametrize(
    ("path", "headers", "passes", "why"),
    [
        ("/ready", [], True, "a direct path is open"),
        (PATH, [USER], True, "the header is believed"),
        (PATH, signed("alice", ago=99), True, "a signature is not looked at"),
        (PATH, signed(), False, "and does not stand in for a user"),
    ],
)
def test_without_keys_the_header_alone_counts(path: str, headers: Any, passes: bool, why: str) -> None:
    sent = run(http(path, list(headers)), direct=DIRECT)
    assert (sent == [{"type": "reached"}]) == passes, why


def test_the_signature_is_over_the_header_of_another_name() -> None:
    renamed = [
        (b"x-verified-user", value) if name == b"x-user-id" else (name, value)
        for name, value in signed("alice")
    ]
    assert run(http(PATH, renamed), keys=[KEY], header="X-Verified-User") == [{"type": "reached"}]
    assert run(http(PATH, signed("alice")), keys=[KEY], header="X-Verified-User")[0]["status"] == 401


def test_a_trailer_that_the_server_adds_later_reaches_no_route() -> None:
    of_the_server = signed(path="/health")
    seen: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        of_the_server.append((b"x-user-id", b"bob"))
        seen.extend(name for name, _ in scope["headers"])

    gate = RequireGate(application, public=["/health"], keys=[KEY])
    asyncio.run(gate(http("/health", of_the_server), None, None))  # type: ignore[arg-type]
    assert seen == [b"x-request-id", b"x-postern-identity"]


@pytest.mark.parametrize(
    ("options", "error", "why"),
    [
        ({"keys": KEY}, TypeError, "one key instead of a list"),
        ({"keys": ["too short"]}, ValueError, "under 32 bytes"),
        ({"direct": "/ready"}, TypeError, "one path instead of a list"),
        ({"direct": ["ready"]}, ValueError, "no leading slash"),
    ],
)
def test_settings_that_mean_nothing_are_an_error_at_start(options: Any, error: Any, why: str) -> None:
    with pytest.raises(error):
        run(http("/x", []), **options)
