"""Readiness: whether the upstream takes connections or, where POSTERN_UPSTREAM_HEALTH_PATH says so, answers well."""

import contextlib
import signal
import threading
import time

import pytest
from gate import PATIENCE, SECRET, run, token
from names import Names, Port
from upstream import Upstream, answer_ok
from wire import Client, Closed, ok, request

NAME = "backend.test"
V4, OTHER_V4, V6 = "127.0.0.2", "127.0.0.3", "::1"
READY = (200, b"ready\n")
UNREACHABLE = (503, b"upstream unreachable\n")
UNHEALTHY = (503, b"upstream unhealthy\n")
DRAINING = (503, b"draining\n")


@pytest.fixture
def names(tmp_path):
    with Names(tmp_path) as table:
        yield table


@pytest.fixture
def port():
    with_places = Port(V4, OTHER_V4, V6)
    yield with_places
    with_places.close()


@pytest.fixture
def healthy(start):
    """Gates whose readiness is the upstream's answer to /health."""
    return lambda url=None, **settings: start(url, **{"POSTERN_UPSTREAM_HEALTH_PATH": "/health", **settings})


def readiness(gate, *fields, method="GET"):
    with Client(gate.admin) as client:
        response = client.get("/readyz", *fields, method=method)
        assert client.is_closed()
        return response.status, response.body


def liveness(gate):
    with Client(gate.admin) as client:
        return client.get("/healthz").status


# Without a health path: connections


@pytest.mark.parametrize("host,address", [(V4, V4), (f"[{V6}]", V6)])
def test_readiness_follows_a_port_that_opens_and_closes(start, port, host, address):
    gate = start(f"http://{host}:{port.number}")
    for _ in range(2):
        assert [readiness(gate), readiness(gate)] == [UNREACHABLE] * 2
        service = port.serve(address)
        assert [readiness(gate), readiness(gate)] == [READY] * 2
        service.wait_for_connections(2)
        service.wait_until_quiet()
        service.close()
        assert service.requests == []  # and not a byte of one
    assert readiness(gate) == UNREACHABLE
    assert liveness(gate) == 200


def test_an_upstream_that_swallows_connections_is_unreachable(start, port):
    port.swallow(V4)
    gate = start(f"http://{V4}:{port.number}", POSTERN_CONNECT_TIMEOUT="300ms")
    assert readiness(gate) == UNREACHABLE


def test_readiness_follows_a_name_wherever_it_goes(start, names, port):
    gate = start(f"http://{NAME}:{port.number}", POSTERN_CONNECT_TIMEOUT="300ms", **names.environment())
    assert readiness(gate) == UNREACHABLE
    names.set(NAME, [V4, V6])
    assert readiness(gate) == UNREACHABLE
    first = port.serve(V6)
    assert readiness(gate) == READY
    names.set(NAME, [OTHER_V4])
    port.serve(OTHER_V4)
    names.forward(2)
    first.close()
    assert [readiness(gate) for _ in range(3)] == [READY] * 3


# With one: an answer


def status(code):
    return f"HTTP/1.1 {code} Word\r\nContent-Length: 0\r\n\r\n".encode()


INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
ANSWERS = [
    ("200", ok(), READY),
    ("204", b"HTTP/1.1 204 No Content\r\n\r\n", READY),
    ("chunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", READY),
    ("until close", b"HTTP/1.1 200 OK\r\n\r\nok", READY),
    ("HTTP/1.0", b"HTTP/1.0 200 OK\r\n\r\nok", READY),
    ("302 to elsewhere", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", READY),
    ("399", status(399), READY),
    ("an interim response before", INTERIM + ok(), READY),
    ("400", status(400), UNHEALTHY),
    ("401", status(401), UNHEALTHY),
    ("404", status(404), UNHEALTHY),
    ("500", status(500), UNHEALTHY),
    ("503", status(503), UNHEALTHY),
    ("599", status(599), UNHEALTHY),
    ("an interim response before 500", INTERIM + status(500), UNHEALTHY),
    ("an interim response alone", INTERIM, UNHEALTHY),
    ("a switch nobody asked for", b"HTTP/1.1 101 Word\r\nUpgrade: a\r\nConnection: Upgrade\r\n\r\n", UNHEALTHY),
    ("nothing", b"", UNHEALTHY),
    ("half a head", b"HTTP/1.1 200 OK\r\nContent-Le", UNHEALTHY),
    ("a status line alone", b"HTTP/1.1 200 OK\r\n", UNHEALTHY),
    ("another protocol", b"220 mail.test ESMTP\r\n\r\n", UNHEALTHY),
    ("a version of its own", b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", UNHEALTHY),
    ("a status too small", status("099"), UNHEALTHY),
    ("a status too large", status(600), UNHEALTHY),
    ("a status too long", status(2000), UNHEALTHY),
    ("a letter in the status", status("2O0"), UNHEALTHY),
    ("a field without colon", b"HTTP/1.1 200 OK\r\nX-A 1\r\nContent-Length: 0\r\n\r\n", UNHEALTHY),
    ("an endless head", b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 1_000_000, UNHEALTHY),
    ("endless interim responses", b"HTTP/1.1 102 Processing\r\n\r\n" * 50_000, UNHEALTHY),
]


@pytest.mark.parametrize("what,answer,expected", ANSWERS, ids=[row[0] for row in ANSWERS])
def test_the_answer_to_the_health_request_decides(healthy, upstream, what, answer, expected):
    def script(connection):
        connection.read_request()
        connection.send(answer)

    upstream.script = script
    gate = healthy()
    assert readiness(gate) == expected
    assert readiness(gate, method="HEAD") == (expected[0], b"")
    assert [seen.method for seen in upstream.requests] == ["GET", "GET"]
    upstream.wait_until_quiet()
    assert liveness(gate) == 200


def test_an_upstream_that_resets_is_unhealthy(healthy, upstream):
    upstream.script = lambda connection: connection.read_request() and connection.reset()
    assert readiness(healthy()) == UNHEALTHY


def test_health_is_followed_both_ways_and_a_missing_upstream_is_told_from_a_sick_one(healthy, port):
    gate = healthy(f"http://{V4}:{port.number}")
    for _ in range(2):
        assert readiness(gate) == UNREACHABLE
        answer = ok()
        service = port.serve(V4, script=lambda connection: connection.read_request() and connection.send(answer))
        for answer, expected in [(ok(), READY), (status(503), UNHEALTHY), (status(302), READY), (b"", UNHEALTHY)]:
            assert [readiness(gate), readiness(gate)] == [expected] * 2
        service.close()
    assert readiness(gate) == UNREACHABLE


UPSTREAMS = [(V4, V4, f"{V4}:"), (f"[{V6}]", V6, f"[{V6}]:"), (NAME, OTHER_V4, f"{NAME}:")]


def check_probe(seen, target, host):
    assert (seen.head.start, seen.body) == (f"GET {target} HTTP/1.1".encode(), b"")
    assert sorted(seen.head.names()) == ["accept", "connection", "host", "user-agent"], seen.head.raw
    assert [seen.head.one(name) for name in ("Host", "User-Agent", "Connection")] == [host, "postern", "close"]


@pytest.mark.parametrize("url_host,address,host", UPSTREAMS, ids=[row[0] for row in UPSTREAMS])
@pytest.mark.parametrize("target", ["/health", "/", "/health?full=1", "/a%20b"])
def test_the_health_request_is_made_of_the_configuration_alone(healthy, names, port, url_host, address, host, target):
    service = port.serve(address)
    names.set(NAME, [V4, address])  # the first refuses
    gate = healthy(f"http://{url_host}:{port.number}", POSTERN_UPSTREAM_HEALTH_PATH=target, **names.environment())
    callers = (f"Authorization: Bearer {token()}", "X-User-Id: eve", "Cookie: a=b", "X-Request-Id: 1", "X-Forwarded-For: ::1")
    assert [readiness(gate, *callers), readiness(gate)] == [READY] * 2
    for seen in service.requests:
        check_probe(seen, target, f"{host}{port.number}")
    assert [seen.connection for seen in service.requests] == [0, 1]


def test_the_health_of_an_upstream_on_a_unix_socket(healthy, tmp_path):
    path = tmp_path / "service"
    gate = healthy(f"unix:{path}")
    assert readiness(gate) == UNREACHABLE
    service = Upstream(path)
    assert readiness(gate) == READY
    check_probe(service.requests[0], "/health", "localhost")
    service.script = lambda connection: connection.read_request() and connection.send(status(500))
    assert readiness(gate) == UNHEALTHY
    service.close()
    assert readiness(gate) == UNREACHABLE


def test_without_a_health_path_or_with_an_empty_one_nothing_is_asked(start, upstream):
    upstream.script = lambda connection: connection.read_request() and connection.send(status(500))
    for path in (None, ""):
        assert readiness(start(POSTERN_UPSTREAM_HEALTH_PATH=path)) == READY
    assert upstream.requests == []


def test_liveness_asks_nobody(healthy, upstream):
    gate = healthy()
    assert liveness(gate) == 200
    assert (upstream.connections, upstream.requests) == (0, [])


def test_a_silent_upstream_is_unhealthy_after_5_seconds(healthy, upstream, names):
    upstream.script = lambda connection: connection.read_request() and connection.is_closed()
    gate = healthy(**names.environment())
    with Client(gate.admin) as client:
        client.send(request("GET", "/readyz"))
        upstream.wait_for_requests(1)
        names.forward(6)
        response = client.read_response()
        assert (response.status, response.body) == UNHEALTHY
    upstream.wait_until_quiet()


def test_an_upstream_that_trickles_is_unhealthy_after_5_seconds(healthy, upstream, names):
    over = threading.Event()

    def script(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nX-A: ")
        while not over.wait(0.05):
            connection.send(b"x")

    upstream.script = script
    gate = healthy(**names.environment())
    with Client(gate.admin) as client:
        client.send(request("GET", "/readyz"))
        upstream.wait_for_requests(1)
        names.forward(6)
        response = client.read_response()
        assert (response.status, response.body) == UNHEALTHY
    upstream.wait_until_quiet()
    over.set()


def test_an_upstream_may_take_longer_to_answer_than_to_connect(healthy, upstream, names):
    answer = threading.Event()

    def script(connection):
        connection.read_request()
        assert answer.wait(PATIENCE)
        connection.send(ok())

    upstream.script = script
    gate = healthy(POSTERN_CONNECT_TIMEOUT="300ms", **names.environment())
    with Client(gate.admin) as unfinished, Client(gate.admin) as client:
        unfinished.send(b"GET /readyz HTTP/1.1\r\n")
        assert liveness(gate) == 200
        names.forward(3)
        client.send(request("GET", "/readyz"))
        upstream.wait_for_requests(1)
        names.forward(3)
        assert unfinished.is_closed()  # so deadlines were looked at, 3 s after the question
        answer.set()
        response = client.read_response()
        assert (response.status, response.body) == READY


def test_the_health_request_is_none_of_the_clients(healthy, upstream):
    gate = healthy()
    assert readiness(gate) == READY
    with Client(gate.address) as client:
        assert [client.get(path).status for path in ("/health", "/readyz", "/healthz")] == [401] * 3
        assert client.get("/api/alice/x", token=token()).status == 200
    gate.wait_for_log(msg="request", status=200)
    assert [line["path"] for line in gate.requests()] == ["/health", "/readyz", "/healthz", "/api/alice/x"]
    assert [seen.target for seen in upstream.requests] == ["/health", "/api/alice/x"]


def test_while_draining_nobody_is_asked(healthy, upstream):
    released = threading.Event()

    def script(connection):
        connection.read_request()
        assert released.wait(PATIENCE)
        connection.send(ok())

    upstream.script = script
    gate = healthy()
    with Client(gate.address) as busy:
        busy.send(request("GET", "/api/alice/x", token=token()))
        upstream.wait_for_requests(1)
        gate.signal(signal.SIGTERM)
        gate.wait_for_log(msg="draining")
        assert [readiness(gate), readiness(gate)] == [DRAINING] * 2
        released.set()
        assert busy.read_response().status == 200
    assert gate.wait() == 0
    assert upstream.connections == 1


REFUSED = [
    "health", "http://backend/health", "*", "?full", "\\health", "/he alth", " /health", "/health ", "/a\tb", "/a\nb",
    "/a\vb", "/a\r\nX-User-Id: eve", "/a\x01", "/a\x1f", "/a\x7f",
]


@pytest.mark.parametrize("path", REFUSED, ids=[ascii(path) for path in REFUSED])
def test_a_health_path_that_cannot_be_sent_is_a_configuration_error(path):
    code, out, err = run(BETTER_AUTH_SECRET=SECRET, POSTERN_UPSTREAM_HEALTH_PATH=path)
    lines = err.splitlines()
    assert (code, out, len(lines)) == (2, "", 1), (code, out, err)
    assert lines[0].startswith("POSTERN_UPSTREAM_HEALTH_PATH: ") and "e.g. " in lines[0]


# The admin listener's places


MOST = 64
OCCUPIED = {
    "silent": b"",
    "with half a head": b"GET /healthz HTTP/1.1\r\n",
    "waiting for readiness": request("GET", "/readyz"),
}


def wait_until_live(gate):
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        with contextlib.suppress(Closed, ConnectionError):
            return liveness(gate)
    raise AssertionError("no place became free")


@pytest.mark.parametrize("what", OCCUPIED)
def test_64_admin_connections_are_served_and_more_are_closed_at_once(healthy, upstream, what):
    released = threading.Event()

    def script(connection):
        connection.read_request()
        released.wait(PATIENCE)
        connection.send(ok())

    upstream.script = script
    gate = healthy()
    occupying = [Client(gate.admin).send(OCCUPIED[what]) for _ in range(MOST)]
    more = [Client(gate.admin) for _ in range(3)]
    assert [client.is_closed() for client in more] == [True] * 3
    # None of the others was closed for them.
    rest = request("GET", "/healthz").removeprefix(OCCUPIED[what]) if what != "waiting for readiness" else b""
    upstream.script = answer_ok
    released.set()
    assert [client.send(rest).read_response().status for client in occupying] == [200] * MOST
    for client in [*occupying, *more]:
        client.close()
    assert wait_until_live(gate) == 200


def test_admin_places_are_free_again_when_those_who_had_them_leave(gate):
    for end in (Client.close, Client.reset):
        occupying = [Client(gate.admin) for _ in range(MOST)]
        with Client(gate.admin) as one_more:
            assert one_more.is_closed()
        for client in occupying:
            end(client)
        assert wait_until_live(gate) == 200
        # All of them, not only some.
        again = [Client(gate.admin) for _ in range(MOST)]
        assert [client.send(request("GET", "/healthz")).read_response().status for client in again] == [200] * MOST
        for client in again:
            assert client.is_closed()
            client.close()
        assert wait_until_live(gate) == 200
