"""Large bodies of known length, which pass through the kernel: what comes before, behind and instead of their end."""

import threading

import pytest
from gate import PATIENCE, token
from upstream import answer_ok
from wire import Client, Closed, ok, request

PATH = "/api/alice/x"
ALICE = token()
MIB = 1 << 20
# A length that divides no power of two: a piece lost, doubled or misplaced shifts what follows.
BODY = (bytes(range(251)) * (MIB // 251 + 1))[:MIB]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY)
# More than a thread has pipes.
MANY = 20


def test_a_body_and_the_response_behind_it(gate, upstream):
    upstream.script = lambda connection: [connection.send(ok(BODY)) for _ in iter(connection.read_request, None)]
    with Client(gate.address) as client:
        for _ in range(3):
            assert client.get(PATH, token=ALICE).body == BODY
    assert upstream.connections == 1
    gate.wait_for_log(3, msg="request", bytes_out=len(BODY))


def test_a_body_and_the_request_behind_it(gate, upstream):
    with Client(gate.address) as client:
        client.send(request("POST", PATH, token=ALICE, body=BODY) + request("GET", PATH + "/next", token=ALICE))
        assert [client.read_response().status for _ in range(2)] == [200, 200]
    first, second = upstream.requests
    assert first.body == BODY
    assert (second.target, second.body) == (PATH + "/next", b"")
    assert gate.wait_for_log(msg="request")["bytes_in"] == len(BODY)


def test_more_at_once_than_there_are_pipes(start, upstream):
    gate = start(POSTERN_THREADS="1")
    everybody = threading.Barrier(MANY, timeout=PATIENCE)

    def script(connection):
        while connection.read_request():
            connection.send(HEAD + BODY[: MIB // 2])
            everybody.wait()
            connection.send(BODY[MIB // 2 :])

    upstream.script = script
    clients = [Client(gate.address).send(request("GET", PATH, token=ALICE)) for _ in range(MANY)]
    for client in clients:
        assert client.read_response().body == BODY
        client.close()


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_response_cut_within_it_is_cut_for_the_client(gate, upstream, end):
    def script(connection):
        connection.read_request()
        connection.send(HEAD + BODY[: MIB // 2])
        half_read.wait(PATIENCE)
        getattr(connection, end)()

    half_read = threading.Event()
    upstream.script = script
    with Client(gate.address) as client:
        client.send(request("GET", PATH, token=ALICE))
        client.read_head()
        assert client.read_exactly(MIB // 2) == BODY[: MIB // 2]
        half_read.set()
        assert client.read_to_end() == b""
    gate.wait_for_log(msg="request", reason="upstream response cut short")
    upstream.script = answer_ok
    with Client(gate.address) as client:
        assert client.get(PATH, token=ALICE).status == 200


@pytest.mark.parametrize("end", ["close", "reset"])
def test_an_upload_cut_within_it_is_cut_for_the_service(gate, upstream, end):
    half_read, cut = threading.Event(), threading.Event()

    def script(connection):
        connection.read_head()
        connection.read_exactly(MIB // 2)
        half_read.set()
        try:
            connection.read_exactly(MIB // 2)
        except (Closed, ConnectionResetError):
            cut.set()

    upstream.script = script
    client = Client(gate.address)
    client.send(request("POST", PATH, token=ALICE, body=BODY)[: -MIB // 2])
    assert half_read.wait(PATIENCE)
    getattr(client, end)()
    assert cut.wait(PATIENCE)
    gate.wait_for_log(msg="request", reason="client went away")


def test_an_answer_within_an_upload_reaches_the_client(gate, upstream):
    def script(connection):
        connection.read_head()
        connection.read_exactly(MIB // 2)
        connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.finish_sending()

    upstream.script = script
    with Client(gate.address) as client:
        client.send(request("POST", PATH, token=ALICE, body=BODY)[: -MIB // 4])
        assert client.read_response().status == 413


@pytest.mark.parametrize("side", ["client", "service"])
def test_a_stall_within_it_ends_it(start, upstream, side):
    gate = start(POSTERN_STREAM_IDLE_TIMEOUT="500ms", POSTERN_RESPONSE_TIMEOUT="30s")
    released = threading.Event()

    def script(connection):
        connection.read_request()
        # Enough to fill every buffer on the way to a client that does not read.
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 30) + BODY)
        while side == "client":
            connection.send(BODY)
        released.wait(PATIENCE)

    upstream.script = script
    with Client(gate.address) as client:
        client.send(request("GET", PATH, token=ALICE))
        client.read_head()
        gate.wait_for_log(msg="request", reason="stream idle timeout")
    released.set()
