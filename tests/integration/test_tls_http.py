"""What works in the clear works under TLS, however the bytes are cut into records."""

import hashlib
import threading

import pytest
from certificates import certificates, serving
from gate import PATIENCE, token
from test_websocket import echo, handshake, switching
from tls_wire import TlsClient
from wire import ok, request

PATH = "/api/alice/x"
ALICE = token("alice")
CHUNKED = request("POST", PATH, "Transfer-Encoding: chunked", token=ALICE)
MIB = 1024**2


@pytest.fixture
def gate(start, certificates):
    return start(**serving(certificates.server))


@pytest.fixture
def connect(gate, certificates):
    """connect() gives a client that speaks TLS with the gate."""
    return lambda: TlsClient(gate.address, certificates.client_context())


def pattern(size):
    """Of a period that divides no power of two, so that a piece lost, doubled or misplaced shows."""
    period = bytes(range(251)) * 4001
    return (period * (size // len(period) + 1))[:size]


def test_one_connection_carries_every_kind_of_answer(connect, upstream):
    rows = [(PATH, ALICE, 200), (PATH, None, 401), (PATH, token("bob"), 403), ("/elsewhere", ALICE, 404), (PATH, ALICE, 200),
            ("/api//x", ALICE, 400)]
    with connect() as client:
        assert [client.get(path, token=bearer).status for path, bearer, _ in rows] == [status for *_, status in rows]
        assert client.is_closed() and client.ended == "close_notify"
    assert [seen.head.all("X-User-Id") for seen in upstream.requests] == [["alice"]] * 2


def test_many_requests_in_one_record_are_answered_in_order(connect, upstream):
    def script(connection):
        while seen := connection.read_request():
            connection.send(ok(seen.target.encode() + seen.body))

    upstream.script = script
    paths = [f"{PATH}/{number}" for number in range(60)]
    requests = [request("POST" if number % 2 else "GET", path, token=ALICE, body=b"body" if number % 2 else None)
                for number, path in enumerate(paths)]
    with connect() as client:
        client.send(b"".join(requests))
        assert [client.read_response().body for _ in paths] == [
            path.encode() + (b"body" if number % 2 else b"") for number, path in enumerate(paths)]


@pytest.mark.parametrize("at_once", [True, False], ids=["in one packet", "a record a packet"])
def test_one_request_may_come_in_many_records(connect, upstream, at_once):
    whole = request("POST", PATH, token=ALICE, body=b"0123456789") + request("GET", PATH, token=ALICE)
    with connect() as client:
        for byte in whole:
            if at_once:
                client.tls.write(bytes([byte]))
            else:
                client.send(bytes([byte]))
        client.send(b"")
        client.plain.sendall(client.socket.records())
        assert [client.read_response().status for _ in range(2)] == [200, 200]
    assert [(seen.method, seen.body) for seen in upstream.requests] == [("POST", b"0123456789"), ("GET", b"")]


def test_a_record_may_come_in_many_packets(connect, upstream):
    with connect() as client:
        client.tls.write(request("GET", PATH, token=ALICE))
        for byte in client.socket.records():
            client.plain.sendall(bytes([byte]))
        assert client.read_response().status == 200


@pytest.mark.parametrize("framing", ["of known length", "chunked"])
def test_a_large_body_goes_up_whole(connect, upstream, framing):
    body = pattern(16 * MIB)
    with connect() as client:
        if framing == "chunked":
            client.send(CHUNKED)
            for at in range(0, len(body), 99_991):
                piece = body[at : at + 99_991]
                client.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            client.send(b"0\r\nX-Checksum: abc\r\n\r\n")
        else:
            client.send(request("POST", PATH, token=ALICE, body=body))
        assert client.read_response().status == 200
        assert client.get(PATH, token=ALICE).status == 200
    seen = upstream.requests[0]
    assert hashlib.sha256(seen.body).digest() == hashlib.sha256(body).digest()
    assert seen.trailers == ([b"X-Checksum: abc"] if framing == "chunked" else [])


@pytest.mark.parametrize("framing", ["of known length", "chunked", "until close"])
def test_a_large_body_comes_down_whole(connect, upstream, framing):
    body = pattern(16 * MIB)

    def script(connection):
        connection.read_request()
        if framing == "chunked":
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Checksum\r\n\r\n")
            for at in range(0, len(body), 99_991):
                piece = body[at : at + 99_991]
                connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            connection.send(b"0\r\nX-Checksum: abc\r\n\r\n")
        else:
            connection.send(ok(body) if framing != "until close" else b"HTTP/1.1 200 OK\r\n\r\n" + body)

    upstream.script = script
    with connect() as client:
        response = client.get(PATH, token=ALICE)
        assert hashlib.sha256(response.body).digest() == hashlib.sha256(body).digest()
        assert response.trailers == ([b"X-Checksum: abc"] if framing == "chunked" else [])
        assert client.ended == ("close_notify" if framing == "until close" else None)


def test_an_event_comes_when_it_is_sent(connect, upstream):
    seen = threading.Semaphore(0)

    def script(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(20):
            event = b"data: %d\n\n" % number
            connection.send(b"%x\r\n%s\r\n" % (len(event), event))
            assert seen.acquire(timeout=PATIENCE)
        connection.send(b"0\r\n\r\n")

    upstream.script = script
    with connect() as client:
        client.send(request("GET", PATH, token=ALICE)).read_head()
        for number in range(20):
            event = b"data: %d\n\n" % number
            assert client.read_until(event + b"\r\n") == b"%x\r\n%s\r\n" % (len(event), event)
            seen.release()
        assert client.read_until(b"0\r\n\r\n") == b"0\r\n\r\n"
        upstream.script = lambda connection: connection.read_request() and connection.send(ok())
        assert client.get(PATH, token=ALICE).status == 200


def test_head_has_no_body_and_the_next_answer_follows(connect, upstream):
    def script(connection):
        while seen := connection.read_request():
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + (b"hello" if seen.method == "GET" else b""))

    upstream.script = script
    with connect() as client:
        for method in ("HEAD", "GET", "HEAD", "HEAD", "GET"):
            response = client.get(PATH, token=ALICE, method=method)
            assert (response.head.one("Content-Length"), response.body) == ("5", b"hello" if method == "GET" else b"")


def test_a_client_that_expects_100_hears_it_before_it_sends(connect, upstream):
    def script(connection):
        connection.read_head()
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert connection.read_exactly(4) == b"body"
        connection.send(ok())

    upstream.script = script
    with connect() as client:
        client.send(request("POST", PATH, "Expect: 100-continue", "Content-Length: 4", token=ALICE))
        assert client.read_head().start == b"HTTP/1.1 100 Continue"
        assert client.send(b"body").read_response().status == 200


# ---- How sides end

ANSWERS = {
    "of known length": ok(),
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "until close": b"HTTP/1.1 200 OK\r\n\r\nok",
}


@pytest.mark.parametrize("when", ["with the request", "while it waits"])
@pytest.mark.parametrize("framing", ANSWERS)
def test_a_client_that_has_no_more_to_say_still_reads_its_answer(gate, connect, upstream, framing, when):
    finished = threading.Event()

    def script(connection):
        connection.read_request()
        assert finished.wait(PATIENCE)
        connection.send(ANSWERS[framing])

    upstream.script = script
    with connect() as client:
        client.tls.write(request("GET", PATH, token=ALICE))
        if when == "while it waits":
            client.plain.sendall(client.socket.records())
            upstream.wait_for_requests(1)
        client.finish_sending()
        finished.set()
        assert client.read_response().body == b"ok"
        assert client.is_closed() and client.ended == "close_notify"
    assert gate.wait_for_log(msg="request")["reason"] == "ok"


def test_a_client_that_says_goodbye_between_requests_hears_goodbye(connect):
    with connect() as client:
        assert client.get(PATH, token=ALICE).status == 200
        client.finish_sending()
        assert client.is_closed() and client.ended == "close_notify"


@pytest.mark.parametrize("end,ended", [("closes", "close_notify"), ("resets", "reset")])
@pytest.mark.parametrize("body", [b"", b"part", b"x" * 300_000], ids=len)
def test_a_response_until_close_that_was_cut_does_not_look_whole(gate, connect, upstream, end, ended, body):
    received = threading.Event()

    def script(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n" + body)
        assert received.wait(PATIENCE)
        connection.reset() if end == "resets" else connection.close()

    upstream.script = script
    with connect() as client:
        client.send(request("GET", PATH, token=ALICE)).read_head()
        assert client.read_exactly(len(body)) == body
        received.set()
        assert client.is_closed()
        assert (client.ended or "reset") == ended
    reason = gate.wait_for_log(msg="request")["reason"]
    assert reason == ("ok" if end == "closes" else "upstream response cut short")


@pytest.mark.parametrize("head", ["Content-Length: 10", "Transfer-Encoding: chunked"])
def test_a_framed_response_that_was_cut_ends_the_connection(gate, connect, upstream, head):
    upstream.script = lambda connection: (connection.read_request(),
                                          connection.send(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n2\r\nok\r\n".encode()))
    with connect() as client:
        client.send(request("GET", PATH, token=ALICE)).read_head()
        assert client.read_to_end() == b"2\r\nok\r\n"
    assert gate.wait_for_log(msg="request")["reason"] == "upstream response cut short"


# ---- Websockets

def test_a_websocket_echoes_through_tls(connect, upstream):
    upstream.script = echo
    with connect() as client:
        client.send(handshake(bearer=ALICE) + b"early")
        assert client.read_head().start == b"HTTP/1.1 101 Switching Protocols"
        assert client.read_exactly(5) == b"early"
        for size in (1, 125, 16_384, 16_385, 200_000):
            client.send(pattern(size))
            assert client.read_exactly(size) == pattern(size)


def test_a_websocket_client_that_has_no_more_to_say_still_listens(connect, upstream):
    def script(connection):
        connection.read_request()
        connection.send(switching())
        connection.send(b"got " + connection.read_to_end())

    upstream.script = script
    with connect() as client:
        client.send(handshake(bearer=ALICE)).read_head()
        client.send(b"all").finish_sending()
        assert client.read_to_end() == b"got all" and client.ended == "close_notify"


def test_a_websocket_upstream_that_has_no_more_to_say_still_listens(connect, upstream):
    heard = []

    def script(connection):
        connection.read_request()
        connection.send(switching() + b"bye").finish_sending()
        heard.append(connection.read_to_end())

    upstream.script = script
    with connect() as client:
        client.send(handshake(bearer=ALICE)).read_head()
        assert client.read_to_end() == b"bye" and client.ended == "close_notify"
        client.send(b"still here").finish_sending()
        upstream.wait_until_quiet()
    assert heard == [b"still here"]
