"""POSTERN_WEBSOCKET_TOKEN=subprotocol: a browser offers `bearer, <token>`; the upstream never sees either of them."""

import json

import pytest
from gate import tampered, token
from wire import Client, ok, request

HANDSHAKE = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"


def accept(selected=None):
    """An upstream that accepts every websocket, with that subprotocol, and echoes."""

    def script(connection):
        while seen := connection.read_request():
            if seen.head.one("Upgrade") is None:
                connection.send(ok())
                continue
            connection.send((SWITCH + (f"Sec-WebSocket-Protocol: {selected}\r\n" if selected else "") + "\r\n").encode())
            while connection.receive_some():
                connection.send(connection.buffer)
                connection.buffer = b""

    return script


def offer(*lists):
    return [f"Sec-WebSocket-Protocol: {text}" for text in lists]


@pytest.fixture
def browser_gate(start):
    return start(POSTERN_WEBSOCKET_TOKEN="subprotocol", POSTERN_PUBLIC_PATHS="/live")


GOOD = [  # (lists offered, what the upstream selects, offered upstream, selected towards the client)
    (["bearer, {token}"], None, [], "bearer"),
    (["bearer,{token}"], None, [], "bearer"),
    (["bearer, {token}, chat, chat.v2"], "chat", ["chat, chat.v2"], "chat"),
    (["chat, bearer, {token}"], "chat", ["chat"], "chat"),
    (["chat, bearer, {token}, chat.v2"], None, ["chat, chat.v2"], "bearer"),
    (["bearer, {token}", "chat"], "chat", ["chat"], "chat"),
    (["chat", "bearer", "{token}"], "chat", ["chat"], "chat"),
]


@pytest.mark.parametrize("lists,selects,seen,selected", GOOD)
def test_the_token_comes_as_a_subprotocol_and_goes_no_further(browser_gate, upstream, lists, selects, seen, selected):
    upstream.script = accept(selects)
    bearer = token("alice")
    with Client(browser_gate.address) as client:
        client.send(request("GET", "/api/alice/ws", *HANDSHAKE, *offer(*(text.format(token=bearer) for text in lists))))
        head = client.read_head()
        assert head.start.split()[1] == b"101", head.raw
        assert head.all("Sec-WebSocket-Protocol") == [selected]
        assert client.send(b"ping").read_exactly(4) == b"ping"
    (got,) = upstream.requests
    assert got.head.all("Sec-WebSocket-Protocol") == seen
    assert got.head.all("X-User-Id") == ["alice"]
    assert bearer.encode() not in got.head.raw and b"bearer" not in got.head.raw.lower()
    assert bearer not in json.dumps(browser_gate.wait_for_log(msg="request", status=101))


ALICE, BOB = token("alice"), token("bob")
BAD = [  # (why, fields, status, detail)
    ("no token behind it", offer("bearer"), 401, "Not authenticated"),
    ("an empty token", offer("bearer, , chat"), 401, "Not authenticated"),
    ("the token alone", offer(ALICE), 401, "Not authenticated"),
    ("the other way round", offer(f"{ALICE}, bearer"), 401, "Not authenticated"),
    ("another spelling", offer(f"Bearer, {ALICE}"), 401, "Not authenticated"),
    ("twice", offer(f"bearer, {ALICE}, bearer, {ALICE}"), 401, "Not authenticated"),
    ("twice, on two lines", offer(f"bearer, {ALICE}", f"bearer, {ALICE}"), 401, "Not authenticated"),
    ("bearer behind bearer", offer(f"bearer, bearer, {ALICE}"), 401, "Not authenticated"),
    ("beside Authorization", [f"Authorization: Bearer {ALICE}", *offer(f"bearer, {ALICE}")], 401, "Not authenticated"),
    ("garbage", offer("bearer, garbage"), 401, "Invalid token"),
    ("tampered", offer(f"bearer, {tampered(ALICE)}"), 401, "Invalid token"),
    ("expired", offer(f"bearer, {token('alice', ttl=-60)}"), 401, "Token expired"),
    ("another user", offer(f"bearer, {BOB}"), 403, "Forbidden"),
]


@pytest.mark.parametrize("why,fields,status,detail", BAD, ids=[row[0] for row in BAD])
def test_a_wrong_offer_opens_no_tunnel(browser_gate, upstream, why, fields, status, detail):
    upstream.script = accept()
    with Client(browser_gate.address) as client:
        client.send(request("GET", "/api/alice/ws", *HANDSHAKE, *fields) + b"\x81\x85\x00\x00\x00\x00hello\r\n\r\n")
        response = client.read_response()
        assert (response.status, json.loads(response.body)) == (status, {"detail": detail})
        assert client.read_response().status == 400
        assert client.is_closed()
    assert upstream.connections == 0


def test_a_header_still_does_and_the_offer_passes(browser_gate, upstream):
    upstream.script = accept("chat")
    with Client(browser_gate.address) as client:
        client.send(request("GET", "/api/alice/ws", *HANDSHAKE, *offer("chat, chat.v2"), token=ALICE))
        assert client.read_head().one("Sec-WebSocket-Protocol") == "chat"
    (got,) = upstream.requests
    assert got.head.all("Sec-WebSocket-Protocol") == ["chat, chat.v2"]


def test_a_public_websocket_loses_the_token_as_well(browser_gate, upstream):
    upstream.script = accept()
    with Client(browser_gate.address) as client:
        client.send(request("GET", "/live", *HANDSHAKE, *offer(f"chat, BEARER, {ALICE}")))
        assert client.read_response().status == 101
    (got,) = upstream.requests
    assert got.head.all("Sec-WebSocket-Protocol") == ["chat"] and got.head.all("X-User-Id") == []


def test_a_request_that_is_no_handshake_cannot_offer_a_token_that_way(browser_gate, upstream):
    upstream.script = accept()
    rows = [("GET", HANDSHAKE[1:]), ("GET", []), ("POST", HANDSHAKE)]
    with Client(browser_gate.address) as client:
        for method, fields in rows:
            client.send(request(method, "/api/alice/ws", *fields, *offer(f"bearer, {ALICE}")))
            assert client.read_response().status == 401
        # Where it is no credential, it stays this side all the same.
        assert client.get("/live", *offer(f"bearer, {ALICE}")).status == 200
    (got,) = upstream.requests
    assert got.head.all("Sec-WebSocket-Protocol") == []


@pytest.mark.parametrize("setting", [None, "header"])
def test_by_default_only_the_header_counts(start, upstream, setting):
    upstream.script = accept("chat")
    gate = start(POSTERN_WEBSOCKET_TOKEN=setting)
    with Client(gate.address) as client:
        client.send(request("GET", "/api/alice/ws", *HANDSHAKE, *offer(f"bearer, {ALICE}")))
        assert client.read_response().status == 401
        client.send(request("GET", "/api/alice/ws", *HANDSHAKE, *offer("chat"), token=ALICE))
        assert client.read_head().one("Sec-WebSocket-Protocol") == "chat"
    assert len(upstream.requests) == 1


def test_a_refused_handshake_selects_nothing(browser_gate, upstream):
    def script(connection):
        while connection.read_request():
            connection.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    upstream.script = script
    with Client(browser_gate.address) as client:
        client.send(request("GET", "/api/alice/ws", *HANDSHAKE, *offer(f"bearer, {ALICE}")))
        response = client.read_response()
    assert response.status == 403 and response.head.one("Sec-WebSocket-Protocol") is None
