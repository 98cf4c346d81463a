"""POSTERN_CLOSE_AT_EXPIRY: a stream or a websocket ends with the token that opened it, or does not."""

import threading

import pytest
from gate import token
from wire import Client, ok, request

SOON = 3  # seconds of a token's life: time enough to open a stream on a slow machine
STRICT = {"POSTERN_CLOSE_AT_EXPIRY": "true", "POSTERN_CLOCK_LEEWAY": "0s", "POSTERN_PUBLIC_PATHS": "/live"}
UPGRADE = ["Connection: Upgrade", "Upgrade: websocket"]
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"
CLOSE_FRAME = b"\x88\x0f\x03\xf0token expired"  # 1008, from a server
STREAMS = {  # by path
    "/api/alice/chunked": (CHUNKED, []),
    "/api/alice/sized": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst", []),
    "/api/alice/until-close": (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfirst", []),
    "/api/alice/websocket": (SWITCHING + b"\x81\x05first", UPGRADE),
}


@pytest.fixture
def strict(start):
    return start(**STRICT)


def pausing(released):
    """An upstream that begins a stream, and ends it when it is told to; /short it answers at once."""

    def script(connection):
        while seen := connection.read_request():
            if seen.target.endswith("/short"):
                connection.send(ok())
                continue
            connection.send(CHUNKED)
            released.wait()
            connection.send(b"4\r\nlast\r\n0\r\n\r\n")

    return script


def test_every_kind_of_stream_ends_with_its_token(strict, upstream):
    ended = []

    def script(connection):
        target = connection.read_request().target
        connection.send(STREAMS[target][0])
        connection.read_to_end()
        ended.append(target)

    upstream.script = script
    bearer = token("alice", ttl=SOON)
    clients = [Client(strict.address).send(request("GET", path, *fields, token=bearer)) for path, (_, fields) in STREAMS.items()]
    for client in clients:
        client.read_until(b"first")
    for client in clients:
        # Cut, not finished: no last chunk pretends that this was all.
        assert client.read_to_end() in (b"", b"\r\n", CLOSE_FRAME)
        client.close()
    upstream.wait_until_quiet()
    assert sorted(ended) == sorted(STREAMS)
    for path in STREAMS:
        assert strict.wait_for_log(msg="request", path=path)["reason"] == "token expired while streaming"


def test_traffic_does_not_prolong_a_websocket(strict, upstream):
    def script(connection):
        connection.read_request()
        connection.send(SWITCHING)
        while connection.receive_some():
            connection.send(connection.buffer)
            connection.buffer = b""

    upstream.script = script
    with Client(strict.address) as client:
        client.send(request("GET", "/api/alice/ws", *UPGRADE, token=token("alice", ttl=SOON)))
        assert client.read_head().start.split()[1] == b"101"
        frame = b"\x81\x84\0\0\0\0ping"
        while client.send(frame).read_exactly(2) == frame[:2]:
            client.read_exactly(8)
        assert client.read_to_end() == CLOSE_FRAME[2:]
    assert strict.wait_for_log(msg="request")["reason"] == "token expired while streaming"


def test_an_upload_ends_with_its_token(strict, upstream):
    with Client(strict.address) as client:
        client.send(request("POST", "/api/alice/x", "Transfer-Encoding: chunked", token=token("alice", ttl=SOON)))
        client.send(b"4\r\nbody\r\n")
        # Nothing of an answer was sent yet: the client can still be told.
        response = client.read_response()
        assert (response.status, response.body) == (401, b'{"detail":"Token expired"}')
        assert client.is_closed()
    upstream.wait_until_quiet()
    assert upstream.connections == 1 and upstream.requests == []


def test_streams_with_a_longer_token_or_without_one_go_on(strict, upstream):
    released = threading.Event()
    upstream.script = pausing(released)
    expiring = token("alice", ttl=SOON)
    rows = [("/api/alice/x", token("alice")), ("/live", None), ("/live", expiring)]
    clients = [Client(strict.address).send(request("GET", target, token=bearer)) for target, bearer in rows]
    with Client(strict.address) as doomed:
        # When this one has ended, the others have outlived that token.
        doomed.send(request("GET", "/api/alice/x", token=expiring)).read_until(b"first")
        doomed.read_to_end()
    released.set()
    assert [client.read_response().body for client in clients] == [b"firstlast"] * 3
    for client in clients:
        client.close()


@pytest.mark.parametrize("target,bearer", [("/api/alice/x", token("alice")), ("/live", None)], ids=["a user's", "a public one"])
def test_each_request_of_a_connection_has_its_own_end(strict, upstream, target, bearer):
    released = threading.Event()
    upstream.script = pausing(released)
    with Client(strict.address) as client, Client(strict.address) as doomed:
        expiring = token("alice", ttl=SOON)
        assert client.get("/api/alice/short", token=expiring).status == 200
        client.send(request("GET", target, token=bearer)).read_until(b"first\r\n")
        doomed.send(request("GET", "/api/alice/x", token=expiring)).read_until(b"first")
        doomed.read_to_end()
        released.set()
        assert client.read_chunked() == (b"last", [])


@pytest.mark.parametrize("setting", [None, "false"])
def test_by_default_a_stream_outlives_its_token(start, upstream, setting):
    released = threading.Event()
    upstream.script = pausing(released)
    watch, gate = start(**STRICT), start(POSTERN_CLOSE_AT_EXPIRY=setting, POSTERN_CLOCK_LEEWAY="0s")
    expiring = token("alice", ttl=SOON)
    with Client(gate.address) as stream, Client(watch.address) as doomed, Client(gate.address) as late:
        for client in (stream, doomed):
            client.send(request("GET", "/api/alice/x", token=expiring)).read_until(b"first\r\n")
        doomed.read_to_end()
        assert late.get("/api/alice/x", token=expiring).status == 401
        released.set()
        assert stream.read_chunked() == (b"last", [])
