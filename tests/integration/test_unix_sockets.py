"""Unix sockets, before the gate and behind it, and whose the socket file is."""

import signal
import socket

import pytest
from gate import Gate, token
from upstream import Upstream
from wire import Client, request


@pytest.fixture
def path(tmp_path):
    return tmp_path / "gate.sock"


def test_an_upstream_on_a_unix_socket_is_served_like_any_other(start, tmp_path):
    behind = Upstream(tmp_path / "app.sock")
    gate = start(behind.url)
    assert behind.url.startswith("unix:/")
    with Client(gate.address) as client:
        for body in (b"", b"x" * 200_000):
            client.send(request("POST", "/api/alice/x?y", token=token("alice"), body=body))
            assert client.read_response().status == 200
    assert [len(seen.body) for seen in behind.requests] == [0, 200_000]
    assert behind.requests[0].head.one("Host") == "gate" and behind.requests[0].target == "/api/alice/x?y"
    assert behind.connections == 1
    behind.close()
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=token("alice")).status == 502


def test_an_upstream_socket_that_appears_later_is_found(start, tmp_path):
    gate = start(f"unix:{tmp_path / 'app.sock'}")
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=token("alice")).status == 502
        behind = Upstream(tmp_path / "app.sock")
        assert client.get("/api/alice/x", token=token("alice")).status == 200
        behind.close()


PROXIES = [  # (POSTERN_TRUSTED_PROXIES, X-Forwarded-For as the upstream sees it)
    (None, "127.0.0.1"),
    ("10.0.0.0/8", "127.0.0.1"),
    ("127.0.0.1", "127.0.0.1"),  # who may write to a socket file is another question
    ("127.0.0.0/8,::/0", "127.0.0.1"),
    ("unix", "1.2.3.4, 127.0.0.1"),
    ("10.0.0.0/8,unix", "1.2.3.4, 127.0.0.1"),
]


@pytest.mark.parametrize("trusted,seen", PROXIES)
def test_a_peer_on_a_unix_socket_is_trusted_only_by_that_name(start, upstream, path, trusted, seen):
    gate = start(POSTERN_LISTEN=f"unix:{path}", POSTERN_TRUSTED_PROXIES=trusted)
    assert gate.address == str(path)
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", "X-Forwarded-For: 1.2.3.4", token=token("alice")).status == 200
        assert client.get("/api/bob/x", token=token("alice")).status == 403
    assert upstream.requests[0].head.all("X-Forwarded-For") == [seen]
    assert upstream.requests[0].head.all("X-User-Id") == ["alice"]
    assert gate.wait_for_log(msg="request", status=200)["peer"] == seen.split(",")[0]


def test_every_thread_accepts_from_the_one_socket(start, upstream, path):
    gate = start(POSTERN_LISTEN=f"unix:{path}", POSTERN_THREADS="4")
    clients = [Client(gate.address) for _ in range(32)]
    for client in clients:
        client.send(request("GET", "/api/alice/x", token=token("alice")))
    assert [client.read_response().status for client in clients] == [200] * 32
    for client in clients:
        client.close()


def test_the_socket_file_is_removed_at_exit(start, path):
    gate = start(POSTERN_LISTEN=f"unix:{path}")
    assert path.is_socket()
    assert gate.stop() == 0
    assert not path.exists()


def leave_by_socket(path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
        left.listen()


def leave_by_gate(path):
    """As a process that was killed leaves it."""
    killed = Gate("http://127.0.0.1:1", POSTERN_LISTEN=f"unix:{path}").wait_until_listening()
    killed.signal(signal.SIGKILL)
    assert killed.stop() == -signal.SIGKILL


@pytest.mark.parametrize("leave", [leave_by_socket, leave_by_gate])
def test_a_stale_socket_file_is_replaced(start, path, leave):
    leave(path)
    assert path.is_socket()
    gate = start(POSTERN_LISTEN=f"unix:{path}")
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=token("alice")).status == 200


def refused_start(path, code=1):
    """Starts a gate that must not come to listen; what it says."""
    other = Gate("http://127.0.0.1:1", POSTERN_LISTEN=f"unix:{path}")
    assert other.wait() == code
    other.stop()
    return other.errors


def test_the_socket_file_of_a_living_process_is_not_stolen(start, path):
    gate = start(POSTERN_LISTEN=f"unix:{path}")
    with Client(gate.address) as before:
        complaint = refused_start(path)
        assert complaint.count("\n") == 1 and str(path) in complaint
        assert before.get("/api/alice/x", token=token("alice")).status == 200
    with Client(gate.address) as after:
        assert after.get("/api/alice/x", token=token("alice")).status == 200


def test_what_is_no_socket_is_left_alone(path):
    path.write_text("something of somebody's")
    assert str(path) in refused_start(path)
    assert path.read_text() == "something of somebody's"


def test_a_path_that_cannot_be_is_one_clear_line(tmp_path):
    for where, code in [("missing/gate.sock", 1), ("x" * 120, 2)]:
        complaint = refused_start(tmp_path / where, code)
        assert complaint.count("\n") == 1 and ("cannot listen on unix:" in complaint or "POSTERN_LISTEN" in complaint)
