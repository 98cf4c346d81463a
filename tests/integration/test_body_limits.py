"""Request bodies that are too large, malformed, or answered before their end: what the client hears, and what the upstream
never gets."""

import json
import queue
import socket
import threading
import time
from pathlib import Path

import pytest
from gate import PATIENCE, token
from upstream import Upstream
from wire import Client, ok, request

PATH = "/api/alice/x"
BEARER = token("alice")
BEHIND = request("GET", "/api/alice/behind", token=BEARER)
KIB = 1024


def chunked_post(body):
    return request("POST", PATH, "Transfer-Encoding: chunked", token=BEARER) + body


def check_refused(client, status):
    response = client.read_response()
    assert (response.status, list(json.loads(response.body))) == (status, ["detail"])
    assert response.head.one("Connection") == "close"
    assert client.is_closed()


@pytest.mark.parametrize("length", ["1025", "4294967296", "9223372036854775807"])
def test_a_length_over_the_limit_is_413_before_the_upstream_hears_of_it(start, upstream, length):
    gate = start(POSTERN_MAX_BODY_BYTES="1KiB")
    with Client(gate.address) as client:
        client.send(request("POST", PATH, f"Content-Length: {length}", token=BEARER))
        check_refused(client, 413)
    assert upstream.connections == 0


def test_a_body_of_exactly_the_limit_passes(start, upstream):
    gate = start(POSTERN_MAX_BODY_BYTES="1KiB")
    with Client(gate.address) as client:
        assert client.send(request("POST", PATH, token=BEARER, body=b"x" * KIB)).read_response().status == 200
        # Only the data counts, not its framing.
        client.send(chunked_post(b"1;extension\r\nx\r\n" * KIB + b"0\r\n\r\n"))
        assert client.read_response().status == 200
    assert [len(got.body) for got in upstream.requests] == [KIB, KIB]


def test_no_limit_is_none(start, upstream):
    gate = start(POSTERN_MAX_BODY_BYTES="off")
    heads = queue.Queue()
    upstream.script = lambda connection: heads.put(connection.read_head())
    for framing, body in (("Content-Length: 9223372036854775807", b"x"), ("Transfer-Encoding: chunked", b"fffffffffff\r\nx")):
        with Client(gate.address) as client:
            client.send(request("POST", PATH, framing, token=BEARER) + body)
            assert heads.get(timeout=PATIENCE).one(framing.split(":")[0]) == framing.split(" ")[1]


NONE_ALLOWED = [
    ("no body", request("POST", PATH, token=BEARER), 200),
    ("a length of 0", request("POST", PATH, token=BEARER, body=b""), 200),
    ("no chunk but the last", chunked_post(b"0\r\n\r\n"), 200),
    ("a byte", request("POST", PATH, token=BEARER, body=b"x"), 413),
    ("a byte in a chunk", chunked_post(b"1\r\nx\r\n0\r\n\r\n"), 413),
]


@pytest.mark.parametrize("what,sent,status", NONE_ALLOWED, ids=[row[0] for row in NONE_ALLOWED])
def test_a_limit_of_0_allows_no_body(start, upstream, what, sent, status):
    gate = start(POSTERN_MAX_BODY_BYTES="0")
    with Client(gate.address) as client:
        assert client.send(sent).read_response().status == status
    assert [seen.body for seen in upstream.requests] == [b""] * (status == 200)


GROWING = [
    ("one chunk over it", b"401\r\n" + b"x" * 1025 + b"\r\n0\r\n\r\n"),
    ("a byte more in a last chunk", b"400\r\n" + b"x" * KIB + b"\r\n1\r\nx\r\n0\r\n\r\n"),
    ("tiny chunks", b"1\r\nx\r\n" * 1025 + b"0\r\n\r\n"),
    ("without an end", b"100000\r\n" + b"x" * 4 * KIB),
]


@pytest.mark.parametrize("why,body", GROWING, ids=[row[0] for row in GROWING])
def test_a_chunked_body_that_grows_over_the_limit_is_413_and_never_whole_upstream(start, upstream, why, body):
    gate = start(POSTERN_MAX_BODY_BYTES="1KiB")
    with Client(gate.address) as client:
        client.send(chunked_post(body) + BEHIND)
        check_refused(client, 413)
    upstream.wait_until_quiet()
    assert upstream.requests == []
    assert gate.wait_for_log(msg="request", status=413)["reason"] == "body too large"


@pytest.mark.parametrize("begin,status", [(b"400\r\n" + b"x" * KIB + b"\r\n", 413), (b"3\r\nabc\r\n", 400)])
def test_a_body_that_goes_wrong_after_its_begin_was_forwarded_ends_the_request_upstream(start, upstream, begin, status):
    begun = threading.Event()

    def take(connection):
        connection.read_head()
        connection.read_until(begin[-4:])
        begun.set()
        rest = connection.read_to_end()
        assert not rest.endswith(b"0\r\n\r\n"), rest

    upstream.script = take
    gate = start(POSTERN_MAX_BODY_BYTES="1KiB")
    with Client(gate.address) as client:
        client.send(chunked_post(begin))
        assert begun.wait(PATIENCE)
        client.send(b"4\r\nabcd\r\n0\r\n\r\n" if status == 413 else b"0x0\r\n\r\n0\r\n\r\n")
        check_refused(client, status)
    upstream.wait_until_quiet()


END = b"\r\n0\r\n\r\n"
MALFORMED = [  # (why, body)
    ("bare LF after the size", b"4\nabcd" + END),
    ("bare CR after the size", b"4\rabcd" + END),
    ("CR CR LF after the size", b"4\r\r\nabcd" + END),
    ("bare LF after the data", b"4\r\nabcd\n0\r\n\r\n"),
    ("bare CR after the data", b"4\r\nabcd\r0\r\n\r\n"),
    ("nothing after the data", b"4\r\nabcd0\r\n\r\n"),
    ("more data than its size", b"4\r\nabcde" + END),
    ("less data than its size", b"5\r\nabcd" + END),
    ("0x before the size", b"0x4\r\nabcd" + END),
    ("0X in the last chunk", b"4\r\nabcd\r\n0X0\r\n\r\n"),
    ("a plus", b"+4\r\nabcd" + END),
    ("a minus", b"-4\r\nabcd" + END),
    ("minus nothing", b"4\r\nabcd\r\n-0\r\n\r\n"),
    ("an underscore", b"0_4\r\nabcd" + END),
    ("a decimal point", b"4.0\r\nabcd" + END),
    ("a comma", b"4,4\r\nabcd" + END),
    ("an h", b"4h\r\nabcd" + END),
    ("quotes", b'"4"\r\nabcd' + END),
    ("a space before the size", b" 4\r\nabcd" + END),
    ("a space after the size", b"4 \r\nabcd" + END),
    ("a tab after the size", b"4\t\r\nabcd" + END),
    ("a vertical tab after the size", b"4\x0b\r\nabcd" + END),
    ("a space before an extension", b"4 ;a\r\nabcd" + END),
    ("17 digits", b"00000000000000004\r\nabcd" + END),
    ("a size of 2^64 + 4", b"10000000000000004\r\nabcd" + END),
    ("a size of 2^64 - 1", b"ffffffffffffffff\r\nabcd" + END),
    ("a size of 2^63", b"8000000000000000\r\nabcd" + END),
    ("no size", b"\r\nabcd" + END),
    ("an extension without a size", b";a\r\nabcd" + END),
    ("an empty line before the size", b"\r\n4\r\nabcd" + END),
    ("an extension of 300 bytes", b"4;" + b"a" * 300 + b"\r\nabcd" + END),
    ("300 bytes of extensions on the last chunk", b"4\r\nabcd\r\n0" + b";a" * 150 + b"\r\n\r\n"),
    ("a bare LF in an extension", b"4;a\nb\r\nabcd" + END),
    ("a bare CR in an extension", b"4;a\rb\r\nabcd" + END),
    ("a line end in a quoted extension", b'4;a="\r\n0\r\n\r\n"\r\nabcd' + END),
    ("an open quote", b'4;a="b\r\nabcd' + END),
    ("NUL in an extension", b"4;a\x00\r\nabcd" + END),
    ("NUL after the size", b"4\x00\r\nabcd" + END),
    ("NUL before the size", b"\x004\r\nabcd" + END),
    ("a byte over 0x7F as digit", b"\xb4\r\nabcd" + END),
    ("full-width digit", "\uff14".encode() + b"\r\nabcd" + END),
    ("a bare LF as last line", b"4\r\nabcd\r\n0\r\n\n"),
    ("bare LFs at the end", b"4\r\nabcd\r\n0\n\n"),
    ("a bare CR as last line", b"4\r\nabcd\r\n0\r\n\r\r\n"),
    ("a trailer ended by bare LF", b"4\r\nabcd\r\n0\r\nX: y\n\r\n"),
    ("a trailer with a bare CR", b"4\r\nabcd\r\n0\r\nX: y\rz\r\n\r\n"),
    ("a folded trailer", b"4\r\nabcd\r\n0\r\nX: y\r\n z\r\n\r\n"),
    ("white space before a trailer's colon", b"4\r\nabcd\r\n0\r\nX : y\r\n\r\n"),
    ("a trailer without a colon", b"4\r\nabcd\r\n0\r\nX\r\n\r\n"),
    ("a trailer without a name", b"4\r\nabcd\r\n0\r\n: y\r\n\r\n"),
    ("NUL in a trailer", b"4\r\nabcd\r\n0\r\nX: \x00\r\n\r\n"),
    ("too many trailers", b"4\r\nabcd\r\n0\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
    ("a trailer too long", b"4\r\nabcd\r\n0\r\nX: " + b"y" * 10_000 + b"\r\n\r\n"),
]


@pytest.mark.parametrize("why,body", MALFORMED, ids=[row[0] for row in MALFORMED])
def test_a_malformed_chunked_body_is_400_and_never_whole_upstream(gate, upstream, why, body):
    with Client(gate.address) as client:
        client.send(chunked_post(body) + BEHIND)
        check_refused(client, 400)
    upstream.wait_until_quiet()
    assert upstream.requests == []
    assert gate.wait_for_log(msg="request")["reason"] == "malformed chunked body"


EARLY = request("POST", PATH, token=BEARER, body=b"").replace(b"Content-Length: 0", b"Content-Length: 10000000")
TOO_LARGE = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: %s\r\n\r\nno"


@pytest.mark.parametrize("connection", [b"close", b"keep-alive"])
@pytest.mark.parametrize("head", [EARLY, chunked_post(b"")], ids=["length", "chunked"])
def test_an_answer_before_the_end_of_the_body_reaches_a_client_that_still_sends(gate, upstream, head, connection):
    def refuse(behind):
        behind.read_head()
        behind.send(TOO_LARGE % connection)
        if connection == b"keep-alive":
            behind.read_to_end()

    upstream.script = refuse
    with Client(gate.address) as client:
        client.send(head)
        response = client.read_response()
        assert (response.status, response.body) == (413, b"no")
        # The rest of the body will not be read, and nothing may be taken for the next request.
        assert response.head.one("Connection") == "close"
        assert client.is_closed()
    upstream.wait_until_quiet()
    assert upstream.connections == 1


def capacity():
    """What a unix socket takes before its reader reads."""
    near, far = socket.socketpair(socket.AF_UNIX)
    with near, far:
        near.setblocking(False)
        total = 0
        while True:
            try:
                total += near.send(b"x" * 32 * KIB)
            except BlockingIOError:
                return total


@pytest.mark.parametrize("framing,bearer,status", [
    ("Content-Length: 1000000", None, 401),
    ("Transfer-Encoding: chunked", None, 401),
    ("Content-Length: 999999999999", BEARER, 413),
], ids=["a length", "chunked", "too large"])
def test_a_refused_client_that_still_sends_is_not_reset(gate, upstream, framing, bearer, status):
    """A reset would cost many a client the answer (RFC 9112 9.6)."""
    with Client(gate.address) as client:
        client.send(request("POST", PATH, framing, token=bearer))
        gate.wait_for_log(msg="request", status=status)
        for _ in range(10):
            client.send(b"x" * 10_000)
        assert client.read_response().status == status
        client.finish_sending()
        assert not client.receive_some()
    assert upstream.connections == 0


def test_a_refused_client_that_sends_on_and_on_is_cut(start):
    gate = start(POSTERN_STREAM_IDLE_TIMEOUT="1h")
    with Client(gate.address) as client:
        client.send(request("POST", PATH, "Transfer-Encoding: chunked"))
        assert client.read_response().status == 401
        with pytest.raises(ConnectionError):
            for _ in range(2000):
                client.send(b"x" * 1000)
                time.sleep(0.01)  # a pace: it is the gate's patience that shall end


def wait_until_the_gate_reads_no_further(gate, client):
    """Until what it has not read of this client is nothing, or stays the same."""
    ends = [f":{port:04X}" for port in (gate.address[1], client.socket.getsockname()[1])]
    seen = []
    while not (seen and seen[-1] == 0) and not (len(seen) >= 10 and len(set(seen[-10:])) == 1):
        for line in Path("/proc/net/tcp").read_text().splitlines():
            columns = line.split()
            if [columns[1][-5:], columns[2][-5:]] == ends:
                seen.append(int(columns[4].split(":")[1], 16))
        time.sleep(0.01)


@pytest.mark.parametrize("over", [number * KIB for number in range(0, 48, 6)])
def test_an_answer_while_the_end_of_the_body_is_stuck_ends_the_exchange(start, tmp_path, over):
    """An upstream that answers and reads no further must not hold the client up, wherever the body's last piece is."""
    stuck, done = threading.Event(), threading.Event()

    def refuse(connection):
        connection.read_head()
        assert stuck.wait(PATIENCE)
        connection.send(ok())
        assert done.wait(PATIENCE)

    behind = Upstream(tmp_path / "socket", refuse)
    try:
        gate = start(behind.url)
        with Client(gate.address) as client:
            client.send(request("POST", PATH, token=BEARER, body=b"x" * (capacity() + over)))
            wait_until_the_gate_reads_no_further(gate, client)
            stuck.set()
            response = client.read_response()
            assert (response.status, response.body) == (200, b"ok")
            if response.head.one("Connection") == "close":
                assert client.is_closed()
            else:
                assert client.get(PATH).status == 401
    finally:
        stuck.set()
        done.set()
        behind.close()
