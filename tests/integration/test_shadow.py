"""POSTERN_SHADOW_UNTIL: what would be refused for want of a right is forwarded without identity, until then and no longer."""

import time

import pytest
from gate import token
from wire import Client, request
from websocket import read_frame

SOON = 4  # seconds until the end: time enough to open a stream on a slow machine
UPGRADE = ["Connection: Upgrade", "Upgrade: websocket"]
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"
ALICE = token("alice")
IDENTITY = ["X-User-Id: bob", "X-User-Role: root", "X-Postern-Override: true"]


def timestamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@pytest.fixture
def start_shadow(start):
    """start_shadow(seconds, NAME=value, ...) gives a gate whose shadow ends in so many seconds."""
    return lambda ends_in, **settings: start(POSTERN_SHADOW_UNTIL=timestamp(int(time.time()) + ends_in), **settings)


SHADOWED = [  # (method, target, token, reason)
    ("GET", "/api/alice/x", None, "no credentials"),
    ("GET", "/api/alice/x", "garbage", None),
    ("GET", "/api/alice/x", token("alice", ttl=-900), "expired"),
    ("GET", "/api/bob/x", token("alice", role="user"), "another user"),
    ("GET", "/admin", token("alice", role="user"), "condition not met"),
    ("GET", "/nowhere", ALICE, "no rule"),
    ("POST", "/api/bob/x", ALICE, "another user"),
]


@pytest.mark.parametrize("method,target,bearer,reason", SHADOWED)
def test_a_refusal_is_forwarded_without_any_identity(start_shadow, upstream, method, target, bearer, reason):
    gate = start_shadow(600, POSTERN_TOKEN_PATHS="/admin role=admin", POSTERN_CLAIM_HEADERS="X-User-Role=role",
                        POSTERN_OVERRIDE="role=root")
    with Client(gate.address) as client:
        assert client.get(target, *IDENTITY, token=bearer, method=method).status == 200
    (seen,) = upstream.requests
    assert [seen.head.all(name) for name in ("X-User-Id", "X-User-Role", "X-Postern-Override")] == [[], [], []]
    # The service goes on checking tokens itself.
    assert seen.head.all("Authorization") == ([f"Bearer {bearer}"] if bearer else [])
    line = gate.wait_for_log(msg="request")
    assert (line["verdict"], line.get("uid"), line["status"]) == ("shadow", None, 200)
    assert line["reason"] != "ok" and reason in (None, line["reason"])


def test_a_right_is_a_right_in_shadow_mode(start_shadow, upstream):
    gate = start_shadow(600)
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", *IDENTITY, token=ALICE).status == 200
    assert upstream.requests[0].head.all("X-User-Id") == ["alice"]
    assert gate.wait_for_log(msg="request")["verdict"] == "forward"


@pytest.mark.parametrize("raw,status", [
    (request("GET", "/api/%2e%2e/x"), 400), (b"GET /x HTTP/1.1\r\n\r\n", 400), (request("CONNECT", "gate:1"), 405),
    (request("POST", "/api/alice/x", "Content-Length: 100"), 413), (request("POST", "/nowhere", "Content-Length: 100", token=ALICE), 413),
])
def test_what_is_malformed_or_too_large_is_refused_as_ever(start_shadow, upstream, raw, status):
    gate = start_shadow(600, POSTERN_MAX_BODY_BYTES="10")
    with Client(gate.address) as client:
        assert client.send(raw).read_response().status == status
    assert upstream.requests == []
    assert gate.wait_for_log(msg="request")["verdict"] == "refuse"


def test_streams_and_websockets_of_the_shadow_end_with_it(start_shadow, upstream):
    def script(connection):
        seen = connection.read_request()
        connection.send(SWITCHING + b"\x81\x05first" if seen.head.one("Upgrade") else CHUNKED)
        connection.read_to_end()

    upstream.script = script
    gate = start_shadow(SOON)
    stream = Client(gate.address).send(request("GET", "/api/alice/events"))
    socket = Client(gate.address).send(request("GET", "/api/alice/ws", *UPGRADE))
    stream.read_until(b"first")
    socket.read_until(b"first")
    assert stream.read_to_end() in (b"", b"\r\n")  # cut, not finished
    assert read_frame(socket).code == 1008
    for client in (stream, socket):
        client.close()
    upstream.wait_until_quiet()
    for path in ("/api/alice/events", "/api/alice/ws"):
        line = gate.wait_for_log(msg="request", path=path)
        assert (line["verdict"], line["reason"]) == ("shadow", "shadow mode ended")


def test_the_end_shuts_the_gate_and_says_so(start_shadow, upstream):
    gate = start_shadow(SOON)
    assert gate.wait_for_log(level="warn", msg="shadow mode: what would be refused is forwarded without identity")["until"]
    with Client(gate.address) as client:
        assert client.get("/api/alice/x").status == 200
    gate.wait_for_log(level="warn", msg="shadow mode is over: refusals are answered")
    with Client(gate.address) as client:
        assert client.get("/api/alice/x").status == 401
        assert client.get("/api/alice/x", token=ALICE).status == 200
    assert gate.wait_for_log(msg="request", status=401)["verdict"] == "refuse"


def test_one_that_is_over_starts_shut(start_shadow, upstream):
    gate = start_shadow(-60)
    gate.wait_for_log(level="warn", msg="shadow mode is over: refusals are answered")
    with Client(gate.address) as client:
        assert client.get("/api/alice/x").status == 401
    assert upstream.requests == []
