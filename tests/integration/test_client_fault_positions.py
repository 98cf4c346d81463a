"""Clients that stop, leave or dribble at any byte of a request or of its answer: what they hear, and who else notices."""

import queue
import socket
import threading

import pytest
from gate import PATIENCE, token
from test_fault_positions import ANSWERS, BODY, PIPELINED, Record, ask, check_own_answer, close, head_size, reset
from test_faults import REQUESTS, Tape
from test_upstream_faults import RESPONSES
from wire import Client, Closed, SlowReader, ok, request


@pytest.mark.parametrize("name", REQUESTS)
def test_a_client_that_stops_at_any_byte_is_let_go(start, upstream, name):
    gate = start(POSTERN_HEADER_TIMEOUT="500ms", POSTERN_STREAM_IDLE_TIMEOUT="500ms")
    upstream.script = tape = Tape()
    whole = REQUESTS[name]
    clients = [Client(gate.address).send(whole[:size]) for size in range(len(whole))]
    for size, client in enumerate(clients):
        raw = client.read_to_end()
        if 0 < size < head_size(whole):
            assert check_own_answer(raw, 408) == b"", size
        else:
            assert raw == b"", size
        client.close()
    upstream.wait_for_connections(len(whole) - head_size(whole))
    upstream.wait_until_quiet()
    assert len(tape.cut) == upstream.connections == len(whole) - head_size(whole)


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_that_dribble_are_answered_like_any(gate, upstream, name):
    def script(connection):
        while seen := connection.read_request():
            connection.send(ok(seen.body))

    upstream.script = script
    with Client(gate.address) as client:
        for byte in REQUESTS[name] * 2 + PIPELINED:
            client.send(bytes([byte]))
        assert [client.read_response().body for _ in range(3)] == [BODY, BODY, b""]
        assert client.is_closed()
    assert [seen.body for seen in upstream.requests] == [BODY, BODY, b""]
    if name == "a chunked body":
        assert [seen.trailers for seen in upstream.requests] == [[b"X-End: 1"]] * 2 + [[]]


class Paused:
    """An upstream that stops at the byte asked for until the client has done its worst, goes on, and takes more requests."""

    def __init__(self, whole):
        self.whole = whole
        self.reached = queue.Queue()
        self.client_ended = threading.Semaphore(0)

    def __call__(self, connection):
        while seen := connection.read_request():
            *_, what = seen.target.split("/")
            if what.startswith("other"):
                connection.send(ok(what.encode()))
                continue
            connection.send(self.whole[: int(what)])
            self.reached.put(what)
            assert self.client_ended.acquire(timeout=PATIENCE)
            connection.send(self.whole[int(what) :])
            if b"Content-Length" not in self.whole and b"chunked" not in self.whole:
                return


@pytest.mark.parametrize("ending", [close, reset], ids=["closes", "resets"])
@pytest.mark.parametrize("name", ANSWERS)
def test_a_client_may_leave_at_any_byte_of_its_answer(start, upstream, name, ending):
    """One thread: the next request would meet the connection of the one before, if that were kept."""
    gate = start(POSTERN_THREADS="1")
    upstream.script = paused = Paused(ANSWERS[name])
    with Client(gate.address) as other:
        for size in range(len(ANSWERS[name]) + 1):
            client = Client(gate.address).send(ask(name, size))
            paused.reached.get(timeout=PATIENCE)
            if size >= head_size(ANSWERS[name]):
                client.read_head()
            ending(client)
            paused.client_ended.release()
            assert other.get(f"/api/alice/other{size}", token=token()).body == b"other%d" % size
    gate.wait_for_log(2 * len(ANSWERS[name]) + 2, msg="request", verdict="forward")


UNWANTED = [(name, at) for name, whole in RESPONSES.items() if name != "until close" for part in (b"0123", b"456789")
            for at in range(whole.index(part), whole.index(part) + len(part)) if at + 1 < len(whole)]


def test_a_connection_with_the_rest_of_an_answer_to_come_is_not_used_again(start, upstream):
    """The gate finds that its client was reset when it passes on the next byte; the rest comes with the next request."""
    gate = start(POSTERN_THREADS="1")
    reached, gone = queue.Queue(), threading.Semaphore(0)

    def script(connection):
        while seen := connection.read_request():
            if seen.target.endswith("/next"):
                connection.send(ok(b"next"))
                continue
            _, _, _, name, at = seen.target.replace("%20", " ").split("/")
            whole, at = RESPONSES[name], int(at)
            connection.send(whole[:at])
            reached.put(at)
            assert gone.acquire(timeout=PATIENCE)
            connection.send(whole[at : at + 1])
            if connection.read_request():
                connection.send(whole[at + 1 :])

    upstream.script = script
    with Client(gate.address) as other:
        for count, (name, at) in enumerate(UNWANTED, 1):
            target = f"/api/alice/{name.replace(' ', '%20')}/{at}"
            client = Client(gate.address).send(request("GET", target, token=token()))
            reached.get(timeout=PATIENCE)
            client.read_head()
            client.reset()
            gone.release()
            gate.wait_for_log(count, msg="request", reason="client went away")
            assert other.get("/api/alice/next", token=token()).body == b"next"


@pytest.mark.parametrize("name", RESPONSES)
def test_a_client_that_ends_its_sending_at_any_byte_of_its_answer_gets_all_of_it(gate, upstream, name):
    upstream.script = paused = Paused(RESPONSES[name])

    def once(size):
        with Client(gate.address) as client:
            client.send(ask(name, size))
            paused.reached.get(timeout=PATIENCE)
            client.finish_sending()
            paused.client_ended.release()
            assert client.read_response().body == BODY, size
            assert client.is_closed()

    for size in range(len(RESPONSES[name]) + 1):
        for last in (False, False, False, False, True):
            try:
                once(size)
                break
            except Closed:  # a busy service was silent for so long that the client counts as gone
                assert not last


@pytest.mark.parametrize("name", RESPONSES)
def test_an_answer_that_is_read_byte_by_byte_comes_whole(gate, upstream, name):
    size = 300_000  # more than the buffers of that client hold
    whole = RESPONSES[name].replace(b"Content-Length: 10", b"Content-Length: %d" % size)
    whole = whole.replace(b"4\r\n0123\r\n6;a=b\r\n456789\r\n", b"%x\r\n%s\r\n" % (size, b"x" * size)).replace(BODY, b"x" * size)
    upstream.script = lambda connection: connection.read_request() and connection.send(whole)
    with SlowReader(gate.address) as connection:
        connection.send(request("GET", "/api/alice/x", "Connection: close", token=token()))
        raw = b"".join(iter(lambda: connection.socket.recv(1), b""))
    response = Record(raw).read_response()
    assert (response.status, response.body) == (200, b"x" * size)
