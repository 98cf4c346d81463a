"""Websockets: a request like any other until the upstream's 101, a tunnel of bytes from then on, and never without it."""

import asyncio

import pytest
import websockets
from gate import token
from websocket import library_headers
from wire import Client, ok, request

UPGRADE = ["Connection: Upgrade", "Upgrade: websocket"]
HANDSHAKE = [*UPGRADE, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
SWITCH = ["Connection: upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]


def handshake(*fields, bearer=None, path="/api/alice/ws", method="GET"):
    return request(method, path, *HANDSHAKE, *fields, token=bearer)


def switching(*fields):
    return "\r\n".join(["HTTP/1.1 101 Switching Protocols", *(fields or SWITCH), "", ""]).encode()


def echo(connection):
    """Accepts the websocket, and sends back what it gets until the end."""
    connection.read_request()
    connection.send(switching())
    while connection.receive_some():
        connection.send(connection.buffer)
        connection.buffer = b""


def test_bytes_go_both_ways_from_the_first_one_on(gate, upstream):
    def script(connection):
        connection.read_request()
        connection.send(switching() + b"\x81\x05first")
        assert connection.read_exactly(7) == b"\x81\x85early"
        connection.send(b"\x00\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        assert connection.read_exactly(300_000) == bytes(range(250)) * 1200
        connection.send(bytes(range(240)) * 2500)

    upstream.script = script
    with Client(gate.address) as client:
        client.send(handshake("Cookie: a=b", bearer=token("alice")) + b"\x81\x85early")
        head = client.read_head()
        assert head.start == b"HTTP/1.1 101 Switching Protocols"
        assert (head.one("Connection"), head.one("Upgrade").lower()) == ("Upgrade", "websocket")
        assert head.one("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        assert head.one("X-Request-Id") and head.one("Content-Length") is None and head.one("Transfer-Encoding") is None
        assert client.read_exactly(7) == b"\x81\x05first"
        assert client.read_exactly(21) == b"\x00\r\n\r\nGET / HTTP/1.1\r\n"
        assert client.read_exactly(2) == b"\r\n"
        client.send(bytes(range(250)) * 1200)
        assert client.read_exactly(600_000) == bytes(range(240)) * 2500
        assert client.is_closed()
    (seen,) = upstream.requests
    assert (seen.head.one("Connection"), seen.head.one("Upgrade")) == ("Upgrade", "websocket")
    assert (seen.head.one("X-User-Id"), seen.head.one("Sec-WebSocket-Version"), seen.head.one("Cookie")) == ("alice", "13", "a=b")
    entry = gate.wait_for_log(msg="request", status=101)
    assert (entry["bytes_in"], entry["bytes_out"]) == (300_007, 600_030)


def test_a_client_that_has_no_more_to_say_still_listens(gate, upstream):
    def script(connection):
        connection.read_request()
        connection.send(switching())
        connection.send(b"got " + connection.read_to_end())

    upstream.script = script
    with Client(gate.address) as client:
        client.send(handshake(bearer=token("alice"))).read_head()
        client.send(b"all").finish_sending()
        assert client.read_to_end() == b"got all"


def test_an_upstream_that_has_no_more_to_say_still_listens(gate, upstream):
    heard = []

    def script(connection):
        connection.read_request()
        connection.send(switching() + b"bye").finish_sending()
        heard.append(connection.read_to_end())

    upstream.script = script
    with Client(gate.address) as client:
        client.send(handshake(bearer=token("alice"))).read_head()
        assert client.read_to_end() == b"bye"
        client.send(b"still here")
    upstream.wait_until_quiet()
    assert heard == [b"still here"]


@pytest.mark.parametrize("who", ["client", "upstream"])
def test_an_end_that_breaks_takes_the_other_with_it(gate, upstream, who):
    def script(connection):
        connection.read_request()
        connection.send(switching() + b"hello")
        connection.read_exactly(5)
        connection.reset() if who == "upstream" else connection.read_to_end()

    upstream.script = script
    with Client(gate.address) as client:
        client.send(handshake(bearer=token("alice"))).read_head()
        assert client.read_exactly(5) == b"hello"
        client.send(b"hello")
        client.reset() if who == "client" else client.read_to_end()
        upstream.wait_until_quiet()


REFUSALS = ["200 OK", "400 Bad Request", "403 Forbidden", "426 Upgrade Required"]


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refused_handshake_stays_http(gate, upstream, status):
    def script(connection):
        connection.read_request()
        connection.send(f"HTTP/1.1 {status}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nno".encode())
        while connection.read_request():
            connection.send(ok())

    upstream.script = script
    behind = [handshake(bearer=token("alice")), request("GET", "/api/alice/y", token=token("alice")),
              request("GET", "/api/bob/y", token=token("alice")), b"\x81\x85\x00\x00\x00\x00hello\r\n\r\n"]
    with Client(gate.address) as client:
        client.send(b"".join(behind))
        answers = [client.read_response() for _ in behind]
        assert [answer.status for answer in answers] == [int(status[:3]), 200, 403, 400]
        assert answers[0].body == b"no"
        assert client.is_closed()
    assert [seen.target for seen in upstream.requests] == ["/api/alice/ws", "/api/alice/y"]


UNASKED = [  # (why, request, the head of a 101 that must not open a tunnel)
    ("no Upgrade", handshake, ["Connection: Upgrade"]),
    ("no Connection", handshake, ["Upgrade: websocket"]),
    ("other Connection", handshake, ["Connection: close", "Upgrade: websocket"]),
    ("another protocol", handshake, ["Connection: Upgrade", "Upgrade: h2c"]),
    ("two protocols", handshake, ["Connection: Upgrade", "Upgrade: websocket, h2c"]),
    ("a length", handshake, [*SWITCH, "Content-Length: 5"]),
    ("chunked", handshake, [*SWITCH, "Transfer-Encoding: chunked"]),
    ("no handshake", lambda bearer: request("GET", "/api/alice/ws", token=bearer), SWITCH),
    ("POST", lambda bearer: request("POST", "/api/alice/ws", *UPGRADE, token=bearer), SWITCH),
    ("h2c", lambda bearer: request("GET", "/api/alice/ws", "Connection: Upgrade", "Upgrade: h2c", token=bearer),
     ["Connection: Upgrade", "Upgrade: h2c"]),
]


@pytest.mark.parametrize("why,ask,fields", UNASKED, ids=[row[0] for row in UNASKED])
def test_a_101_that_nobody_asked_for_is_502_and_no_tunnel(gate, upstream, why, ask, fields):
    behind = []

    def script(connection):
        connection.read_request()
        connection.send(switching(*fields) + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        behind.append(connection.read_to_end())

    upstream.script = script
    with Client(gate.address) as client:
        client.send(ask(bearer=token("alice")))
        assert client.read_response().status == 502
        client.send(request("GET", "/api/bob/x", token=token("alice")))
        assert client.read_response().status == 403
    upstream.wait_until_quiet()
    assert behind == [b""]
    assert gate.wait_for_log(msg="request", status=502)["reason"] == "malformed upstream response"


OTHERS = [  # (why, method, fields)
    ("h2c", "GET", ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"]),
    ("two protocols", "GET", ["Connection: Upgrade", "Upgrade: websocket, h2c"]),
    ("two fields", "GET", ["Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c"]),
    ("two fields, the other first", "GET", ["Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket"]),
    ("a version", "GET", ["Connection: Upgrade", "Upgrade: websocket/13"]),
    ("TLS", "OPTIONS", ["Connection: Upgrade", "Upgrade: TLS/1.0"]),
    ("not nominated", "GET", ["Upgrade: websocket"]),
    ("no protocol", "GET", ["Connection: Upgrade"]),
    ("POST", "POST", UPGRADE),
    ("HEAD", "HEAD", UPGRADE),
]


@pytest.mark.parametrize("why,method,fields", OTHERS, ids=[row[0] for row in OTHERS])
def test_no_other_upgrade_reaches_the_upstream(gate, upstream, why, method, fields):
    def script(connection):
        while seen := connection.read_request():
            connection.send(ok(b"" if seen.method == "HEAD" else b"ok"))

    upstream.script = script
    with Client(gate.address) as client:
        for _ in range(2):
            assert client.get("/api/alice/ws", *fields, token=token("alice"), method=method).status == 200
    for seen in upstream.requests:
        assert not {"upgrade", "connection", "http2-settings"} & set(seen.head.names())


DECISIONS = [("/api/alice/ws", None, 401), ("/api/alice/ws", token("alice", ttl=-60), 401), ("/api/alice/ws", token("bob"), 403),
             ("/elsewhere", token("alice"), 404)]


@pytest.mark.parametrize("path,bearer,status", DECISIONS)
def test_a_websocket_is_judged_like_any_request(gate, upstream, path, bearer, status):
    upstream.script = echo
    with Client(gate.address) as client:
        client.send(handshake(bearer=bearer, path=path) + b"\x81\x85\x00\x00\x00\x00hello\r\n\r\n")
        assert client.read_response().status == status
        # What came behind is no tunnel's: it is read as a head, and is none.
        assert client.read_response().status == 400
        assert client.is_closed()
    assert upstream.connections == 0


def test_a_public_websocket_needs_no_token(start, upstream):
    upstream.script = echo
    gate = start(POSTERN_PUBLIC_PATHS="/live")
    with Client(gate.address) as client:
        client.send(handshake("X-User-Id: bob", path="/live") + b"ping")
        assert client.read_response().status == 101
        assert client.read_exactly(4) == b"ping"
    assert upstream.requests[0].head.all("X-User-Id") == []


@pytest.mark.parametrize("cut", [b"HTTP/1.1 101 Switching Protocols\r\nUpg", b""])
def test_a_handshake_that_the_upstream_does_not_finish_is_502(gate, upstream, cut):
    upstream.script = lambda connection: (connection.read_request(), connection.send(cut))
    with Client(gate.address) as client:
        client.send(handshake(bearer=token("alice")))
        assert client.read_response().status == 502


def test_a_real_library_talks_through_the_gate(start):
    async def answer(socket, _path=None):
        async for message in socket:
            await socket.send(message[::-1])

    async def round_trip():
        async with websockets.serve(answer, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            gate = start(f"http://{host}:{port}")
            url = f"ws://127.0.0.1:{gate.address[1]}/api/alice/ws"
            fields = library_headers({"Authorization": f"Bearer {token('alice')}"})
            async with websockets.connect(url, **fields) as socket:
                for message in ("hello", b"\x00\xff" * 50_000, ""):
                    await socket.send(message)
                    assert await socket.recv() == message[::-1]
                await (await socket.ping())
            return socket.close_code

    assert asyncio.run(round_trip()) == 1000
