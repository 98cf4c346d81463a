"""SIGTERM in the middle of load: no request is lost, and every connection hears that its last answer is the last."""

import itertools
import random
import signal
import threading

import pytest
from gate import PATIENCE, token
from wire import Client, Closed, ok, request

ALICE = token("alice")
CONNECTIONS = 8
ROUNDS = 20
BODY = bytes(range(256)) * 8


def chunks(body, size):
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def ask(kind, target):
    """(the request, the body of its answer)."""
    if kind == "GET":
        return request("GET", target, token=ALICE), b""
    if kind == "a body":
        return request("POST", target, token=ALICE, body=BODY), BODY
    return request("POST", target, "Transfer-Encoding: chunked", token=ALICE) + chunks(BODY, 100), BODY


KINDS = ["GET", "a body", "a chunked body"]


def echo(connection):
    """Sends each body back: of known length, or in chunks what came in chunks."""
    while seen := connection.read_request():
        if seen.head.one("Transfer-Encoding"):
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(seen.body, 300))
        else:
            connection.send(ok(seen.body))


class Load:
    """Keep-alive connections that ask, in one or in two writes, until they hear that it is enough."""

    def __init__(self, gate, seed):
        self.answers = threading.Semaphore(0)  # one for each that left the connection open
        self.answered, self.told, self.wrong = [], [], []
        self.threads = []
        for number in range(CONNECTIONS):
            chance = random.Random(seed * CONNECTIONS + number)
            # Connected before the others have had answers enough.
            asker = Client(gate.address), chance, f"{seed}/{number}"
            self.threads.append(threading.Thread(target=self.run, args=asker))
        for thread in self.threads:
            thread.start()

    def run(self, connected, chance, name):
        target = None
        try:
            with connected as client:
                for count in itertools.count():
                    target = f"/api/alice/{name}/{count}"
                    if self.ask_one(client, chance, target) == "close":
                        assert client.is_closed()
                        self.told.append(name)
                        return
                    self.answers.release()
        except (Closed, ConnectionError) as end:
            self.wrong.append((target, end))
        except Exception as failure:  # noqa: BLE001: reported by finish()
            self.wrong.append(failure)

    def ask_one(self, client, chance, target):
        whole, expected = ask(chance.choice(KINDS), target)
        cut = chance.randrange(1, 2 * len(whole))
        client.send(whole[:cut])
        if cut < len(whole):
            client.send(whole[cut:])
        response = client.read_response()
        assert (response.status, response.body) == (200, expected)
        self.answered.append(target)
        return response.head.one("Connection")

    def finish(self):
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        assert self.wrong == []


def test_every_request_is_answered_until_its_connection_is_told_to_close(start, upstream):
    upstream.script = echo
    for seed in range(ROUNDS):
        gate = start()
        before = len(upstream.requests)
        load = Load(gate, seed)
        for _ in range(CONNECTIONS * 10 + random.Random(seed).randrange(CONNECTIONS * 10)):
            assert load.answers.acquire(timeout=PATIENCE)
        gate.signal(signal.SIGTERM)
        load.finish()
        assert gate.wait() == 0
        assert len(load.told) == CONNECTIONS
        assert sorted(load.answered) == sorted(seen.target for seen in upstream.requests[before:])
        assert all((line["status"], line["reason"]) == (200, "ok") for line in gate.requests())


class Held:
    """An upstream whose answers wait for the release, some of them in the middle."""

    def __init__(self):
        self.released = threading.Event()
        self.reached = threading.Semaphore(0)

    def __call__(self, connection):
        while seen := connection.read_request():
            answer = ok(b"%05d" % len(seen.body))
            half = seen.target.count("half")
            connection.send(answer[: -3 * half] if half else b"")
            self.reached.release()
            assert self.released.wait(PATIENCE)
            connection.send(answer[-3 * half :] if half else answer)


AT_THE_SIGNAL = [
    # (what, the part that is sent before the signal, what the client reads before it)
    ("waits for its answer", lambda whole: len(whole), b""),
    ("half of the answer is read", lambda whole: len(whole), b"\r\n\r\n02"),
    ("half of the head is sent", lambda whole: 20, b""),
    ("all but the last byte of the head is sent", lambda whole: whole.index(b"\r\n\r\n") + 3, b""),
    ("the head is sent", lambda whole: whole.index(b"\r\n\r\n") + 4, b""),
    ("all but the last byte is sent", lambda whole: len(whole) - 1, b""),
]


@pytest.fixture
def held(upstream, start):  # after start: a failed test releases before the gate is stopped
    upstream.script = held = Held()
    yield held
    held.released.set()


@pytest.mark.parametrize("kind", KINDS[1:])
def test_connections_at_every_stage_of_a_request_are_all_served_and_told(start, upstream, held, kind):
    gate = start()
    rows = [(Client(gate.address), what, *row) for what, *row in AT_THE_SIGNAL for _ in range(CONNECTIONS // 2)]
    pending = []
    for number, (client, what, size_of, until) in enumerate(rows):
        whole, _ = ask(kind, f"/api/alice/{'half' if until else 'whole'}/{number}")
        size = size_of(whole)
        client.send(whole[:size])
        if until:
            client.read_until(until)
        elif size == len(whole):
            assert held.reached.acquire(timeout=PATIENCE)
        pending.append((client, what, until, whole[size:]))
    gate.signal(signal.SIGTERM)
    gate.wait_for_log(msg="draining", connections=str(len(rows)))
    for client, _, _, rest in pending:
        client.send(rest)
    held.released.set()
    for client, what, until, _ in pending:
        if until:
            assert client.read_exactly(3) == b"048", what
        else:
            response = client.read_response()
            assert (response.status, response.body, response.head.one("Connection")) == (200, b"02048", "close"), what
        assert client.is_closed(), what
        client.close()
    assert gate.wait() == 0
    assert len(upstream.requests) == len(rows) == len(gate.requests())
