"""How answers of an upstream behind TLS come and end, for clients in the clear and behind TLS."""

import threading

import pytest
from certificates import certificates, serving
from gate import PATIENCE, token
from test_websocket import handshake, switching
from tls_wire import TlsClient, TlsUpstream, cut
from wire import Client, ok, request

PATH = "/api/alice/x"
ALICE = token("alice")
CHUNKED_OK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


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
