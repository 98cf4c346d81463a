"""Clients that stop in the middle of TLS, speak something else, or break off; and what a gate that must end says under TLS."""

import resource
import signal
import ssl
import threading
from contextlib import suppress
from itertools import count

import pytest
from certificates import certificates, serving
from gate import PATIENCE, token
from test_overload import check_turned_away
from test_websocket import echo, handshake
from tls_wire import TlsClient, TlsFailure, TlsSocket, is_cut
from wire import Client, ok, request

PATH = "/api/alice/x"
ALICE = token("alice")
GET = request("GET", PATH, token=ALICE)
SHORT = "300ms"
AT_ONCE = 40


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))


@pytest.fixture
def narrow(start, certificates):
    """With one thread and so few descriptors that a few dozen leaked ones would end its service."""
    return start(preexec=few_descriptors, POSTERN_THREADS="1", POSTERN_ADMIN_LISTEN="off",
                 **serving(certificates.server, POSTERN_HEADER_TIMEOUT=SHORT))


@pytest.fixture
def gate(start, certificates):
    return start(**serving(certificates.server))


@pytest.fixture
def connect(gate, certificates):
    """connect() gives a client that speaks TLS with the gate."""
    return lambda: TlsClient(gate.address, certificates.client_context())


def check_served(gate, certificates):
    """Now or soon: a busy machine may not shake hands within SHORT each time."""
    for last in (False, False, False, False, True):
        try:
            with TlsClient(gate.address, certificates.client_context()) as client:
                assert client.get(PATH, token=ALICE).status == 200
                return
        except TlsFailure:
            assert not last


# ---- The handshake

def halt_after(size, client, context):
    """Sends the first so many bytes of a client's handshake; False when those are all."""
    tls = TlsSocket(client.socket, context, name="gate")
    try:
        while True:
            over = tls.advance()
            flight = tls.records()
            client.send(flight[:size])
            size -= len(flight)
            if size <= 0 or over:
                return size < 0 or not over
            tls.hear()
    except (ssl.SSLError, ConnectionError) as error:
        assert isinstance(error, ConnectionError) or is_cut(error), error
        return True  # this took so long that its time was over


def half_close(client):
    with suppress(OSError):  # its time may be over already
        client.finish_sending()
    client.read_to_end()


HALTS = {
    "says nothing more": lambda client: client.read_to_end(),
    "closes": lambda client: client.close(),
    "half-closes": half_close,
    "resets": lambda client: client.reset(),
}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"])
@pytest.mark.parametrize("halt", HALTS)
def test_a_handshake_may_halt_at_any_byte(narrow, upstream, certificates, halt, version):
    context = certificates.client_context()
    context.minimum_version = context.maximum_version = version
    sizes, more = count(1), True
    while more:
        clients = [Client(narrow.address) for _ in range(AT_ONCE)]
        for client, size in zip(clients, sizes):
            more = more and halt_after(size, client, context)
            if not more:
                break
        for client in clients:
            HALTS[halt](client)
            client.close()
    assert next(sizes) > 250  # bytes that a client has to say at least
    check_served(narrow, certificates)
    assert [seen.target for seen in upstream.requests] == [PATH]


NO_TLS = [
    ("a request", GET),
    ("a long request", request("POST", PATH, token=ALICE, body=b"x" * 100_000)),
    ("garbage", b"garbage\r\n\r\n"),
    ("zeros", bytes(100)),
    ("a record of another kind", b"\x17\x03\x03\x00\x05hello"),
    ("an alert", b"\x15\x03\x01\x00\x02\x02\x28"),
    ("a record too long", b"\x16\x03\x01\xff\xff" + b"x" * 70_000),
    ("a hello without end", b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + b"x" * 16_380),
    ("SSL 2", b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + b"\x01\x00\x80" * 7 + bytes(16)),
    ("HTTP/2 in the clear", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("a PROXY header", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
]


@pytest.mark.parametrize("what,sent", NO_TLS, ids=[row[0] for row in NO_TLS])
def test_what_is_no_tls_is_closed_and_goes_nowhere(narrow, upstream, certificates, what, sent):
    for _ in range(3):
        with Client(narrow.address) as client:
            try:
                client.send(sent)
            except ConnectionError:
                pass
            assert b"HTTP" not in client.read_to_end()
    assert upstream.connections == 0 and narrow.requests() == []
    check_served(narrow, certificates)


# ---- Afterwards

def test_a_head_that_stops_coming_is_408(start, certificates):
    gate = start(**serving(certificates.server, POSTERN_HEADER_TIMEOUT=SHORT))
    with TlsClient(gate.address, certificates.client_context()) as client:
        assert client.send(GET[:-1]).read_response().status == 408
        assert client.is_closed() and client.ended == "close_notify"
    with TlsClient(gate.address, certificates.client_context()) as client:  # no head at all, no answer
        assert client.is_closed() and client.ended == "close_notify"


def test_a_record_that_was_tampered_with_ends_the_connection(connect, gate, upstream):
    for at in (0, 1, 5, -1):  # the kind, the version, what is encrypted, its authentication
        with connect() as client:
            client.tls.write(GET)
            record = bytearray(client.socket.records())
            record[at] ^= 1
            client.plain.sendall(bytes(record))
            with pytest.raises(TlsFailure, match="alert"):
                client.read_to_end()
    assert upstream.connections == 0 and gate.requests() == []


def test_a_request_cut_in_the_middle_of_its_body_is_no_request(gate, connect, upstream):
    for body in (b"", b"01234"):
        with connect() as client:
            client.send(request("POST", PATH, "Content-Length: 10", token=ALICE) + body)
            upstream.wait_for_connections(1)
            client.cut()
    for count_ in (1, 2):
        assert gate.wait_for_log(count_, msg="request")["reason"] == "client went away"
    upstream.wait_until_quiet()
    assert upstream.requests == []


@pytest.mark.parametrize("end", ["cuts", "resets", "says goodbye"])
def test_connections_come_and_go_without_a_trace(start, certificates, end):
    narrow = start(preexec=few_descriptors, POSTERN_THREADS="1", POSTERN_ADMIN_LISTEN="off", **serving(certificates.server))
    context = certificates.client_context()
    for _ in range(150):
        client = TlsClient(narrow.address, context)
        client.send(GET)
        {"cuts": client.cut, "resets": client.reset, "says goodbye": client.close}[end]()
    check_served(narrow, certificates)


def test_one_connection_more_than_allowed_hears_503_through_tls(start, upstream, certificates):
    context = certificates.client_context()
    gate = start(**serving(certificates.server, POSTERN_MAX_CONNECTIONS="2"))
    clients = [TlsClient(gate.address, context) for _ in range(2)]
    for _ in range(3):
        with TlsClient(gate.address, context) as late:
            check_turned_away(late)  # before it has sent anything
            assert late.ended == "close_notify"
        with TlsClient(gate.address, context) as late:
            check_turned_away(late.send(GET))
    assert upstream.connections == 0
    for client in clients:
        assert client.get(PATH, token=ALICE).status == 200
        client.close()
    while True:  # a freed place shows when a connection is served again
        with TlsClient(gate.address, context) as client:
            if client.get(PATH, token=ALICE).status == 200:
                break


def test_a_client_that_stops_reading_is_cut_and_does_not_hear_goodbye(start, upstream, certificates):
    def streams(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.send(b"x" * 100_000)

    upstream.script = streams
    gate = start(**serving(certificates.server, POSTERN_STREAM_IDLE_TIMEOUT=SHORT))
    with TlsClient(gate.address, certificates.client_context()) as client:
        client.send(GET)
        gate.wait_for_log(msg="request", reason="stream idle timeout")
        client.read_to_end()
        assert client.ended != "close_notify"
    upstream.wait_until_quiet()


@pytest.mark.parametrize("fields", [[], ["Connection: close"]], ids=["kept open", "Connection: close"])
def test_goodbye_waits_for_a_client_that_reads_late(start, upstream, certificates, tmp_path, fields):
    """A unix socket's buffer has no room beyond its size: with one of these sizes it is full when the response ends."""
    sent = threading.Semaphore(0)

    def script(connection):
        size = int(connection.read_request().target.rpartition("/")[2])
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * size).close()
        sent.release()

    upstream.script = script
    gate = start(**serving(certificates.server, POSTERN_LISTEN=f"unix:{tmp_path}/gate", POSTERN_THREADS="1"))
    context = certificates.client_context()
    with TlsClient(str(tmp_path / "gate"), context) as other:
        for size in range(150_000, 250_000, 1_000):
            with TlsClient(str(tmp_path / "gate"), context) as client:
                client.send(request("GET", f"{PATH}/{size}", *fields, token=ALICE))
                assert sent.acquire(timeout=PATIENCE)
                for _ in range(3):  # the gate has turned to others after this one
                    assert other.get(PATH).status == 401
                assert len(client.read_response().body) == size
                assert client.ended == "close_notify", size


def test_a_drain_ends_what_is_idle_with_goodbye_and_lets_the_rest_finish(gate, connect, upstream):
    released = threading.Event()

    def held(connection):
        while connection.read_request():
            assert released.wait(PATIENCE)
            connection.send(ok(b"late"))

    upstream.script = held
    with connect() as busy, connect() as idle, connect() as new:
        assert idle.get(PATH).status == 401
        busy.send(GET)
        upstream.wait_for_requests(1)
        gate.signal(signal.SIGTERM)
        for client in (idle, new):
            assert client.is_closed() and client.ended == "close_notify"
        released.set()
        response = busy.read_response()
        assert (response.body, response.head.one("Connection")) == (b"late", "close")
        assert busy.is_closed() and busy.ended == "close_notify"
    assert gate.wait() == 0


def test_a_websocket_that_the_drain_ends_is_told_so_through_tls(start, upstream, certificates):
    upstream.script = echo
    gate = start(**serving(certificates.server, POSTERN_DRAIN_TIMEOUT=SHORT))
    with TlsClient(gate.address, certificates.client_context()) as client:
        assert client.send(handshake(bearer=ALICE)).read_head().start == b"HTTP/1.1 101 Switching Protocols"
        gate.signal(signal.SIGTERM)
        frame = client.read_exactly(4)
        assert frame[:1] == b"\x88" and frame[2:] == (1001).to_bytes(2, "big")
        assert len(client.read_to_end()) == frame[1] - 2 and client.ended == "close_notify"
    assert gate.wait() == 0
