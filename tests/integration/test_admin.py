"""The admin listener: liveness, readiness, and nothing else. It never forwards."""

import socket

import pytest
from gate import Gate, token
from wire import Client, request


def ask(gate, target, *fields, method="GET", token=None):
    with Client(gate.admin) as client:
        response = client.get(target, *fields, method=method, token=token)
        assert client.is_closed()
        return response


@pytest.mark.parametrize("method,target,status,body", [
    ("GET", "/healthz", 200, b"ok\n"),
    ("GET", "/readyz", 200, b"ready\n"),
    ("GET", "/healthz?verbose=1", 200, b"ok\n"),
    ("HEAD", "/healthz", 200, b""),
    ("HEAD", "/readyz", 200, b""),
    ("GET", "/elsewhere", 404, b"not found\n"),
    ("GET", "/healthz/", 404, b"not found\n"),
    ("GET", "/api/alice/x", 404, b"not found\n"),
    ("HEAD", "/elsewhere", 404, b""),
    ("POST", "/healthz", 405, b"method not allowed\n"),
    ("DELETE", "/readyz", 405, b"method not allowed\n"),
])
def test_the_answer_to(gate, upstream, method, target, status, body):
    response = ask(gate, target, method=method, token=token("alice"))
    assert (response.status, response.body) == (status, body)
    assert response.head.one("Connection") == "close"
    assert response.head.one("Cache-Control") == "no-store"
    assert (response.head.one("Allow") == "GET, HEAD") == (status == 405)
    assert upstream.requests == []


MALFORMED = [
    ("no Host", b"GET /healthz HTTP/1.1\r\n\r\n"),
    ("no version", b"GET /healthz\r\n\r\n"),
    ("two hosts", b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    ("space before the colon", b"GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n"),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    ("a long target", b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a long field", b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 9000 + b"\r\n\r\n"),
]


@pytest.mark.parametrize("what,sent", MALFORMED, ids=[row[0] for row in MALFORMED])
def test_a_malformed_request_is_400_and_the_next_one_is_served(gate, what, sent):
    with Client(gate.admin) as client:
        assert client.send(sent).read_response().status == 400
        assert client.is_closed()
    assert ask(gate, "/healthz").status == 200


def test_clients_that_say_nothing_or_leave_do_not_keep_others_waiting(gate):
    silent = [Client(gate.admin) for _ in range(20)]
    for client in silent[:10]:
        client.send(b"GET /hea")
    for client in silent[:5]:
        client.reset()
    assert ask(gate, "/healthz").status == 200
    for client in silent:
        client.close()


def test_an_unfinished_request_is_closed_in_the_end(gate):
    with Client(gate.admin) as client:
        assert client.send(b"GET /healthz HTTP/1.1\r\n").read_to_end() == b""


def test_readiness_follows_the_upstream_and_liveness_does_not(start, tmp_path):
    """A unix socket, so that the same address can go and come back."""
    path = tmp_path / "upstream"

    def listen():
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(8)
        return listener

    gate = start(upstream_url=f"unix:{path}")
    assert [ask(gate, target).status for target in ("/readyz", "/healthz")] == [503, 200]
    with listen():
        assert [ask(gate, target).status for target in ("/readyz", "/healthz")] == [200, 200]
    unready = ask(gate, "/readyz")
    assert (unready.status, unready.body) == (503, b"upstream unreachable\n")
    path.unlink()
    with listen():
        assert ask(gate, "/readyz").status == 200


def test_readiness_survives_an_upstream_that_accepts_and_never_answers(start, upstream):
    upstream.script = lambda connection: connection.read_to_end()
    gate = start()
    assert [ask(gate, "/readyz").status for _ in range(5)] == [200] * 5
    upstream.wait_until_quiet()


def test_an_upstream_name_without_an_address_is_not_ready(start):
    gate = start(upstream_url="http://no-such-host.invalid:8000", POSTERN_CONNECT_TIMEOUT="300ms")
    assert [ask(gate, target).status for target in ("/readyz", "/healthz")] == [503, 200]


def test_admin_paths_mean_nothing_on_the_public_listener(gate, upstream):
    with Client(gate.address) as client:
        assert [client.get(path).status for path in ("/healthz", "/readyz", "/metrics", "/")] == [401] * 4
        assert client.get("/healthz", token=token("alice")).status == 404
    assert upstream.requests == []


def test_admin_requests_are_not_in_the_access_log(gate):
    assert ask(gate, "/healthz").status == 200
    with Client(gate.address) as client:
        client.get("/marker")
    gate.wait_for_log(msg="request", path="/marker")
    assert [line["path"] for line in gate.requests()] == ["/marker"]


def test_admin_can_be_off(start):
    gate = start(POSTERN_ADMIN_LISTEN="off", POSTERN_THREADS="1")
    with Client(gate.address) as client:
        assert client.get("/marker").status == 401
    gate.wait_for_log(msg="request", path="/marker")
    assert gate.admin is None
    assert "admin listening" not in [line["msg"] for line in gate.lines]


def test_admin_listens_on_a_unix_socket_and_removes_it_at_the_end(start, tmp_path):
    path = tmp_path / "admin"
    gate = start(POSTERN_ADMIN_LISTEN=f"unix:{path}")
    assert gate.wait_for_log(msg="admin listening")["address"] == f"unix:{path}"
    with Client(str(path)) as client:
        assert client.send(request("GET", "/readyz")).read_response().status == 200
    assert gate.stop() == 0
    assert not path.exists()


def test_an_admin_address_in_use_is_one_line_and_exit_1(upstream):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        gate = Gate(upstream.url, POSTERN_ADMIN_LISTEN=f"127.0.0.1:{port}")
        assert gate.wait() == 1
    gate.stop()
    assert gate.errors == f"postern: cannot listen on 127.0.0.1:{port}: Address already in use\n"
