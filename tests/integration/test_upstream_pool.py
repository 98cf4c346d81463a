"""Connections to the upstream: when one is used again, and when never."""

import threading

import pytest
from gate import PATIENCE, token
from leaving import wait_until_heard
from wire import Client, ok, request

PATH = "/api/alice/x"
TARDY = "60s"  # no idle connection is dropped by its age


@pytest.fixture
def start_one(start):
    """Gates with one thread, and so with one pool."""
    return lambda **settings: start(POSTERN_THREADS="1", **{"POSTERN_UPSTREAM_IDLE_TIMEOUT": TARDY, **settings})


def ask(gate, method="GET", body=None, path=PATH):
    with Client(gate.address) as client:
        client.send(request(method, path, token=token(), body=body))
        while (response := client.read_response(method)).status < 200:
            pass
        return response


def connections_used(upstream):
    return [seen.connection for seen in upstream.requests]


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
REUSE = [
    ("a length", "GET", ok(), True),
    ("chunked", "GET", CHUNKED, True),
    ("an empty body", "GET", ok(b""), True),
    ("204", "GET", b"HTTP/1.1 204 No Content\r\n\r\n", True),
    ("304", "GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", True),
    ("HEAD", "HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", True),
    ("an error of the service", "GET", ok().replace(b"200 OK", b"500 Oh"), True),
    ("an interim response before", "GET", b"HTTP/1.1 103 Early Hints\r\n\r\n" + ok(), True),
    ("HTTP/1.0 with keep-alive", "GET", ok(b"ok", "Connection: keep-alive").replace(b"1.1", b"1.0", 1), True),
    ("Connection: close", "GET", ok(b"ok", "Connection: close"), False),
    ("Connection: CLOSE in a list", "GET", ok(b"ok", "Connection: x-a, CLOSE"), False),
    ("chunked, Connection: close", "GET", CHUNKED.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"), False),
    ("HTTP/1.0", "GET", ok().replace(b"1.1", b"1.0", 1), False),
    ("204 with a length", "GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", False),
]


@pytest.mark.parametrize("why,method,response,reused", REUSE, ids=[row[0] for row in REUSE])
def test_a_connection_is_used_again_when_the_response_leaves_it_clean(start_one, upstream, why, method, response, reused):
    def script(connection):
        while connection.read_request():
            connection.send(response)

    upstream.script = script
    gate = start_one()
    for _ in range(4):
        assert ask(gate, method).status == int(response.split(b"HTTP/1.")[-1].split()[1])
    assert connections_used(upstream) == ([0, 0, 0, 0] if reused else [0, 1, 2, 3])


def test_a_response_until_close_ends_its_connection(start_one, upstream):
    def script(connection):
        if connection.read_request():
            connection.send(b"HTTP/1.1 200 OK\r\n\r\nok")

    upstream.script = script
    gate = start_one()
    for _ in range(3):
        assert ask(gate).body == b"ok"
    assert connections_used(upstream) == [0, 1, 2]


def test_an_answer_before_the_request_is_whole_ends_the_connection(start_one, upstream):
    def script(connection):
        if b"POST" in connection.read_head().raw:
            connection.send(ok(b"early"))
            connection.is_closed()
        else:
            connection.send(ok(b"next"))

    upstream.script = script
    gate = start_one()
    with Client(gate.address) as client:
        client.send(request("POST", PATH, "Content-Length: 5", token=token()) + b"a")
        assert client.read_response().body == b"early"
    assert ask(gate).body == b"next"
    assert upstream.connections == 2


def test_requests_of_different_clients_share_a_connection_one_after_the_other(start_one, upstream):
    gate = start_one()
    for uid in ("alice", "bob", "carol", "alice"):
        with Client(gate.address) as client:
            assert client.get(f"/api/{uid}/x", token=token(uid)).status == 200
    assert connections_used(upstream) == [0, 0, 0, 0]
    assert [seen.head.all("X-User-Id") for seen in upstream.requests] == [["alice"], ["bob"], ["carol"], ["alice"]]


def test_requests_at_the_same_time_have_connections_of_their_own(start_one, upstream):
    together = threading.Barrier(5)

    def script(connection):
        while seen := connection.read_request():
            together.wait(PATIENCE)
            connection.send(ok(seen.target.encode()))

    upstream.script = script
    gate = start_one()
    for _ in range(3):
        clients = [Client(gate.address) for _ in range(5)]
        for number, client in enumerate(clients):
            client.send(request("GET", f"{PATH}/{number}", token=token()))
        assert [client.read_response().body for client in clients] == [f"{PATH}/{number}".encode() for number in range(5)]
        for client in clients:
            client.close()
    assert upstream.connections == 5


def test_no_more_than_256_connections_wait_for_a_request(start_one, upstream):
    count, most = 280, 256
    together, ended = threading.Barrier(count), threading.Semaphore(0)

    def script(connection):
        connection.read_request()
        together.wait(PATIENCE)
        connection.send(ok())
        connection.read_to_end()
        ended.release()

    upstream.script = script
    gate = start_one()
    clients = [Client(gate.address).send(request("GET", PATH, token=token())) for _ in range(count)]
    assert {client.read_response().status for client in clients} == {200}
    for _ in range(count - most):
        assert ended.acquire(timeout=PATIENCE)
    assert not ended.acquire(blocking=False)
    for client in clients:
        client.close()


def test_idle_connections_are_dropped_in_time(start_one, upstream):
    gate = start_one(POSTERN_UPSTREAM_IDLE_TIMEOUT="300ms")
    for round_ in (1, 2):
        assert ask(gate).status == 200
        upstream.wait_for_connections(round_)
        upstream.wait_until_quiet()
    assert connections_used(upstream) == [0, 1]


class Swallow:
    """Answers the first request of the first connection; takes the second as it is told, then ends."""

    def __init__(self, end, read_second=True):
        self.end = end
        self.read_second = read_second

    def __call__(self, connection):
        while connection.read_request():
            connection.send(ok())
            if connection.number == 0:
                if self.read_second:
                    connection.read_request()
                else:
                    connection.socket.recv(1)
                self.end(connection)
                return


ENDS = {"closes": lambda connection: connection.close(), "resets": lambda connection: connection.reset()}
RETRIED = [("GET", None), ("HEAD", None), ("OPTIONS", None), ("GET", b"body")]
NOT_RETRIED = [("POST", b"body"), ("POST", None), ("PATCH", b"body"), ("PURGE", None), ("PUT", b"body"), ("DELETE", None)]


@pytest.mark.parametrize("read_second", [True, False], ids=["after the request", "in the request"])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("method,body", RETRIED)
def test_what_is_harmless_twice_is_tried_again_when_the_connection_ends(start_one, upstream, method, body, end, read_second):
    upstream.script = Swallow(ENDS[end], read_second)
    gate = start_one()
    assert ask(gate).status == 200
    assert ask(gate, method, body).status == 200
    last = upstream.requests[-1]
    assert (last.method, last.body, last.connection) == (method, body or b"", 1)
    assert last.head.all("X-User-Id") == ["alice"]
    assert upstream.connections == 2


@pytest.mark.parametrize("read_second", [True, False], ids=["after the request", "in the request"])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("method,body", NOT_RETRIED)
def test_what_may_do_harm_twice_is_never_tried_again(start_one, upstream, method, body, end, read_second):
    upstream.script = Swallow(ENDS[end], read_second)
    gate = start_one()
    assert ask(gate).status == 200
    assert ask(gate, method, body).status == 502
    assert upstream.connections == 1
    assert ask(gate).status == 200


def test_a_request_is_tried_again_once(start_one, upstream):
    def script(connection):
        if connection.number == 0:
            connection.read_request()
            connection.send(ok())
        connection.read_request()

    upstream.script = script
    gate = start_one()
    assert ask(gate).status == 200
    assert ask(gate).status == 502
    assert connections_used(upstream) == [0, 0, 1]


def test_nothing_is_tried_again_once_the_answer_has_begun(start_one, upstream):
    def script(connection):
        connection.read_request()
        connection.send(ok())
        if connection.read_request():
            connection.send(b"H")

    upstream.script = script
    gate = start_one()
    assert ask(gate).status == 200
    assert ask(gate).status == 502
    assert connections_used(upstream) == [0, 0]


IDLE_EVENTS = {
    "closes": lambda connection: connection.close(),
    "resets": lambda connection: connection.reset(),
    "half-closes": lambda connection: connection.finish_sending(),
    "says something": lambda connection: connection.send(ok(b"stray")),
    "says something and closes": lambda connection: connection.send(ok(b"stray")).close(),
    "times out": lambda connection: connection.send(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n").close(),
}


@pytest.mark.parametrize("method,body", [("GET", None), ("POST", b"body")])
@pytest.mark.parametrize("event", IDLE_EVENTS)
def test_an_idle_connection_on_which_something_happened_is_not_used(start_one, upstream, event, method, body):
    answered, happen, happened = (threading.Event() for _ in range(3))

    def script(connection):
        while connection.read_request():
            connection.send(ok(b"right"))
            if connection.number == 0:
                answered.set()
                assert happen.wait(PATIENCE)
                wait_until_heard(connection, IDLE_EVENTS[event])
                happened.set()
                if connection.socket.fileno() >= 0:
                    assert connection.is_closed()
                return

    upstream.script = script
    gate = start_one()
    assert ask(gate).body == b"right" and answered.wait(PATIENCE)
    gate.wait_for_log(msg="request", status=200)  # the connection is in the pool
    happen.set()
    assert happened.wait(PATIENCE)
    for _ in range(2):
        assert ask(gate, method, body).body == b"right"
    assert connections_used(upstream) == [0, 1, 1]
