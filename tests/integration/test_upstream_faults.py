"""Upstreams that are not there, stop at any byte of their response, or send what is no response."""

import json
import socket
import threading

import pytest
from gate import PATIENCE, token
from upstream import Upstream
from wire import Client, Head, ok, request

BODY = b"0123456789"
HEAD = b"HTTP/1.1 200 OK\r\nX-A: 1\r\n"
RESPONSES = {
    "of known length": HEAD + b"Content-Length: 10\r\n\r\n" + BODY,
    "chunked": HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6;a=b\r\n456789\r\n0\r\nX-End: 1\r\n\r\n",
    "until close": HEAD + b"\r\n" + BODY,
}


def check_bad_gateway(response):
    assert response.status == 502
    assert json.loads(response.body) == {"detail": "Bad Gateway"}
    assert response.head.one("Content-Type") == "application/json"


def ask(address, target="/api/alice/x", *fields):
    with Client(address) as client:
        return client.get(target, *fields, token=token())


def read_until_cut(client):
    """(everything, whether it ended by a reset)."""
    try:
        while client.receive_some():
            pass
    except ConnectionResetError:
        return client.buffer, True
    return client.buffer, False


def close(connection):
    connection.close()


def reset(connection):
    connection.reset()


def stops_at_the_byte_asked_for(whole, ending):
    def script(connection):
        size = int(connection.read_request().target.rpartition("/")[2])
        connection.send(whole[:size])
        ending(connection)

    return script


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("ending", [close, reset], ids=["closes", "resets"])
@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_cut_at_any_byte_never_looks_whole(gate, upstream, name, ending, version):
    whole = RESPONSES[name]
    upstream.script = stops_at_the_byte_asked_for(whole, ending)
    head_size = whole.index(b"\r\n\r\n") + 4
    # An end is the only sign of completeness that a response until close has; a reset is not an end.
    last = len(whole) if name != "until close" or ending is reset else head_size - 1
    for size in range(last):
        ask_cut = request("GET", f"/api/alice/{size}", "Connection: close", token=token())
        with Client(gate.address) as client:
            raw, was_reset = read_until_cut(client.send(ask_cut.replace(b"HTTP/1.1", f"HTTP/{version}".encode(), 1)))
        head, _, body = raw.partition(b"\r\n\r\n")
        status = Head(head).start.split()[1] if head else None
        if size < head_size:
            assert (status, body, was_reset) == (b"502", b'{"detail":"Bad Gateway"}', False), size
        elif status != b"502":  # a reset may overtake the head
            # Where the framing does not show the cut, only a reset does: until close, and dechunked for HTTP/1.0.
            framed = name != "until close" and (name != "chunked" or version == "1.1")
            assert was_reset or framed, (size, raw)
            assert status in (b"200", None) and not body.endswith(b"0\r\nX-End: 1\r\n\r\n")
            if name != "chunked":
                assert BODY.startswith(body)
    assert upstream.connections == last


def test_what_came_before_the_cut_is_passed_on(gate, upstream):
    big = b"x" * 700_000
    received = threading.Event()

    def script(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + big)
        assert received.wait(PATIENCE)

    upstream.script = script
    with Client(gate.address) as client:
        client.send(request("GET", "/api/alice/x", token=token()))
        client.read_head()
        assert client.read_exactly(len(big)) == big
        received.set()
        assert client.is_closed()
    gate.wait_for_log(msg="request", status=200, reason="upstream response cut short")


def test_the_cut_of_a_response_is_told_while_the_request_still_comes(gate, upstream):
    upstream.script = lambda connection: connection.read_head()
    for fields, part in [(["Transfer-Encoding: chunked"], b"4\r\n0123\r\n"), (["Content-Length: 10"], b"0123")]:
        with Client(gate.address) as client:
            client.send(request("POST", "/api/alice/x", *fields, token=token()) + part)
            check_bad_gateway(client.read_response())
            assert client.is_closed()


GARBAGE = [
    ("no status line", b"hello\r\n\r\n"),
    ("another protocol", b"ICY 200 OK\r\n\r\n"),
    ("HTTP/2", b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ("a version without minor", b"HTTP/2 200\r\nContent-Length: 0\r\n\r\n"),
    ("lower case", b"http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ("a letter in the status", b"HTTP/1.1 2O0 OK\r\nContent-Length: 0\r\n\r\n"),
    ("a status too small", b"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"),
    ("a status too large", b"HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n"),
    ("a status too long", b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"),
    ("length and chunked", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("two lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
    ("a length that is none", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
    ("a length beyond counting", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"),
    ("another coding", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    ("chunked twice", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    ("obs-fold", b"HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n"),
    ("NUL in a value", b"HTTP/1.1 200 OK\r\nX-A: 1\0\r\nContent-Length: 0\r\n\r\n"),
    ("NUL in the reason", b"HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n"),
    ("a field without colon", b"HTTP/1.1 200 OK\r\nX-A 1\r\nContent-Length: 0\r\n\r\n"),
    ("a field without name", b"HTTP/1.1 200 OK\r\n: 1\r\nContent-Length: 0\r\n\r\n"),
    ("white space before the colon", b"HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length: 0\r\n\r\n"),
    ("bare CR", b"HTTP/1.1 200 OK\r\nX-A: 1\rX-B: 2\r\nContent-Length: 0\r\n\r\n"),
    ("bare LF", b"HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
    ("a switch nobody asked for", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
    ("an interim response with a body", b"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello"),
    ("endless interim responses", b"HTTP/1.1 102 Processing\r\n\r\n" * 100),
    ("nothing", b""),
]
OVERSIZED = [
    ("a long field", b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 200_000 + b"\r\n\r\n"),
    ("too many fields", b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 5_000 + b"\r\n"),
    ("a cookie that leaves no room for the rest", b"HTTP/1.1 200 OK\r\nDate: Sat, 28 Nov 2026 12:00:00 GMT\r\n"
     b"Server: uvicorn\r\nContent-Length: 2\r\nContent-Type: application/json\r\nSet-Cookie: " + b"x" * 16_254 + b"\r\n\r\nok"),
    ("an interim one", b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 20_000 + b"\r\n\r\n" + ok()),
    ("one that never ends", b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 200_000),
]


@pytest.mark.parametrize("why,garbage", GARBAGE, ids=[row[0] for row in GARBAGE])
def test_garbage_is_502(gate, upstream, why, garbage):
    def script(connection):
        connection.read_request()
        connection.send(garbage)
        if garbage:
            connection.is_closed()

    upstream.script = script
    with Client(gate.address) as client:
        client.send(request("GET", "/api/alice/x", token=token()))
        while (head := client.read_head()).start == b"HTTP/1.1 102 Processing":
            pass
        body = client.read_exactly(int(head.one("Content-Length")))
        assert (head.start.split()[1], body) == (b"502", b'{"detail":"Bad Gateway"}')
        # The client did nothing wrong and may go on.
        upstream.script = lambda connection: connection.read_request() and connection.send(ok())
        assert client.get("/api/alice/x", token=token()).status == 200
    reason = "malformed upstream response" if garbage else "upstream closed early"
    gate.wait_for_log(msg="request", status=502, reason=reason)


@pytest.mark.parametrize("why,head", OVERSIZED, ids=[row[0] for row in OVERSIZED])
def test_a_head_over_the_limit_is_502_and_the_log_says_so(gate, upstream, why, head):
    upstream.script = lambda connection: connection.read_request() and connection.send(head).is_closed()
    with Client(gate.address) as client:
        check_bad_gateway(client.get("/api/alice/x", token=token()))
        upstream.script = lambda connection: connection.read_request() and connection.send(ok())
        assert client.get("/api/alice/x", token=token()).status == 200
    gate.wait_for_log(msg="request", status=502, reason="upstream head too large")


def test_the_limit_of_heads_is_that_of_both_directions(start, upstream):
    large = ok(b"ok", "Set-Cookie: a=" + "x" * 40_000)
    upstream.script = lambda connection: connection.read_request() and connection.send(large)
    gate = start(POSTERN_MAX_HEADER_BYTES="64KiB")
    response = ask(gate.address, "/api/alice/x", "Cookie: a=" + "x" * 40_000)
    assert (response.status, len(response.head.one("Set-Cookie"))) == (200, 40_002)


@pytest.mark.parametrize("tail", [b"z\r\n", b"-1\r\n", b"\r\n", b"4\r\n01234\r\n", b"4\n0123\n", b"0\r\nX-A 1\r\n\r\n"])
def test_garbled_chunks_cut_the_response(gate, upstream, tail):
    def script(connection):
        connection.read_request()
        connection.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n" + tail)
        connection.is_closed()

    upstream.script = script
    with Client(gate.address) as client:
        raw, _ = read_until_cut(client.send(request("GET", "/api/alice/x", token=token())))
    assert not raw.endswith(b"0\r\n\r\n")


STRAY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"
EXTRAS = [
    ("after a length", "GET", ok()),
    ("after the last chunk", "GET", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    ("after 304", "GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
    ("after 204", "GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
    ("after the head that HEAD asks for", "HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
]


@pytest.mark.parametrize("why,method,response", EXTRAS, ids=[row[0] for row in EXTRAS])
def test_bytes_beyond_a_response_are_never_the_next_one(gate, upstream, why, method, response):
    def script(connection):
        if connection.number == 0:
            connection.read_request()
            connection.send(response + STRAY)
        while connection.read_request():
            connection.send(ok(b"right"))

    upstream.script = script
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=token(), method=method).body in (b"ok", b"")
        for _ in range(3):
            assert client.get("/api/alice/x", token=token()).body == b"right"
    assert [seen.connection for seen in upstream.requests] == [0, 1, 1, 1]


def test_a_refused_connection_is_502_until_the_upstream_listens(start):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))  # the port is taken, and refuses
    gate = start(f"http://127.0.0.1:{listener.getsockname()[1]}")
    with Client(gate.address) as client:
        for _ in range(10):
            check_bad_gateway(client.get("/api/alice/x", token=token()))
        listener.listen()
        behind = Upstream(listener=listener)
        assert client.get("/api/alice/x", token=token()).status == 200
    gate.wait_for_log(10, msg="request", status=502, reason="upstream unreachable")
    behind.close()


def test_a_missing_socket_file_is_502_until_it_is_there(start, tmp_path):
    path = tmp_path / "service"
    gate = start(f"unix:{path}")
    check_bad_gateway(ask(gate.address))
    behind = Upstream(path)
    assert ask(gate.address).status == 200
    behind.close()
    check_bad_gateway(ask(gate.address))
    path.unlink()
    again = Upstream(path)
    assert ask(gate.address).status == 200
    again.close()


def test_an_unknown_host_is_502(start):
    gate = start("http://nowhere.invalid:8000", POSTERN_CONNECT_TIMEOUT="500ms")
    with Client(gate.address) as client:
        for _ in range(3):
            check_bad_gateway(client.get("/api/alice/x", token=token()))
