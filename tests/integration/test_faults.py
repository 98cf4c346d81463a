"""Clients that stop at any byte of a request, or in the middle of the response."""

import resource
import threading

import pytest
from gate import PATIENCE, token
from wire import Client, Head, ok, request

MIB = 1024 * 1024
PATH = "/api/alice/x"
LENGTH = request("POST", PATH, token=token(), body=b"0123456789")
CHUNKED = request("POST", PATH, "Transfer-Encoding: chunked", token=token())
CHUNKED += b"4;a=b\r\n0123\r\n6\r\n456789\r\n0\r\nX-End: 1\r\n\r\n"
REQUESTS = {"a Content-Length body": LENGTH, "a chunked body": CHUNKED}


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


@pytest.fixture
def narrow_gate(start):
    """With one thread and so few descriptors that a few dozen leaked ones would end its service."""
    return start(preexec=few_descriptors, POSTERN_THREADS="1", POSTERN_ADMIN_LISTEN="off")


class Tape:
    """An upstream script that notes every byte it gets, and answers whole requests once."""

    def __init__(self):
        self.cut = []

    def __call__(self, connection):
        raw = b""
        while not self.is_whole(raw):
            if not connection.receive_some():
                self.cut.append(raw)
                return
            raw += connection.buffer
            connection.buffer = b""
        connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")

    @staticmethod
    def is_whole(raw):
        head, mark, body = raw.partition(b"\r\n\r\n")
        if not mark:
            return False
        length = Head(head).one("Content-Length")
        return body.endswith(b"0\r\nX-End: 1\r\n\r\n") if length is None else len(body) == int(length)


def decoded_prefix(body):
    """What a chunked body that may end anywhere carries, and whether its last chunk is there."""
    data = b""
    while b"\r\n" in body:
        size, _, body = body.partition(b"\r\n")
        if int(size, 16) == 0:
            return data, True
        data += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]
    return data, False


def check_service(gate):
    with Client(gate.address) as client:
        assert client.send(LENGTH).read_response().status == 200


def close(client):
    client.close()


def reset(client):
    client.reset()


def half_close(client):
    client.finish_sending()
    # Not a word is said to a client that asked for nothing whole.
    assert client.read_to_end() == b""
    client.close()


@pytest.mark.parametrize("ending", [close, reset, half_close], ids=["closes", "resets", "half-closes"])
@pytest.mark.parametrize("name", REQUESTS)
def test_a_client_may_stop_after_any_byte(narrow_gate, upstream, name, ending):
    whole = REQUESTS[name]
    upstream.script = tape = Tape()
    for size in range(len(whole)):
        client = Client(narrow_gate.address).send(whole[:size])
        ending(client)
        if size % 8 == 7:
            check_service(narrow_gate)
        if size == len(whole) // 10:
            settled = narrow_gate.memory("VmRSS")
    check_service(narrow_gate)
    assert narrow_gate.memory("VmRSS") < settled + 4 * MIB

    begun = len(whole) - (whole.index(b"\r\n\r\n") + 4)  # with a whole head, but not a whole body
    if ending is not reset:  # which may take away what was sent before it
        upstream.wait_for_connections(begun + len(whole) // 8 + 1)
    upstream.wait_until_quiet()
    assert len(tape.cut) == begun or (ending is reset and len(tape.cut) < begun)
    for raw in tape.cut:
        head, _, body = raw.partition(b"\r\n\r\n")
        assert head.startswith(b"POST /api/alice/x HTTP/1.1\r\n") or raw == b""
        data, finished = decoded_prefix(body) if name == "a chunked body" else (body, len(body) == 10)
        assert b"0123456789".startswith(data) and not finished


@pytest.mark.parametrize("name", REQUESTS)
def test_a_client_that_has_said_everything_may_half_close(gate, name):
    with Client(gate.address) as client:
        client.send(REQUESTS[name]).finish_sending()
        assert client.read_response().status == 200
        assert client.is_closed()


@pytest.mark.parametrize("name", REQUESTS)
def test_a_cut_request_leaves_others_alone(narrow_gate, upstream, name):
    whole = REQUESTS[name]
    with Client(narrow_gate.address) as other:
        for size in range(len(whole) - 24, len(whole), 3):
            with Client(narrow_gate.address) as stuck:
                stuck.send(whole[:size])
                assert other.get(PATH, token=token()).status == 200
    assert all(seen.method == "GET" for seen in upstream.requests)


def streams(head, piece):
    def script(connection):
        connection.read_request()
        connection.send(head)
        while True:
            connection.send(piece)

    return script


PIECE = b"x" * 1024
STREAMS = {
    "chunked": streams(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"400\r\n" + PIECE + b"\r\n"),
    "of known length": streams(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n", PIECE),
    "until close": streams(b"HTTP/1.1 200 OK\r\n\r\n", PIECE),
}


@pytest.mark.parametrize("ending", [close, reset], ids=["closes", "resets"])
@pytest.mark.parametrize("name", STREAMS)
def test_a_client_may_leave_while_the_response_streams(narrow_gate, upstream, name, ending):
    upstream.script = STREAMS[name]
    for count in range(1, 101):
        client = Client(narrow_gate.address).send(request("GET", PATH, token=token()))
        client.read_head()
        client.read_exactly(count * 37)
        ending(client)
        narrow_gate.wait_for_log(count, msg="request", reason="client went away")
        if count == 10:
            settled = narrow_gate.memory("VmRSS")
    # The upstream need not work for nobody.
    upstream.wait_until_quiet()
    assert narrow_gate.memory("VmRSS") < settled + 4 * MIB


def test_a_client_may_leave_before_the_response_begins(narrow_gate, upstream):
    upstream.script = tape = Tape()
    for _ in range(50):
        for _ in range(4):
            Client(narrow_gate.address).send(LENGTH).reset()
            Client(narrow_gate.address).send(CHUNKED).close()
        check_service(narrow_gate)
    upstream.wait_until_quiet()
    # What had come whole went on whole, or not at all.
    assert [raw for raw in tape.cut if b"\r\n\r\n" not in raw] == []


def test_a_client_that_left_before_its_answer_came_is_noted(narrow_gate, upstream):
    left = threading.Event()

    def script(connection):
        connection.read_request()
        assert left.wait(PATIENCE)
        connection.send(ok())

    upstream.script = script
    client = Client(narrow_gate.address).send(request("GET", PATH, token=token()))
    upstream.wait_for_requests(1)
    client.reset()
    left.set()
    narrow_gate.wait_for_log(msg="request", reason="client went away")
