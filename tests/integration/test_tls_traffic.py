"""What works in the clear works where the client's side, the upstream's, or both are behind TLS."""

import hashlib
import threading

import pytest
from certificates import certificates, serving
from gate import PATIENCE, token
from test_websocket import echo, handshake, switching
from tls_wire import TlsClient, TlsUpstream
from upstream import Upstream
from wire import Client, ok, request

PATH = "/api/alice/x"
ALICE = token("alice")
CHUNKED_OK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
MIB = 1024**2


@pytest.fixture(params=[("TLS", "clear"), ("clear", "TLS"), ("TLS", "TLS")], ids=lambda sides: " to ".join(sides))
def sides(request):
    """How clients come to the gate, and the gate to the upstream."""
    return request.param


@pytest.fixture
def upstream(certificates, sides):
    behind = Upstream() if sides[1] == "clear" else TlsUpstream(certificates.server_context(), name="localhost")
    yield behind
    behind.close()


@pytest.fixture
def gate(start, certificates, sides):
    client_side = serving(certificates.server) if sides[0] == "TLS" else {}
    upstream_side = {"POSTERN_UPSTREAM_CA": certificates.ca.cert} if sides[1] == "TLS" else {}
    return start(**client_side, **upstream_side)


@pytest.fixture
def connect(gate, certificates, sides):
    """connect() gives a client."""
    return lambda: Client(gate.address) if sides[0] == "clear" else TlsClient(gate.address, certificates.client_context())


def pattern(size):
    """Of a period that divides no power of two, so that a piece lost, doubled or misplaced shows."""
    period = bytes(range(251)) * 4001
    return (period * (size // len(period) + 1))[:size]


def send_chunked(connection, body):
    """The body in chunks that fall across records, and a trailer."""
    for at in range(0, len(body), 70_001):
        piece = body[at : at + 70_001]
        connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    connection.send(b"0\r\nX-Checksum: abc\r\n\r\n")


def said_goodbye(client):
    """Whether the gate ended its side as a whole one ends; in the clear there is nothing more to see than the end."""
    return client.is_closed() and (not isinstance(client, TlsClient) or client.ended == "close_notify")


def test_one_connection_carries_every_kind_of_answer(connect, upstream, sides):
    rows = [(PATH, ALICE, 200), (PATH, None, 401), (PATH, token("bob"), 403), ("/elsewhere", ALICE, 404), (PATH, ALICE, 200),
            ("/api//x", ALICE, 400)]
    with connect() as client:
        assert [client.get(path, token=bearer).status for path, bearer, _ in rows] == [status for *_, status in rows]
        assert said_goodbye(client)
    protocol = "https" if sides[0] == "TLS" else "http"
    assert [seen.head.all("X-Forwarded-Proto") for seen in upstream.requests] == [[protocol]] * 2
    assert [seen.head.all("X-User-Id") for seen in upstream.requests] == [["alice"]] * 2


def test_pipelined_requests_are_answered_in_order(connect, upstream):
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


@pytest.mark.parametrize("framing", ["of known length", "chunked"])
def test_a_large_body_goes_up_whole(connect, upstream, framing):
    body = pattern(16 * MIB)
    with connect() as client:
        if framing == "chunked":
            client.send(request("POST", PATH, "Transfer-Encoding: chunked", token=ALICE))
            send_chunked(client, body)
        else:
            client.send(request("POST", PATH, token=ALICE, body=body))
        assert client.read_response().status == 200
        assert client.get(PATH, token=ALICE).status == 200
    seen = upstream.requests[0]
    assert hashlib.sha256(seen.body).digest() == hashlib.sha256(body).digest()
    assert seen.trailers == ([b"X-Checksum: abc"] if framing == "chunked" else [])


@pytest.mark.parametrize("size", [0, 1, 16_384, 16 * MIB])
@pytest.mark.parametrize("framing", ["of known length", "chunked", "until close"])
def test_a_body_comes_down_whole(gate, connect, upstream, framing, size):
    body = pattern(size)

    def script(connection):
        connection.read_request()
        if framing == "chunked":
            connection.send(CHUNKED_OK)
            send_chunked(connection, body)
        else:
            connection.send(ok(body) if framing == "of known length" else b"HTTP/1.1 200 OK\r\n\r\n" + body)

    upstream.script = script
    with connect() as client:
        response = client.get(PATH, token=ALICE)
        assert hashlib.sha256(response.body).digest() == hashlib.sha256(body).digest()
        assert response.trailers == ([b"X-Checksum: abc"] if framing == "chunked" else [])
        if framing == "until close":
            assert said_goodbye(client)
    assert gate.wait_for_log(msg="request")["reason"] == "ok"


def test_an_event_comes_when_it_is_sent(connect, upstream):
    seen = threading.Semaphore(0)

    def script(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(20):
            connection.send(b"a\r\ndata: %02d\n\n\r\n" % number)
            assert seen.acquire(timeout=PATIENCE)
        connection.send(b"0\r\n\r\n")

    upstream.script = script
    with connect() as client:
        client.send(request("GET", PATH, token=ALICE)).read_head()
        for number in range(20):
            event = b"a\r\ndata: %02d\n\n\r\n" % number
            assert client.read_exactly(len(event)) == event
            seen.release()
        assert client.read_exactly(5) == b"0\r\n\r\n"
        upstream.script = lambda connection: connection.read_request() and connection.send(ok())
        assert client.get(PATH, token=ALICE).status == 200


def test_a_websocket_echoes(connect, upstream):
    upstream.script = echo
    with connect() as client:
        client.send(handshake(bearer=ALICE) + b"early")
        assert client.read_head().start == b"HTTP/1.1 101 Switching Protocols"
        assert client.read_exactly(5) == b"early"
        for size in (1, 125, 16_384, 16_385, 200_000):
            client.send(pattern(size))
            assert client.read_exactly(size) == pattern(size)


@pytest.mark.parametrize("first", ["client", "upstream"])
def test_either_end_of_a_websocket_may_end_its_side_and_still_listen(gate, connect, upstream, first):
    heard = []

    def script(connection):
        connection.read_request()
        connection.send(switching())
        if first == "upstream":
            connection.send(b"bye").finish_sending()
        heard.append(connection.read_to_end())
        if first == "client":
            connection.send(b"heard").finish_sending()

    upstream.script = script
    with connect() as client:
        client.send(handshake(bearer=ALICE)).read_head()
        if first == "upstream":
            assert client.read_to_end() == b"bye"
        client.send(b"all").finish_sending()
        if first == "client":
            assert client.read_to_end() == b"heard"
        assert said_goodbye(client)
        upstream.wait_until_quiet()
    assert heard == [b"all"]
    assert gate.wait_for_log(msg="request", status=101)["reason"] == "ok"
