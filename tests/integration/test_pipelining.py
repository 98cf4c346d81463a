"""Several requests in one write: answered in order, judged one by one, and none of them forwarded twice."""

import threading

import pytest
from gate import PATIENCE, token
from wire import Client, SlowReader, ok, request

ALICE = token("alice")
BOB = token("bob")


def echo(connection):
    """Answers with what it was asked for, now by length, now by chunks."""
    while seen := connection.read_request():
        text = f"{seen.method} {seen.target} ".encode() + seen.body
        if seen.method == "HEAD":
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text))
        elif len(text) % 2:
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))
        else:
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(text), text))


@pytest.fixture
def echoing(upstream):
    upstream.script = echo
    return upstream


def get(path, bearer=ALICE, method="GET"):
    return request(method, path, token=bearer)


def chunked(path, body):
    return request("POST", path, "Transfer-Encoding: chunked", token=ALICE) + body


MIXTURE = [  # (request, method, status, what the upstream echoes; None: it was not asked)
    (get("/api/alice/1"), "GET", 200, b"GET /api/alice/1 "),
    (get("/api/alice/2", None), "GET", 401, None),
    (request("POST", "/api/alice/3", token=ALICE, body=b"body"), "POST", 200, b"POST /api/alice/3 body"),
    (get("/api/alice/4", BOB), "GET", 403, None),
    (get("/api/bob/5", BOB), "GET", 200, b"GET /api/bob/5 "),
    (chunked("/api/alice/66", b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n"), "POST", 200, b"POST /api/alice/66 abcde"),
    (get("/api/alice/7", method="HEAD"), "HEAD", 200, b""),
    (get("/elsewhere"), "GET", 404, None),
    (get("/elsewhere", None, "HEAD"), "HEAD", 401, None),
    (chunked("/api/alice/88", b"2\r\nfg\r\n0\r\n\r\n"), "POST", 200, b"POST /api/alice/88 fg"),
    (get("/api/alice/9"), "GET", 200, b"GET /api/alice/9 "),
]
FORWARDED = [("GET", "/api/alice/1"), ("POST", "/api/alice/3"), ("GET", "/api/bob/5"), ("POST", "/api/alice/66"),
             ("HEAD", "/api/alice/7"), ("POST", "/api/alice/88"), ("GET", "/api/alice/9")]


def check_answer(client, row):
    _, method, status, body = row
    response = client.read_response(method)
    assert response.status == status
    assert response.head.one("Connection") is None
    if body is not None:
        assert response.body == body


def test_a_mixture_in_one_write_is_answered_in_order(gate, echoing):
    with Client(gate.address) as client:
        client.send(b"".join(row[0] for row in MIXTURE))
        for row in MIXTURE:
            check_answer(client, row)
        client.finish_sending()
        assert client.is_closed()
    assert [(seen.method, seen.target) for seen in echoing.requests] == FORWARDED
    assert [seen.head.one("X-User-Id") for seen in echoing.requests] == ["alice", "alice", "bob"] + ["alice"] * 4


def test_a_cut_between_any_two_bytes_changes_nothing(gate, echoing):
    whole = b"".join(row[0] for row in MIXTURE)
    ends = [sum(len(row[0]) for row in MIXTURE[: count + 1]) for count in range(len(MIXTURE))]
    for cut in range(1, len(whole)):
        echoing.requests.clear()
        complete = sum(end <= cut for end in ends)
        with Client(gate.address) as client:
            client.send(whole[:cut])
            # Once these are answered the gate has at most the piece of one request, and goes on from it.
            for row in MIXTURE[:complete]:
                check_answer(client, row)
            client.send(whole[cut:])
            for row in MIXTURE[complete:]:
                check_answer(client, row)
        assert [(seen.method, seen.target) for seen in echoing.requests] == FORWARDED, cut


def test_many_more_than_any_buffer_holds_are_all_answered_once(gate, echoing):
    count = 1000
    with Client(gate.address) as client:
        client.send(b"".join(get(f"/api/alice/{number}") for number in range(count)))
        for number in range(count):
            assert client.read_response().body == f"GET /api/alice/{number} ".encode()
    assert [seen.target for seen in echoing.requests] == [f"/api/alice/{number}" for number in range(count)]


def test_answers_to_a_client_that_reads_late_come_whole(gate, upstream):
    """More than the sockets hold: some of them are written in part at first."""

    def script(connection):
        while seen := connection.read_request():
            connection.send(ok(seen.target.encode() * 1000))

    upstream.script = script
    count = 1000
    with SlowReader(gate.address) as client:
        client.send(b"".join(get(f"/api/alice/{number}") for number in range(count)))
        for number in range(count):
            assert client.read_response().body == f"/api/alice/{number}".encode() * 1000


def test_large_bodies_between_small_requests_stay_in_step(gate, echoing):
    large = bytes(range(256)) * 1024
    with Client(gate.address) as client:
        for _ in range(5):
            client.send(get("/api/alice/a") + request("POST", "/api/alice/b", token=ALICE, body=large)
                        + chunked("/api/alice/c", b"%x\r\n%s\r\n0\r\n\r\n" % (len(large), large)) + get("/api/alice/d", None))
            assert client.read_response().body == b"GET /api/alice/a "
            assert client.read_response().body == b"POST /api/alice/b " + large
            assert client.read_response().body == b"POST /api/alice/c " + large
            assert client.read_response().status == 401
    assert len(echoing.requests) == 15


BEHIND = get("/api/alice/behind")
FINAL = [  # (why, what comes first, its status, requests that the upstream saw)
    ("a malformed head", b"GET /api/alice/x HTTP/1.1\r\nHost: gate\r\nbroken\r\n\r\n", 400, 0),
    ("a path with two readings", get("/api/alice/%2e%2e/x"), 400, 0),
    ("two lengths", b"POST /api/alice/x HTTP/1.1\r\nHost: gate\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, 0),
    ("a malformed chunk", chunked("/api/alice/x", b"1\r\naa\r\n0\r\n\r\n"), 400, 0),
    ("TRACE", get("/api/alice/x", method="TRACE"), 405, 0),
    ("another version", get("/api/alice/x").replace(b"HTTP/1.1", b"HTTP/2.0"), 505, 0),
    ("a length over the limit", request("POST", "/api/alice/x", "Content-Length: 999999999999", token=ALICE), 413, 0),
    ("a refused request with chunks", request("POST", "/api/alice/x", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 401, 0),
    ("a refused request with a body still to come", request("POST", "/api/alice/x", "Content-Length: 100000"), 401, 0),
    ("Connection: close", request("GET", "/api/alice/x", "Connection: close", token=ALICE), 200, 1),
    ("Connection: close on a refused request", request("GET", "/api/alice/x", "Connection: close"), 401, 0),
    ("HTTP/1.0", get("/api/alice/x").replace(b"HTTP/1.1", b"HTTP/1.0"), 200, 1),
]


@pytest.mark.parametrize("why,first,status,forwarded", FINAL, ids=[row[0] for row in FINAL])
def test_what_follows_the_last_request_of_a_connection_is_never_executed(gate, echoing, why, first, status, forwarded):
    with Client(gate.address) as client:
        client.send(get("/api/alice/before") + first + BEHIND)
        assert client.read_response().status == 200
        response = client.read_response()
        assert (response.status, response.head.one("Connection")) == (status, "close")
        assert client.is_closed()
    targets = [seen.target for seen in echoing.requests]
    assert targets == ["/api/alice/before", "/api/alice/x"][: 1 + forwarded]


def test_the_body_of_a_refused_request_is_no_request(gate, echoing):
    """What looks like a request inside a body is content, whether it is forwarded or stepped over."""
    inner = get("/api/alice/inner")
    with Client(gate.address) as client:
        client.send(request("POST", "/api/alice/x", body=inner) + request("POST", "/api/bob/x", token=ALICE, body=inner)
                    + request("POST", "/api/alice/y", token=ALICE, body=inner) + get("/api/alice/z"))
        assert client.read_response().status == 401
        assert client.read_response().status == 403
        assert client.read_response().body == b"POST /api/alice/y " + inner
        assert client.read_response().body == b"GET /api/alice/z "
    assert [seen.target for seen in echoing.requests] == ["/api/alice/y", "/api/alice/z"]


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_a_refused_request_that_is_here_to_its_last_byte_ends_no_connection(gate, size):
    with Client(gate.address) as client:
        for _ in range(2):
            response = client.send(request("POST", "/api/alice/x", body=b"x" * size)).read_response()
            assert (response.status, response.head.one("Connection")) == (401, None)


def test_a_failed_upstream_does_not_shift_the_answers(gate, upstream):
    """Each answer belongs to its request even when one in the middle is the gate's own."""

    def fail_in_the_middle(connection):
        while seen := connection.read_request():
            if seen.target.endswith("broken"):
                connection.send(b"gibberish\r\n\r\n")
                return
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(seen.target), seen.target.encode()))

    upstream.script = fail_in_the_middle
    with Client(gate.address) as client:
        client.send(get("/api/alice/1") + get("/api/alice/broken") + get("/api/alice/2"))
        assert client.read_response().body == b"/api/alice/1"
        assert client.read_response().status == 502
        assert client.read_response().body == b"/api/alice/2"
    assert [seen.target for seen in upstream.requests] == ["/api/alice/1", "/api/alice/broken", "/api/alice/2"]


def test_a_response_that_ends_with_the_connection_comes_whole_though_more_was_asked_for(gate, upstream):
    """Closing over an unread request would reset the connection and take the end of the response with it."""
    asked_twice, sent = threading.Event(), threading.Event()
    large = b"x" * 8 * 1024 * 1024

    def until_close(connection):
        connection.read_head()
        assert asked_twice.wait(PATIENCE)
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        sent.set()
        connection.send(large)

    upstream.script = until_close
    with Client(gate.address) as client:
        client.send(get("/api/alice/x"))
        upstream.wait_for_connections(1)
        client.send(BEHIND)
        asked_twice.set()
        assert sent.wait(PATIENCE)
        assert client.read_head().one("Connection") == "close"
        assert len(client.read_exactly(len(large))) == len(large)
        assert client.is_closed()
    assert upstream.connections == 1


def test_what_a_client_left_unfinished_is_not_the_next_ones_request(start, upstream):
    gate = start(POSTERN_THREADS="1")
    whole = request("GET", "/api/alice/x", token=token("alice"))
    for begin in (whole[:20], whole[:-2], whole + whole[:20]):
        upstream.requests.clear()
        with Client(gate.address) as leaver:
            leaver.send(begin)
            if begin.startswith(whole):
                assert leaver.read_response().status == 200
            leaver.finish_sending()
            assert leaver.is_closed()
        with Client(gate.address) as client:
            client.send(request("GET", "/api/bob/y", token=token("bob")))
            assert client.read_response().status == 200
        assert upstream.requests[-1].target == "/api/bob/y"


def test_an_old_client_that_is_refused_hears_the_connection_end(gate):
    with Client(gate.address) as client:
        client.send(b"GET /api/alice/x HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n")
        response = client.read_response()
        assert response.status == 401 and response.head.one("Connection") == "close" and client.is_closed()
