"""What happens when a side is silent for too long. Time that must pass is taken from another connection's timeout."""

import json
import select
import socket
import threading

import pytest
from gate import token
from upstream import Upstream
from wire import Client, SlowReader, ok, request

PATH = "/api/alice/x"
GET = request("GET", PATH, token=token())
SHORT = "300ms"


def check_own_answer(response, status, detail):
    assert (response.status, json.loads(response.body)) == (status, {"detail": detail})


def wait_out_the_header_timeout(gate):
    with Client(gate.address) as client:
        assert client.send(GET[:1]).read_response().status == 408


@pytest.mark.parametrize("size", [1, 4, 20, len(GET) - 2, len(GET) - 1])
@pytest.mark.parametrize("earlier", [0, 1], ids=["first", "second"])
def test_a_head_that_stops_coming_is_408(start, earlier, size):
    gate = start(POSTERN_HEADER_TIMEOUT=SHORT)
    with Client(gate.address) as client:
        for _ in range(earlier):
            assert client.get(PATH, token=token()).status == 200
        response = client.send(GET[:size]).read_response()
        check_own_answer(response, 408, "Request Timeout")
        assert response.head.one("Connection") == "close"
        assert client.is_closed()


def test_a_head_that_dribbles_is_408_all_the_same(start, upstream):
    gate = start(POSTERN_HEADER_TIMEOUT=SHORT)
    with Client(gate.address) as client:
        for byte in GET[:-4] + b"\r\nX-Filler: " + b"x" * 1000:
            client.send(bytes([byte]))
            if select.select([client.socket], [], [], 0.02)[0]:
                break
        else:
            pytest.fail("a head may take as long as it likes")
        check_own_answer(client.read_response(), 408, "Request Timeout")
        assert client.is_closed()
    assert upstream.requests == []


def test_the_header_timeout_does_not_count_idle_time(start):
    gate = start(POSTERN_HEADER_TIMEOUT=SHORT)
    with Client(gate.address) as client:
        assert client.get(PATH, token=token()).status == 200
        wait_out_the_header_timeout(gate)
        assert client.get(PATH, token=token()).status == 200


@pytest.mark.parametrize("earlier", [0, 3])
def test_an_idle_connection_closes_without_a_word(start, earlier):
    gate = start(POSTERN_IDLE_TIMEOUT="1s")
    with Client(gate.address) as client:
        for _ in range(earlier):
            assert client.get(PATH, token=token()).status == 200
        assert client.read_to_end() == b""
    assert [line["status"] for line in gate.requests()] == [200] * earlier


CHUNKED = request("POST", PATH, "Transfer-Encoding: chunked", token=token())
REQUESTS = {
    "GET": GET,
    "a body that came at once": request("POST", PATH, token=token(), body=b"0123456789"),
    "a large body": request("POST", PATH, token=token(), body=b"x" * 500_000),
    "a chunked body": CHUNKED + b"4\r\n0123\r\n0\r\n\r\n",
}
BEGINNINGS = [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 102 Processing\r\n\r\n"]


@pytest.mark.parametrize("beginning", BEGINNINGS, ids=["nothing", "half a head", "an interim response"])
@pytest.mark.parametrize("name", REQUESTS)
def test_no_answer_in_time_is_504(start, upstream, name, beginning):
    def silent(connection):
        connection.read_request()
        connection.send(beginning)
        assert connection.is_closed()

    upstream.script = silent
    gate = start(POSTERN_RESPONSE_TIMEOUT=SHORT)
    with Client(gate.address) as client:
        client.send(REQUESTS[name])
        if b"102" in beginning:
            assert client.read_head().start == b"HTTP/1.1 102 Processing"
        check_own_answer(client.read_response(), 504, "Gateway Timeout")
    # Nobody waits for that answer any more.
    upstream.wait_until_quiet()
    gate.wait_for_log(msg="request", status=504, reason="upstream timeout")


def test_an_answer_whose_head_dribbles_is_504_all_the_same(start, upstream):
    over = threading.Event()

    def dribbles(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nX-Filler: ")
        while not over.wait(0.02):
            connection.send(b"x")

    upstream.script = dribbles
    gate = start(POSTERN_RESPONSE_TIMEOUT=SHORT)
    with Client(gate.address) as client:
        answered = select.select([client.send(GET).socket], [], [], 20)[0]
        over.set()
        assert answered
        check_own_answer(client.read_response(), 504, "Gateway Timeout")


def test_a_client_may_go_on_after_504(start, upstream):
    upstream.script = lambda connection: connection.read_request() and connection.is_closed()
    gate = start(POSTERN_RESPONSE_TIMEOUT="1s")
    with Client(gate.address) as client:
        check_own_answer(client.get(PATH, token=token()), 504, "Gateway Timeout")
        upstream.script = lambda connection: connection.read_request() and connection.send(ok())
        assert client.get(PATH, token=token()).status == 200


def test_the_response_timeout_begins_when_the_request_is_sent(start):
    gate = start(POSTERN_RESPONSE_TIMEOUT="1s", POSTERN_HEADER_TIMEOUT="1500ms")
    with Client(gate.address) as client:
        client.send(CHUNKED + b"4\r\n0123\r\n")
        wait_out_the_header_timeout(gate)
        assert client.send(b"0\r\n\r\n").read_response().status == 200


STREAMS = {
    "of known length": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "until close": b"HTTP/1.1 200 OK\r\n\r\n",
}


@pytest.mark.parametrize("part", [b"", b"2\r\nab\r\n"], ids=["at once", "after a part"])
@pytest.mark.parametrize("name", STREAMS)
def test_a_response_body_that_stops_coming_is_cut(start, upstream, name, part):
    def stalls(connection):
        connection.read_request()
        connection.send(STREAMS[name] + part)
        assert connection.is_closed()

    upstream.script = stalls
    gate = start(POSTERN_STREAM_IDLE_TIMEOUT=SHORT)
    with Client(gate.address) as client:
        client.send(GET).read_head()
        # For "until close" an end would mean that this was all: there a reset says that it was not.
        reset = False
        try:
            while client.receive_some():
                pass
        except ConnectionResetError:
            reset = True
        assert client.buffer == part and (reset or name != "until close")
    upstream.wait_until_quiet()
    gate.wait_for_log(msg="request", reason="stream idle timeout")


STOPS = [
    ("Content-Length: 10", b""),
    ("Content-Length: 10", b"0123"),
    ("Transfer-Encoding: chunked", b""),
    ("Transfer-Encoding: chunked", b"4\r\n01"),
    ("Transfer-Encoding: chunked", b"4\r\n0123\r\n"),
]


@pytest.mark.parametrize("name,part", STOPS)
def test_a_request_body_that_stops_coming_ends_the_connection(start, upstream, name, part):
    gate = start(POSTERN_STREAM_IDLE_TIMEOUT=SHORT)
    with Client(gate.address) as client:
        client.send(request("POST", PATH, name, token=token()) + part)
        assert client.read_to_end() == b""
    gate.wait_for_log(msg="request", reason="stream idle timeout")
    upstream.wait_for_connections(1)
    upstream.wait_until_quiet()
    assert upstream.requests == []


STUCK = [  # (whose time ends first, settings, seconds of the token's life, status, detail, the reason in the log)
    ("the upstream's", {"POSTERN_RESPONSE_TIMEOUT": SHORT}, 900, 504, "Gateway Timeout", "upstream timeout"),
    ("the token's", {"POSTERN_CLOSE_AT_EXPIRY": "true", "POSTERN_CLOCK_LEEWAY": "0s"}, 3, 401, "Token expired",
     "token expired while streaming"),
]


@pytest.mark.parametrize("earlier", [0, 1], ids=["fresh connection", "used before"])
@pytest.mark.parametrize("whose,settings,ttl,status,detail,reason", STUCK, ids=[row[0] for row in STUCK])
def test_an_upstream_that_takes_no_whole_request_is_asked_once(start, tmp_path, earlier, whose, settings, ttl, status, detail,
                                                               reason):
    """A head that is more than a unix socket holds unread."""

    def reads_no_more(connection):
        for _ in range(earlier):
            connection.read_request()
            connection.send(ok())
        gate.wait_for_log(msg="request", reason=reason)

    behind = Upstream(tmp_path / "service", script=reads_no_more)
    gate = start(behind.url, POSTERN_MAX_HEADER_BYTES="1MiB", **settings)
    with Client(gate.address) as client:
        for _ in range(earlier):
            assert client.get(PATH, token=token()).status == 200
        large = [f"X-Filler-{number}: {'x' * 10_000}" for number in range(90)]
        client.send(request("PUT", PATH, *large, token=token(ttl=ttl)))
        check_own_answer(client.read_response(), status, detail)
    behind.wait_until_quiet()
    assert behind.connections == 1 and len(behind.requests) == earlier
    behind.close()


def test_a_client_that_stops_reading_is_cut(start, upstream):
    def streams(connection):
        connection.read_request()
        connection.send(STREAMS["until close"])
        while True:
            connection.send(b"x" * 100_000)

    upstream.script = streams
    gate = start(POSTERN_STREAM_IDLE_TIMEOUT=SHORT)
    with Client(gate.address) as client:
        client.send(GET)
        gate.wait_for_log(msg="request", reason="stream idle timeout")
        with pytest.raises(ConnectionResetError):
            while client.receive_some():
                client.buffer = b""
    upstream.wait_until_quiet()


def test_a_stream_that_moves_now_and_then_lives_on(start, upstream):
    def echo(connection):
        head = connection.read_head()
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while b"/moves" in head.raw:
            connection.send(connection.read_until(b"\r\n") + connection.read_until(b"\r\n"))
        connection.is_closed()

    upstream.script = echo
    gate = start(POSTERN_STREAM_IDLE_TIMEOUT="2s")
    with Client(gate.address) as moving, Client(gate.address) as still:
        moving.send(CHUNKED.replace(PATH.encode(), b"/api/alice/moves")).read_head()
        still.send(GET).read_head()
        while not select.select([still.socket], [], [], 0.05)[0]:
            moving.send(b"4\r\nping\r\n")
            assert moving.read_until(b"ping\r\n") == b"4\r\nping\r\n"
        moving.send(b"4\r\npong\r\n")
        assert moving.read_until(b"pong\r\n") == b"4\r\npong\r\n"


def test_a_response_that_moves_now_and_then_lives_on(start, upstream):
    """And nothing comes from the client meanwhile."""
    over = threading.Event()

    def script(connection):
        moves = b"/moves" in connection.read_head().raw
        connection.send(STREAMS["chunked"])
        while moves and not over.wait(0.05):
            connection.send(b"4\r\nping\r\n")
        connection.send(b"0\r\n\r\n") if moves else connection.is_closed()

    upstream.script = script
    gate = start(POSTERN_STREAM_IDLE_TIMEOUT="2s")
    with Client(gate.address) as moving, Client(gate.address) as still:
        moving.send(request("GET", "/api/alice/moves", token=token())).read_head()
        still.send(GET).read_head()
        still.read_to_end()
        over.set()
        body, _ = moving.read_chunked()
        assert body and body == b"ping" * (len(body) // 4)


def test_an_upload_that_moves_now_and_then_lives_on(start):
    """And nothing comes from the upstream meanwhile."""
    gate = start(POSTERN_STREAM_IDLE_TIMEOUT="2s")
    with Client(gate.address) as moving, Client(gate.address) as still:
        moving.send(CHUNKED)
        still.send(CHUNKED)
        while not select.select([still.socket], [], [], 0.05)[0]:
            moving.send(b"4\r\nping\r\n")
        assert moving.send(b"0\r\n\r\n").read_response().status == 200


def fill(listener, address):
    """Connects until the queue of the listener, which accepts nobody, is full."""
    waiting = []
    try:
        while True:
            waiting.append(Client(address).socket if isinstance(address, str) else socket.create_connection(address, 0.5))
    except (TimeoutError, BlockingIOError):
        return waiting


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX], ids=["TCP", "unix"])
def test_an_upstream_that_accepts_nobody_is_502(start, tmp_path, family):
    unix = family == socket.AF_UNIX
    listener = socket.socket(family)
    listener.bind(str(tmp_path / "service") if unix else ("127.0.0.1", 0))
    listener.listen(0)
    address = listener.getsockname()
    gate = start(f"unix:{address}" if unix else f"http://127.0.0.1:{address[1]}", POSTERN_CONNECT_TIMEOUT=SHORT)
    waiting = fill(listener, address)
    with Client(gate.address) as client:
        for _ in range(3):
            check_own_answer(client.get(PATH, token=token()), 502, "Bad Gateway")
        for connection in waiting:
            connection.close()
        behind = Upstream(listener=listener)
        behind.wait_for_connections(len(waiting))
        assert client.get(PATH, token=token()).status == 200
    behind.close()


def test_a_new_connection_that_says_nothing_is_closed_by_the_header_timeout(start):
    gate = start(POSTERN_HEADER_TIMEOUT=SHORT, POSTERN_IDLE_TIMEOUT="1h")
    with Client(gate.address) as client:
        assert client.is_closed()


ANSWERS = {
    "of known length": ok(b"x" * 10_000),
    "chunked": STREAMS["chunked"] + b"2710\r\n" + b"x" * 10_000 + b"\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_client_that_asks_and_never_reads_is_let_go(start, upstream, name):
    """Pipelined requests, and a receive buffer that their answers soon fill: it is full when one begins."""

    def script(connection):
        while connection.read_request():
            connection.send(ANSWERS[name])

    upstream.script = script
    gate = start(POSTERN_STREAM_IDLE_TIMEOUT=SHORT)
    with SlowReader(gate.address) as client, pytest.raises(ConnectionError):
        while True:
            client.send(GET * 64)
    gate.wait_for_log(msg="request", reason="stream idle timeout")
    upstream.wait_until_quiet()


def test_a_client_that_reads_no_interim_response_is_let_go(start, upstream):
    """Pipelined requests with Expect, and a receive buffer that the interim responses soon fill."""

    def script(connection):
        while connection.read_request():
            connection.send(b"HTTP/1.1 100 Continue\r\n\r\n" + ok())

    upstream.script = script
    gate = start(POSTERN_RESPONSE_TIMEOUT=SHORT, POSTERN_STREAM_IDLE_TIMEOUT=SHORT)
    ask = request("POST", PATH, "Expect: 100-continue", token=token(), body=b"hi")
    with SlowReader(gate.address) as client, pytest.raises(ConnectionError):
        while True:
            client.send(ask * 64)
    upstream.wait_until_quiet()
    gate.wait_for_log(msg="request", reason="stream idle timeout")
