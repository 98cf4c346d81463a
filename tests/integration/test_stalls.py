"""Which side is told of a stall while a request body is on its way: the one that stalls."""

import json
import threading
import time

import pytest
from gate import PATIENCE, token
from leaving import TooLate, send_until_answered, send_until_unread, wait_until_closed
from upstream import Upstream
from wire import Client, ok, request

PATH = "/api/alice/x"
SHORT, LONG = "500ms", "4s"
HUGE = 100_000_000
FRAMINGS = {
    "of known length": (f"Content-Length: {HUGE}", b""),
    "chunked": ("Transfer-Encoding: chunked", b"%X\r\n" % HUGE),
}


def post(framing):
    fields, beginning = FRAMINGS[framing]
    return request("POST", PATH, fields, token=token()) + beginning


def check_gateway_timeout(client):
    response = client.read_response()
    assert (response.status, json.loads(response.body)) == (504, {"detail": "Gateway Timeout"})
    assert response.head.one("Connection") == "close"


@pytest.fixture
def deaf(tmp_path):
    """On a unix socket, which holds little: reads nothing until its connection ends."""
    behind = Upstream(tmp_path / "service", wait_until_closed)
    yield behind
    behind.close()


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_service_that_stops_reading_a_body_is_504(start, deaf, framing):
    gate = start(deaf.url, POSTERN_RESPONSE_TIMEOUT=SHORT, POSTERN_STREAM_IDLE_TIMEOUT=LONG)
    with Client(gate.address).send(post(framing)) as client:
        send_until_answered(client, b"x" * 100_000)
        check_gateway_timeout(client)
    gate.wait_for_log(msg="request", status=504, reason="upstream timeout")
    deaf.wait_until_quiet()


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("read", [50_000, 5_000_000])
def test_the_same_after_a_part(start, upstream, framing, read):
    def script(connection):
        connection.read_head()
        connection.read_exactly(read)
        wait_until_closed(connection)

    upstream.script = script
    gate = start(POSTERN_RESPONSE_TIMEOUT=SHORT, POSTERN_STREAM_IDLE_TIMEOUT=LONG)
    with Client(gate.address).send(post(framing)) as client:
        send_until_answered(client, b"x" * 100_000)
        check_gateway_timeout(client)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_client_that_stalls_as_well_hears_of_the_services_fault(start, deaf, framing):
    def in_time(seconds):
        gate = start(deaf.url, POSTERN_RESPONSE_TIMEOUT=f"{seconds}s", POSTERN_STREAM_IDLE_TIMEOUT=f"{seconds * 500}ms")
        with Client(gate.address).send(post(framing)) as client:
            try:
                send_until_unread(client, gate)
            except (TooLate, ConnectionError):
                return False
            check_gateway_timeout(client)
        gate.wait_for_log(msg="request", status=504, reason="upstream timeout")
        return True

    # A busy machine needs longer until the test is ready.
    assert any(in_time(seconds) for seconds in (1, 4, 16, 50))
    deaf.wait_until_quiet()


@pytest.mark.parametrize("response_timeout", ["100ms", LONG], ids=["the shorter one", "the longer one"])
@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_client_that_stalls_alone_is_closed_whatever_the_services_timeout(start, upstream, framing, response_timeout):
    gate = start(POSTERN_RESPONSE_TIMEOUT=response_timeout, POSTERN_STREAM_IDLE_TIMEOUT="1s")
    with Client(gate.address).send(post(framing) + b"0123") as client:
        began = time.monotonic()
        assert client.read_to_end() == b""
        assert time.monotonic() - began > 0.9
    gate.wait_for_log(msg="request", reason="stream idle timeout")
    upstream.wait_until_quiet()
    assert upstream.requests == []


def test_a_service_that_reads_slowly_is_no_stall(start, upstream):
    longest = 0

    def script(connection):
        """Reads a part at a time until the timeout is over, then the rest; longest: it paused without wanting to."""
        nonlocal longest
        began = before = time.monotonic()
        size = int(connection.read_head().one("Content-Length")) - len(connection.buffer)
        while size > 0:
            got = len(connection.socket.recv(500_000))
            if got == 0:
                return
            size -= got
            longest = max(longest, time.monotonic() - before)
            before = time.monotonic()
            if before - began < 1.3 * seconds:
                time.sleep(0.02 * seconds)
        connection.buffer = b""
        assert time.monotonic() - began > 1.2 * seconds, "too fast to show anything"
        connection.send(ok())

    upstream.script = script
    # A machine so busy that the service itself stood still for that long shows nothing.
    for seconds in (1, 4, 16):
        longest = 0
        gate = start(POSTERN_RESPONSE_TIMEOUT=f"{seconds}s", POSTERN_STREAM_IDLE_TIMEOUT=f"{seconds}s")
        with Client(gate.address) as client:
            try:
                status = client.send(request("POST", PATH, token=token(), body=b"x" * 50_000_000)).read_response().status
            except ConnectionError:
                status = 504  # with a reset, for what was sent meanwhile
        if status == 200:
            return
        assert status == 504 and longest > seconds / 2, longest
    raise AssertionError("the machine is too busy for this test")


EXPECTING = request("POST", PATH, "Expect: 100-continue", "Content-Length: 4", token=token())


def test_a_client_that_waits_for_100_and_a_service_that_is_silent_is_504(start, deaf):
    gate = start(deaf.url, POSTERN_RESPONSE_TIMEOUT=SHORT, POSTERN_STREAM_IDLE_TIMEOUT=LONG)
    with Client(gate.address).send(EXPECTING) as client:
        check_gateway_timeout(client)
    gate.wait_for_log(msg="request", status=504, reason="upstream timeout")
    deaf.wait_until_quiet()


def test_a_client_that_has_100_and_stalls_is_closed(start, upstream):
    def script(connection):
        connection.read_head()
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.is_closed()

    upstream.script = script
    gate = start(POSTERN_RESPONSE_TIMEOUT="2s", POSTERN_STREAM_IDLE_TIMEOUT="4s")
    with Client(gate.address).send(EXPECTING) as client:
        assert client.read_head().start.startswith(b"HTTP/1.1 100 ")
        assert client.read_to_end() == b""
    gate.wait_for_log(msg="request", reason="stream idle timeout")


def test_an_early_answer_is_told_though_nobody_reads_the_body(start, tmp_path):
    over = threading.Event()

    def script(connection):
        connection.read_head()
        connection.send(ok(b"early"))
        over.wait(PATIENCE)

    behind = Upstream(tmp_path / "service", script)
    gate = start(behind.url, POSTERN_RESPONSE_TIMEOUT=SHORT)
    with Client(gate.address).send(post("chunked")) as client:
        send_until_answered(client, b"x" * 100_000)
        assert client.read_response().body == b"early"
    over.set()
    behind.close()
