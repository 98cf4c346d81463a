"""What is asked of the kernel for a request, and that an end which came together with bytes is seen though the gate
asks no more often than it must."""

import re
import signal
import subprocess
import threading

import pytest
from gate import PATIENCE, token
from leaving import half_close, reset
from upstream import answer_ok
from wire import Client, ok, request

PATH = "/api/alice/x"
ALICE = token()
GET = request("GET", PATH, token=ALICE)
REQUESTS = 20
# The client's request, a look at the idle connection to the service, the service's answer.
RECEIVES = 3


class Tracer:
    """strace of a running gate: its receives, one a line."""

    def __init__(self, pid, file):
        self.file = file
        command = ["strace", "-f", "-qq", "-e", "trace=recvfrom,recvmsg,read", "-e", "signal=none", "-o", file, "-p", str(pid)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=PATIENCE)
        return re.findall(r"recv(?:from|msg)\(.*", self.file.read_text())


def is_traced(pid):
    with open(f"/proc/{pid}/status") as status:
        return not re.search(r"^TracerPid:\s+0$", status.read(), re.MULTILINE)


def test_a_request_costs_three_receives(start, tmp_path):
    gate = start(POSTERN_THREADS="1", POSTERN_UPSTREAM_IDLE_TIMEOUT="60s")
    with Client(gate.address) as client:
        client.get(PATH, token=ALICE)
        tracer = Tracer(gate.pid, tmp_path / "receives")
        # Traced from here on: the first requests are the event to wait for.
        asked = 0
        while not (tmp_path / "receives").exists() or not is_traced(gate.pid) or "recvfrom" not in tracer.file.read_text():
            client.get(PATH, token=ALICE)
            asked += 1
            assert asked < 10_000, "strace does not begin"
        before = len(re.findall("recvfrom", tracer.file.read_text()))
        for _ in range(REQUESTS):
            client.get(PATH, token=ALICE)
        receives = tracer.stop()
    # The head of the last request before may be told late, so one request more or less.
    assert abs(len(receives) - before - REQUESTS * RECEIVES) <= RECEIVES, receives[before:]


def stopped(gate, arrive):
    """What arrives while the gate stands still reaches it as one event."""
    gate.signal(signal.SIGSTOP)
    try:
        arrive()
    finally:
        gate.signal(signal.SIGCONT)


def test_a_client_that_ends_with_its_request_is_answered_and_let_go(gate):
    with Client(gate.address) as client:
        client.get(PATH, token=ALICE)
        stopped(gate, lambda: (client.send(GET), half_close(client)))
        assert client.read_response().status == 200
        assert client.read_to_end() == b""


def test_a_client_that_resets_with_its_request_holds_nothing(gate, upstream):
    client = Client(gate.address)
    client.get(PATH, token=ALICE)
    stopped(gate, lambda: (client.send(GET), reset(client)))
    upstream.wait_for_requests(1)
    with Client(gate.address) as other:
        assert other.get(PATH, token=ALICE).status == 200


ENDINGS = {  # what the service sends together with its end
    "until close": (b"HTTP/1.1 200 OK\r\n\r\nwhole", b"whole"),
    "of known length": (ok(b"whole"), b"whole"),
    "chunked": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n", b"whole"),
}


@pytest.mark.parametrize("answer, body", ENDINGS.values(), ids=ENDINGS)
def test_an_answer_and_the_end_of_its_connection_at_once(gate, upstream, answer, body):
    def script(connection):
        connection.read_request()
        stopped(gate, lambda: (connection.send(answer), connection.close()))

    upstream.script = script
    with Client(gate.address) as client:
        response = client.get(PATH, token=ALICE)
        assert response.status == 200
        assert response.body == body
    upstream.script = answer_ok
    with Client(gate.address) as client:
        assert client.get(PATH, token=ALICE).status == 200


def test_the_rest_of_a_body_that_came_with_the_end(gate, upstream):
    begun = threading.Event()

    def script(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\nbegin")
        assert begun.wait(PATIENCE)
        stopped(gate, lambda: (connection.send(b" end"), connection.close()))

    upstream.script = script
    with Client(gate.address) as client:
        client.send(GET)
        client.read_until(b"begin")
        begun.set()
        assert client.read_to_end() == b" end"
