"""What does not end by itself while draining is cut: by POSTERN_DRAIN_TIMEOUT, or at once by a second signal."""

import signal
import threading

import pytest
from gate import token
from wire import Client, ok, request

ALICE = token("alice")


def silent(connection):
    """Reads and never answers."""
    connection.read_to_end()


def answer_once(connection):
    """Answers one request, then never again: what comes next finds a connection that was used before."""
    if connection.read_request():
        connection.send(ok())
        connection.read_request()
        connection.read_to_end()


def answer_once_in_all():
    """As answer_once, but every further connection is silent from its start."""
    first = threading.Lock()
    return lambda connection: answer_once(connection) if first.acquire(blocking=False) else silent(connection)


def begin_stream(connection):
    connection.read_head()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
    connection.read_to_end()


def accept_websocket(connection):
    connection.read_head()
    connection.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Accept: x\r\n\r\nbegun")
    connection.read_to_end()


WEBSOCKET = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]


def plain(upstream, client):
    client.send(request("GET", "/api/alice/x", token=ALICE))
    upstream.wait_for_connections(1)


def second(upstream, client):
    for count in (1, 2):
        client.send(request("GET", "/api/alice/x", token=ALICE))
        upstream.wait_for_requests(count)
        if count == 1:
            assert client.read_response().status == 200


def upload(upstream, client):
    client.send(request("POST", "/api/alice/x", "Content-Length: 10", token=ALICE) + b"first")
    upstream.wait_for_connections(1)


def chunked_upload(upstream, client):
    client.send(request("POST", "/api/alice/x", "Transfer-Encoding: chunked", token=ALICE) + b"5\r\nfirst\r\n")
    upstream.wait_for_connections(1)


def half_a_head(upstream, client):
    client.send(b"GET /api/alice/x HT")


def until_begun(*fields):
    def open_stream(upstream, client):
        client.send(request("GET", "/api/alice/x", *fields, token=ALICE))
        client.read_until(b"begun")

    return open_stream


UNDER_WAY = [
    # what, what the upstream does, what the client does
    ("a request without an answer", lambda: silent, plain),
    ("a request on a reused connection", lambda: answer_once, second),
    ("a request on a reused connection to a hanging upstream", answer_once_in_all, second),
    ("an upload", lambda: silent, upload),
    ("a chunked upload", lambda: silent, chunked_upload),
    ("half a request head", lambda: silent, half_a_head),
    ("a response half sent", lambda: begin_stream, until_begun()),
    ("a websocket", lambda: accept_websocket, until_begun(*WEBSOCKET)),
]
LONG = {name: "1h" for name in ("POSTERN_RESPONSE_TIMEOUT", "POSTERN_STREAM_IDLE_TIMEOUT", "POSTERN_HEADER_TIMEOUT")}


def check_cut(gate, client, upstream):
    """The process ends well although the client stays, who is never told that it has the whole of anything."""
    assert gate.wait() == 0
    rest = client.read_to_end()
    assert rest == b"" or rest.startswith((b"HTTP/1.1 502 ", b"HTTP/1.1 504 ", b"HTTP/1.1 503 ", b"HTTP/1.1 408 ")), rest
    upstream.wait_until_quiet()


@pytest.mark.parametrize("what,script,act", UNDER_WAY, ids=[row[0] for row in UNDER_WAY])
def test_the_drain_timeout_cuts_what_is_left(start, upstream, what, script, act):
    upstream.script = script()
    gate = start(POSTERN_THREADS="1", POSTERN_DRAIN_TIMEOUT="100ms", **LONG)
    with Client(gate.address) as client:
        act(upstream, client)
        gate.signal(signal.SIGTERM)
        gate.wait_for_log(msg="drain timeout: cutting what is left", connections="1", level="warn")
        check_cut(gate, client, upstream)


@pytest.mark.parametrize("what,script,act", UNDER_WAY, ids=[row[0] for row in UNDER_WAY])
def test_a_second_signal_ends_at_once(start, upstream, what, script, act):
    upstream.script = script()
    gate = start(POSTERN_THREADS="1", POSTERN_DRAIN_TIMEOUT="1h", **LONG)
    with Client(gate.address) as client:
        act(upstream, client)
        gate.signal(signal.SIGTERM)
        gate.wait_for_log(msg="draining")
        gate.signal(signal.SIGINT)
        gate.wait_for_log(msg="second signal: ending at once", level="warn")
        check_cut(gate, client, upstream)


def test_a_drain_timeout_of_nothing_cuts_at_once(start, upstream):
    upstream.script = silent
    gate = start(POSTERN_DRAIN_TIMEOUT="0s", **LONG)
    with Client(gate.address) as client:
        plain(upstream, client)
        gate.signal(signal.SIGTERM)
        check_cut(gate, client, upstream)
