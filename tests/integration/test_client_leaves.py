"""A client that leaves while the service is silent: the service hears of it, as it would without the gate between."""

import queue
import threading
import time

import pytest
from certificates import certificates, serving
from gate import PATIENCE, token
from leaving import (GIVE_UP, LEAVINGS, check_prompt, close, half_close, reset, send_until_stuck, send_until_unread,
                     wait_until_closed)
from tls_wire import TlsClient
from upstream import Upstream
from websocket import Tunnels
from wire import Client, Closed, ok, request

PATH = "/api/alice/x"
GET = request("GET", PATH, token=token())
LEFT = {"msg": "request", "reason": "client went away"}
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = b"6\r\ndata:\n\r\n"
BEGINNINGS = {  # what the service has sent when it falls silent
    "before the answer": b"",
    "within its head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "behind an interim response": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
    "before the first event": CHUNKED,
    "between two events": CHUNKED + EVENT,
    "within a body of known length": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234",
    "within a body until close": b"HTTP/1.1 200 OK\r\n\r\n01234",
}


class Silent:
    """A script that reads a request, sends a beginning and then waits for the end of its connection."""

    def __init__(self, beginning=b"", read=lambda connection: connection.read_request()):
        self.beginning = beginning
        self.read = read
        self.began = queue.Queue()
        self.ended = queue.Queue()

    def __call__(self, connection):
        self.read(connection)
        connection.send(self.beginning)
        self.began.put(connection)
        wait_until_closed(connection)
        self.ended.put(time.monotonic())

    def took(self, leave, client):
        """Seconds from the client's leaving to the end of the service's connection."""
        left_at = time.monotonic()
        leave(client)
        return self.ended.get(timeout=GIVE_UP) - left_at


@pytest.mark.parametrize("leave", LEAVINGS.values(), ids=LEAVINGS)
@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS)
def test_the_service_hears_of_it_within_a_second(gate, upstream, beginning, leave):
    upstream.script = silent = Silent(beginning)

    def once():
        with Client(gate.address).send(GET) as client:
            _, mark, rest = beginning.partition(b"\r\n\r\n")
            if mark:
                client.read_head()
                assert client.read_exactly(len(rest)) == rest
            silent.began.get(timeout=PATIENCE)
            took = silent.took(leave, client)
            if leave is half_close:
                client.read_to_end()
        return took

    check_prompt(once)
    gate.wait_for_log(**LEFT)
    assert {line["reason"] for line in gate.requests()} == {"client went away"}
    upstream.wait_until_quiet()


@pytest.mark.parametrize("leave", LEAVINGS.values(), ids=LEAVINGS)
def test_though_pipelined_bytes_wait_unread(gate, upstream, leave):
    upstream.script = silent = Silent()

    def once():
        with Client(gate.address).send(GET + GET) as client:
            silent.began.get(timeout=PATIENCE)
            client.send(GET * 10)
            return silent.took(leave, client)

    check_prompt(once)
    gate.wait_for_log(**LEFT)
    upstream.wait_until_quiet()


TLS_LEAVINGS = {"says goodbye": half_close, "breaks off": lambda client: client.cut(), "resets": reset}


@pytest.mark.parametrize("leave", TLS_LEAVINGS.values(), ids=TLS_LEAVINGS)
@pytest.mark.parametrize("beginning", [b"", CHUNKED + EVENT], ids=["before the answer", "between two events"])
def test_a_tls_client_is_missed_as_well(start, upstream, certificates, beginning, leave):
    gate = start(**serving(certificates.server))
    upstream.script = silent = Silent(beginning)

    def once():
        with TlsClient(gate.address, certificates.client_context()) as client:
            client.send(GET)
            if beginning:
                client.read_until(EVENT)
            silent.began.get(timeout=PATIENCE)
            return silent.took(leave, client)

    check_prompt(once)
    gate.wait_for_log(**LEFT)
    upstream.wait_until_quiet()


UPLOADS = {
    "of known length": request("POST", PATH, "Content-Length: 1000000", token=token()),
    "chunked": request("POST", PATH, "Transfer-Encoding: chunked", token=token()) + b"F4240\r\n",
}


@pytest.mark.parametrize("leave", [close, reset, half_close])
@pytest.mark.parametrize("name", UPLOADS)
def test_an_upload_that_the_service_does_not_read_is_over(start, tmp_path, name, leave):
    """A unix socket holds little of it: the rest waits in front of the gate, and the FIN behind it."""
    over = threading.Event()
    behind = Upstream(tmp_path / "service", lambda connection: over.wait(PATIENCE))
    gate = start(behind.url)
    count = 0

    def once():
        nonlocal count
        count += 1
        with Client(gate.address).send(UPLOADS[name]) as client:
            send_until_unread(client, gate)
            left_at = time.monotonic()
            leave(client)
            gate.wait_for_log(count, **LEFT)
            return time.monotonic() - left_at

    check_prompt(once)
    over.set()
    behind.close()


def test_a_reset_is_heard_though_no_byte_more_fits_anywhere(gate, upstream):
    over = threading.Event()
    upstream.script = lambda connection: connection.read_head() and over.wait(PATIENCE)

    def once():
        count = len(gate.requests()) + 1
        client = Client(gate.address).send(request("POST", PATH, "Content-Length: 100000000", token=token()))
        send_until_stuck(client, b"x" * 100_000)
        left_at = time.monotonic()
        client.reset()
        gate.wait_for_log(count, **LEFT)
        return time.monotonic() - left_at

    check_prompt(once)
    over.set()


@pytest.fixture
def tunnels(upstream, start):
    upstream.script = tunnels = Tunnels()
    yield tunnels
    tunnels.close()


@pytest.mark.parametrize("leave", LEAVINGS.values(), ids=LEAVINGS)
def test_a_silent_websocket_is_over(gate, tunnels, leave):
    def once():
        count = len(gate.requests()) + 1
        tunnel = tunnels.open(gate.address, token())
        left_at = time.monotonic()
        leave(tunnel.client)
        gate.wait_for_log(count, status=101, **LEFT)
        took = time.monotonic() - left_at
        assert tunnel.behind.is_closed()
        return took

    check_prompt(once)


@pytest.mark.parametrize("leave", [close, reset])
def test_a_websocket_whose_upstream_reads_nothing_is_over(start, tmp_path, leave):
    tunnels = Tunnels()
    behind = Upstream(tmp_path / "service", tunnels)
    gate = start(behind.url)

    def once():
        count = len(gate.requests()) + 1
        tunnel = tunnels.open(gate.address, token())
        tunnel.client.send(b"\x82\xff" + (1 << 20).to_bytes(8, "big") + bytes(4))
        send_until_unread(tunnel.client, gate)
        left_at = time.monotonic()
        leave(tunnel.client)
        gate.wait_for_log(count, status=101, **LEFT)
        return time.monotonic() - left_at

    check_prompt(once)
    tunnels.close()
    behind.close()


def gets_all_though_half_closed(gate, body):
    """Tried again: a busy machine may be silent for longer than a client is waited for, but not every time."""

    def once():
        with Client(gate.address) as client:
            client.send(GET).finish_sending()
            try:
                response = client.read_response()
            except (Closed, ConnectionResetError):
                return False
            assert (response.status, response.body) == (200, body)
            return client.is_closed()

    return any(once() for _ in range(5))


def test_who_half_closes_behind_a_request_still_gets_a_quick_answer(gate):
    assert all(gets_all_though_half_closed(gate, b"ok") for _ in range(100))


def test_who_half_closes_gets_the_whole_of_a_response_that_moves(gate, upstream):
    """It is in silence that a client is looked for."""

    def script(connection):
        connection.read_request()
        connection.send(CHUNKED)
        for _ in range(60):
            connection.send(EVENT)
            time.sleep(0.02)
        connection.send(b"0\r\n\r\n")

    upstream.script = script
    assert gets_all_though_half_closed(gate, b"data:\n" * 60)


def test_an_idle_connection_and_other_requests_are_left_alone(start, upstream):
    gate = start(POSTERN_THREADS="1")
    upstream.script = silent = Silent()
    with Client(gate.address) as staying, Client(gate.address) as idle:
        staying.send(GET)
        behind = silent.began.get(timeout=PATIENCE)
        leaving = Client(gate.address).send(GET)
        silent.began.get(timeout=PATIENCE)
        leaving.close()
        gate.wait_for_log(**LEFT)
        behind.send(ok(b"ok", "Connection: close"))
        assert staying.read_response().status == 200
        upstream.script = lambda connection: connection.read_request() and connection.send(ok())
        assert idle.get(PATH, token=token()).status == 200
