"""What passes through an upstream behind TLS, with clients in the clear and behind TLS; above all, how responses end."""

import hashlib
import threading

import pytest
from certificates import certificates, serving
from gate import PATIENCE, token
from test_tls_http import pattern
from test_websocket import echo, handshake, switching
from tls_wire import TlsClient, TlsUpstream, cut
from wire import Client, ok, request

PATH = "/api/alice/x"
ALICE = token("alice")
CHUNKED = request("POST", PATH, "Transfer-Encoding: chunked", token=ALICE)
CHUNKED_OK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
MIB = 1024**2


@pytest.fixture
def upstream(certificates):
    behind = TlsUpstream(certificates.server_context(), name="localhost")
    yield behind
    behind.close()


@pytest.fixture(params=["clear", "TLS"])
def side(request):
    """How clients come."""
    return request.param


@pytest.fixture
def gate(start, certificates, side):
    settings = {} if side == "clear" else serving(certificates.server)
    return start(POSTERN_UPSTREAM_CA=certificates.ca.cert, **settings)


@pytest.fixture
def connect(gate, certificates, side):
    """connect() gives a client."""
    return lambda: Client(gate.address) if side == "clear" else TlsClient(gate.address, certificates.client_context())


def test_one_connection_carries_every_kind_of_answer(connect, upstream, side):
    rows = [(PATH, ALICE, 200), (PATH, None, 401), (PATH, token("bob"), 403), ("/elsewhere", ALICE, 404), (PATH, ALICE, 200)]
    with connect() as client:
        assert [client.get(path, token=bearer).status for path, bearer, _ in rows] == [status for *_, status in rows]
    protocol = "http" if side == "clear" else "https"
    assert [seen.head.all("X-Forwarded-Proto") for seen in upstream.requests] == [[protocol]] * 2
    assert [seen.head.all("X-User-Id") for seen in upstream.requests] == [["alice"]] * 2


def test_pipelined_requests_are_answered_in_order(connect, upstream):
    def script(connection):
        while seen := connection.read_request():
            connection.send(ok(seen.target.encode() + seen.body))

    upstream.script = script
    paths = [f"{PATH}/{number}" for number in range(30)]
    with connect() as client:
        client.send(b"".join(request("POST", path, token=ALICE, body=b"+") for path in paths))
        assert [client.read_response().body for _ in paths] == [path.encode() + b"+" for path in paths]


@pytest.mark.parametrize("framing", ["of known length", "chunked"])
def test_a_large_body_goes_up_whole(connect, upstream, framing):
    body = pattern(16 * MIB)
    with connect() as client:
        if framing == "chunked":
            client.send(CHUNKED)
            for at in range(0, len(body), 70_001):
                piece = body[at : at + 70_001]
                client.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            client.send(b"0\r\nX-Checksum: abc\r\n\r\n")
        else:
            client.send(request("POST", PATH, token=ALICE, body=body))
        assert client.read_response().status == 200
    (seen,) = upstream.requests
    assert hashlib.sha256(seen.body).digest() == hashlib.sha256(body).digest()
    assert seen.trailers == ([b"X-Checksum: abc"] if framing == "chunked" else [])


def send_answer(connection, framing, body):
    if framing == "chunked":
        connection.send(CHUNKED_OK)
        for at in range(0, len(body), 70_001):
            piece = body[at : at + 70_001]
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.send(b"0\r\nX-Checksum: abc\r\n\r\n")
    else:
        connection.send(ok(body) if framing == "of known length" else b"HTTP/1.1 200 OK\r\n\r\n" + body)


@pytest.mark.parametrize("size", [0, 1, 16_384, 16 * MIB])
@pytest.mark.parametrize("framing", ["of known length", "chunked", "until close"])
def test_a_body_comes_down_whole(gate, connect, upstream, framing, size):
    body = pattern(size)
    upstream.script = lambda connection: connection.read_request() and send_answer(connection, framing, body)
    with connect() as client:
        response = client.get(PATH, token=ALICE)
        assert hashlib.sha256(response.body).digest() == hashlib.sha256(body).digest()
        assert response.trailers == ([b"X-Checksum: abc"] if framing == "chunked" else [])
        if framing == "until close" and isinstance(client, TlsClient):
            assert client.ended == "close_notify"
    assert gate.wait_for_log(msg="request")["reason"] == "ok"


BEGUN = {  # the answer as far as it gets
    "in the head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "of known length": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok",
    "chunked": CHUNKED_OK + b"2\r\nok\r\n",
    "until close, nothing yet": b"HTTP/1.1 200 OK\r\n\r\n",
    "until close": b"HTTP/1.1 200 OK\r\n\r\nok",
    "until close, much": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000,
}


@pytest.mark.parametrize("framing", BEGUN)
def test_a_response_that_ends_without_close_notify_does_not_look_whole(gate, connect, upstream, framing):
    """Whoever is in between can end TCP, and nobody but the upstream can end TLS."""
    received = threading.Event()

    def script(connection):
        connection.read_request()
        connection.send(BEGUN[framing])
        assert framing == "in the head" or received.wait(PATIENCE)
        cut(connection)

    upstream.script = script
    with connect() as client:
        client.send(request("POST", PATH, token=ALICE, body=b"never sent twice"))
        head = client.read_head()
        if framing == "in the head":
            assert head.start == b"HTTP/1.1 502 Bad Gateway"
            return
        part = BEGUN[framing].partition(b"\r\n\r\n")[2]
        assert client.read_exactly(len(part)) == part
        received.set()
        was_reset = False
        try:
            assert not client.receive_some()
        except ConnectionResetError:
            was_reset = True
        if framing.startswith("until close"):
            assert was_reset or (isinstance(client, TlsClient) and client.ended == "cut")
    assert gate.wait_for_log(msg="request")["reason"] == "upstream response cut short"


def test_an_event_comes_when_it_is_sent(connect, upstream):
    seen = threading.Semaphore(0)

    def script(connection):
        connection.read_request()
        connection.send(CHUNKED_OK)
        for number in range(20):
            connection.send(b"6\r\nno. %02d\r\n" % number)
            assert seen.acquire(timeout=PATIENCE)
        connection.send(b"0\r\n\r\n")

    upstream.script = script
    with connect() as client:
        client.send(request("GET", PATH, token=ALICE)).read_head()
        for number in range(20):
            assert client.read_exactly(11) == b"6\r\nno. %02d\r\n" % number
            seen.release()
        assert client.read_exactly(5) == b"0\r\n\r\n"


def test_an_answer_that_comes_in_records_of_one_byte_is_one_answer(connect, upstream):
    def script(connection):
        while connection.read_request():
            for byte in CHUNKED_OK + b"5\r\nhello\r\n0\r\nX-End: 1\r\n\r\n":
                connection.send(bytes([byte]))

    upstream.script = script
    with connect() as client:
        for _ in range(2):
            response = client.get(PATH, token=ALICE)
            assert (response.status, response.body, response.trailers) == (200, b"hello", [b"X-End: 1"])


@pytest.mark.parametrize("reads_on", [True, False], ids=["and reads on", "and closes at once"])
def test_an_upstream_may_answer_before_it_has_the_request(gate, connect, upstream, reads_on):
    def script(connection):
        connection.read_head()
        connection.send(ok(b"early", "Connection: close"))
        if reads_on:
            connection.finish_sending()
            connection.read_to_end()
        # Otherwise the unread body makes this a reset, and writing fails before the answer has been read.

    upstream.script = script
    for count in range(1, 11):
        with connect() as client:
            client.send(request("POST", PATH, "Content-Length: 50000000", token=ALICE))
            try:
                for _ in range(20):
                    client.send(b"x" * 100_000)
            except ConnectionError:
                pass  # the gate has ended this upload
            assert client.read_response().body == b"early"
        gate.wait_for_log(count, msg="request", reason="ok")
    upstream.wait_until_quiet()


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
        upstream.wait_until_quiet()
    assert heard == [b"all"]
    assert gate.wait_for_log(msg="request", status=101)["reason"] == "ok"


@pytest.mark.parametrize("end", ["cuts", "resets"])
def test_a_websocket_whose_upstream_breaks_off_ends(gate, connect, upstream, end):
    def script(connection):
        connection.read_request()
        connection.send(switching() + b"hello")
        connection.read_exactly(5)
        if end == "cuts":
            cut(connection)
        else:
            connection.socket = connection.socket.plain
            connection.reset()

    upstream.script = script
    with connect() as client:
        client.send(handshake(bearer=ALICE)).read_head()
        assert client.read_exactly(5) == b"hello"
        client.send(b"hello").read_to_end()
    assert gate.wait_for_log(msg="request", status=101)["reason"] == "upstream response cut short"
