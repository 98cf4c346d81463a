"""A request on a pooled connection that ends without an answer: what goes once more, on which connection, and what never
does. Which methods may, and what makes a connection fit for the pool, is in test_upstream_pool.py."""

import collections
import socket
import threading

import pytest
from gate import PATIENCE, token
from names import Port
from upstream import Upstream, answer_ok
from wire import Client, Closed, ok, request

PATH = "/api/alice/x"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"


@pytest.fixture
def start_one(start):
    """Gates with one thread, and so with one pool, from which nothing is dropped by its age."""
    return lambda url=None, **settings: start(url, POSTERN_THREADS="1", POSTERN_UPSTREAM_IDLE_TIMEOUT="60s", **settings)


def ask(gate, method="GET", body=None, *fields):
    with Client(gate.address) as client:
        return client.send(request(method, PATH, *fields, token=token(), body=body)).read_response(method)


def fill_pool(gate, upstream, count=1):
    """So many connections are idle in the pool."""
    clients = [Client(gate.address) for _ in range(count)]
    for number, client in enumerate(clients):
        client.send(request("GET", f"{PATH}/first", token=token()))
        upstream.wait_for_connections(number + 1)
    assert [client.read_response().status for client in clients] == [200] * count
    for client in clients:
        client.close()
    gate.wait_for_log(count, msg="request", status=200)
    assert upstream.connections == count


class Second:
    """Answers the first request of each of `count` connections when they are all there, and does with the second as
    it is told. Later connections answer everything."""

    def __init__(self, do, count=1):
        self.do = do
        self.together = threading.Barrier(count)
        self.count = count

    def __call__(self, connection):
        if connection.number < self.count:
            connection.read_request()
            self.together.wait(PATIENCE)
            connection.send(ok())
            self.do(connection)
            return
        while connection.read_request():
            connection.send(ok(b"fresh"))


def swallow(connection):
    connection.read_request()


def test_it_goes_to_a_fresh_connection_and_not_to_another_of_the_pool(start_one, upstream):
    upstream.script = Second(swallow, count=5)
    gate = start_one()
    fill_pool(gate, upstream, count=5)
    assert ask(gate).body == b"fresh"
    used = [seen.connection for seen in upstream.requests[5:]]
    assert len(used) == 2 and used[0] < 5 and used[1] == 5


@pytest.mark.parametrize("method,body", [("GET", None), ("GET", b"body"), ("OPTIONS", b""), ("HEAD", b"other body")])
def test_the_same_bytes_go_again_and_it_is_one_request_to_the_log(start_one, upstream, method, body):
    upstream.script = Second(swallow)
    gate = start_one()
    fill_pool(gate, upstream)
    response = ask(gate, method, body, "X-Tag: a")
    assert (response.status, upstream.requests[-1].connection) == (200, 1)
    first, again = upstream.requests[1:]
    assert (again.head.raw, again.body) == (first.head.raw, first.body)
    assert again.body == (body or b"") and again.head.all("X-User-Id") == ["alice"]
    logged = gate.wait_for_log(2, msg="request")
    assert (logged["status"], logged["reason"], logged["bytes_in"]) == (200, "ok", len(body or b""))
    assert logged["request_id"] == first.head.one("X-Request-Id") == response.head.one("X-Request-Id")
    assert len(gate.requests()) == 2


def test_a_websocket_is_opened_by_the_second_try(start_one, upstream):
    def script(connection):
        connection.read_request()
        if connection.number == 0:
            connection.send(ok())
            connection.read_request()
        else:
            connection.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            connection.is_closed()

    upstream.script = script
    gate = start_one()
    fill_pool(gate, upstream)
    opening = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + "A" * 22 + "==")
    with Client(gate.address) as client:
        head = client.send(request("GET", PATH, *opening, token=token())).read_head()
        assert head.start.startswith(b"HTTP/1.1 101 ")
    assert upstream.requests[1].head.raw == upstream.requests[2].head.raw


def test_no_fresh_connection_is_502_until_there_is_one(start_one):
    port = Port("127.0.0.2")

    def stop_listening(connection):
        connection.read_request()
        service.stop_listening()

    service = port.serve("127.0.0.2", script=Second(stop_listening))
    gate = start_one(f"http://127.0.0.2:{port.number}")
    fill_pool(gate, service)
    assert [ask(gate).status for _ in range(2)] == [502] * 2
    assert len(service.requests) == 2
    port.serve("127.0.0.2")
    assert ask(gate).status == 200
    port.close()


BEGUN = [  # (what is sent of an answer before the connection ends, the status that the client sees)
    ("an interim response", INTERIM, 502),
    ("100 Continue", b"HTTP/1.1 100 Continue\r\n\r\n", 502),
    ("half an interim response", INTERIM[:-2], 502),
    ("half a status line", b"HTTP/1.1 2", 502),
    ("a head but for its end", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", 502),
    ("garbage", b"\r\n", 502),
    ("a head", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 200),
]


@pytest.mark.parametrize("what,begun,status", BEGUN, ids=[row[0] for row in BEGUN])
def test_never_when_the_answer_had_begun(start_one, upstream, what, begun, status):
    upstream.script = Second(lambda connection: connection.read_request() and connection.send(begun))
    gate = start_one()
    fill_pool(gate, upstream)
    with Client(gate.address) as client:
        client.send(request("GET", PATH, token=token()))
        while (head := client.read_head()).start.startswith(b"HTTP/1.1 10"):
            pass
        assert int(head.start.split()[1]) == status
        if status == 200:
            with pytest.raises(Closed):
                client.read_exactly(2)
    assert (len(upstream.requests), upstream.connections) == (2, 1)
    assert ask(gate).body == b"fresh"


def test_never_when_there_was_no_answer_in_time(start_one, upstream):
    upstream.script = Second(lambda connection: connection.read_request() and connection.is_closed())
    gate = start_one(POSTERN_RESPONSE_TIMEOUT="2s")  # also for the answer to the first, on a busy machine
    fill_pool(gate, upstream)
    assert ask(gate).status == 504
    assert (len(upstream.requests), upstream.connections) == (2, 1)


PARTS = [
    ("half a body", "PUT", "Content-Length: 10", b"01234"),
    ("more than the buffers hold", "PUT", "Content-Length: 1000000", b"0" * 500_000),
    ("the first chunk", "PUT", "Transfer-Encoding: chunked", b"5\r\n01234\r\n"),
    ("half the body of a GET", "GET", "Content-Length: 10", b"01234"),
    ("the first chunk of a DELETE", "DELETE", "Transfer-Encoding: chunked", b"5\r\n01234\r\n"),
]


@pytest.mark.parametrize("what,method,framing,part", PARTS, ids=[row[0] for row in PARTS])
def test_never_when_the_request_is_not_here_whole(start_one, upstream, what, method, framing, part):
    heads = []

    def read_part(connection):
        heads.append(connection.read_head())
        connection.read_until(b"0")

    upstream.script = Second(read_part)
    gate = start_one()
    fill_pool(gate, upstream)
    with Client(gate.address) as client:
        client.send(request(method, PATH, framing, token=token()) + part)
        assert client.read_response().status == 502
    assert (len(heads), len(upstream.requests), upstream.connections) == (1, 1, 1)
    assert ask(gate).body == b"fresh"


@pytest.fixture
def deaf(start_one, tmp_path):
    """deaf(then) is a gate and an upstream on a unix socket. The connection in the pool reads no more: not a byte can be
    written to it, and nothing shows that before. Later connections run `then`."""
    is_deaf, over = threading.Event(), threading.Event()
    upstreams = []

    def begin(then):
        def script(connection):
            if connection.number != 0:
                return then(connection)
            connection.read_request()
            connection.send(ok())
            connection.socket.shutdown(socket.SHUT_RD)
            is_deaf.set()
            assert over.wait(PATIENCE)

        upstreams.append(Upstream(tmp_path / "service", script))
        gate = start_one(upstreams[0].url, POSTERN_RESPONSE_TIMEOUT="1s")
        fill_pool(gate, upstreams[0])
        assert is_deaf.wait(PATIENCE)
        return gate, upstreams[0]

    yield begin
    over.set()
    for behind in upstreams:
        behind.close()


UNSENT = [("GET", None), ("PUT", b"body"), ("POST", b"body"), ("POST", None), ("PATCH", b"body"), ("PURGE", None)]


@pytest.mark.parametrize("method,body", UNSENT)
def test_whatever_the_method_when_not_a_byte_could_be_sent(deaf, method, body):
    gate, upstream = deaf(answer_ok)
    assert ask(gate, method, body).status == 200
    assert [(seen.method, seen.body, seen.connection) for seen in upstream.requests[1:]] == [(method, body or b"", 1)]


FRAMINGS = [
    ("Content-Length: 10", b"01234", b"56789"),
    ("Transfer-Encoding: chunked", b"5\r\n01234\r\n", b"5\r\n56789\r\n0\r\n\r\n"),
]


@pytest.mark.parametrize("framing,half,rest", FRAMINGS, ids=["of known length", "chunked"])
def test_not_here_whole_either_when_not_a_byte_could_be_sent(deaf, framing, half, rest):
    gate, upstream = deaf(answer_ok)
    with Client(gate.address) as client:
        client.send(request("POST", PATH, framing, token=token()) + half)
        upstream.wait_for_connections(2)
        assert client.send(rest).read_response().status == 200
    assert [(seen.method, seen.body, seen.connection) for seen in upstream.requests[1:]] == [("POST", b"0123456789", 1)]


@pytest.mark.parametrize("method,body", UNSENT)
def test_never_a_third_time_even_if_the_first_was_not_sent(deaf, method, body):
    gate, upstream = deaf(swallow)
    assert ask(gate, method, body).status == 502
    assert [seen.method for seen in upstream.requests[1:]] == [method]
    assert upstream.connections == 2


def test_under_load_with_connections_that_keep_ending_nothing_harmful_is_done_twice(start, upstream):
    def end_soon(connection):
        for _ in range(2):
            if connection.read_request():
                connection.send(ok())
        if connection.number % 2:
            connection.read_request()

    upstream.script = end_soon
    gate = start(POSTERN_UPSTREAM_IDLE_TIMEOUT="60s")
    answers = collections.defaultdict(list)

    def client(number):
        with Client(gate.address) as connection:
            for count in range(100):
                method = "POST" if count % 2 else "GET"
                target = f"{PATH}/{number}-{count}"
                connection.send(request(method, target, token=token(), body=b"x" if method == "POST" else None))
                answers[method].append((target, connection.read_response().status))

    clients = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join(PATIENCE)
    times = collections.Counter((seen.method, seen.target) for seen in upstream.requests)
    assert [len(answers[method]) for method in ("GET", "POST")] == [200, 200]
    assert {status for _, status in answers["GET"]} == {200}
    for target, status in answers["POST"]:
        assert (status, times["POST", target]) in [(200, 1), (502, 1), (502, 0)], target
    assert max(times.values()) <= 2
