"""POSTERN_REVOKED_FILE while serving: read when it is at rest, never lost by accident, and the end of open streams."""

import threading

import pytest
from gate import SECRET, run, token
from wire import Client, request

READ = "revoked tokens read"
KEPT = "revoked tokens not read again, the old list stays"


@pytest.fixture
def revoked(tmp_path):
    path = tmp_path / "revoked"
    path.write_text("jti first\n")
    return path


def status(gate, bearer):
    with Client(gate.address) as client:
        return client.get("/api/alice/x", token=bearer).status


def settle(gate, bearer, expected):
    while status(gate, bearer) != expected:
        pass


def test_a_changed_file_is_read_and_a_wrong_line_keeps_the_old_list(start, revoked):
    gate = start(POSTERN_REVOKED_FILE=str(revoked))
    first, second = token("alice", jti="first"), token("alice", jti="second")
    assert [status(gate, one) for one in (first, second)] == [401, 200]
    revoked.write_text("jti first\njti second\n")
    assert gate.wait_for_log(msg=READ)["entries"] == "2"
    settle(gate, second, 401)
    spoilt = (("jti first\nwhat is this\n", "line 2"), ("jti first\njti sec", "no newline"))
    for count, (text, problem) in enumerate(spoilt, 1):
        revoked.write_text(text)
        assert problem in gate.wait_for_log(msg=KEPT, count=count)["problem"]
        assert [status(gate, one) for one in (first, second)] == [401, 401]


def test_a_file_that_vanished_or_is_empty_a_moment_keeps_the_old_list(start, revoked, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    gate = start(POSTERN_REVOKED_FILE=str(revoked), BETTER_AUTH_SECRET=None, BETTER_AUTH_SECRET_FILE=str(secret))
    first = token("alice", jti="first")
    revoked.unlink()
    # Another file that is read again tells that the watch has come round; the list has no part in that.
    secret.write_text("another-secret-0123456789abcdef-0123456789")
    gate.wait_for_log(msg="keys reloaded")
    renewed = token("alice", secret="another-secret-0123456789abcdef-0123456789", jti="first")
    settle(gate, first, 401)
    assert status(gate, renewed) == 401
    revoked.write_text("")
    assert gate.wait_for_log(msg=READ)["entries"] == "0"  # ten seconds later
    settle(gate, renewed, 200)


def test_a_wrong_line_at_start_is_an_error(revoked):
    revoked.write_text("nonsense\n")
    code, _, err = run("check", BETTER_AUTH_SECRET=SECRET, POSTERN_REVOKED_FILE=str(revoked))
    assert code == 2 and "POSTERN_REVOKED_FILE" in err and "line 1" in err


def test_a_spoilt_list_does_not_keep_a_secret_from_changing(start, revoked, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    gate = start(POSTERN_REVOKED_FILE=str(revoked), BETTER_AUTH_SECRET=None, BETTER_AUTH_SECRET_FILE=str(secret))
    revoked.write_text("nonsense\n")
    secret.write_text("another-secret-0123456789abcdef-0123456789")
    gate.wait_for_log(msg="keys reloaded")
    settle(gate, token("alice", secret="another-secret-0123456789abcdef-0123456789"), 200)


def test_a_revocation_ends_open_streams_and_websockets(start, upstream, revoked):
    gate = start(POSTERN_REVOKED_FILE=str(revoked), POSTERN_CLOSE_AT_EXPIRY="true")
    released = threading.Event()

    def script(connection):
        seen = connection.read_request()
        if seen.target.endswith("/ws"):
            connection.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05first")
        else:
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        if seen.target.startswith("/api/bob"):
            released.wait(60)
            connection.send(b"0\r\n\r\n")
        connection.read_to_end()

    upstream.script = script
    rows = [("/api/alice/stream", [], token("alice", sid="s")), ("/api/alice/ws", ["Connection: Upgrade", "Upgrade: websocket"],
                                                                token("alice", jti="j")), ("/api/bob/stream", [], token("bob"))]
    clients = [Client(gate.address).send(request("GET", path, *fields, token=bearer)) for path, fields, bearer in rows]
    for client in clients:
        client.read_until(b"first")
    revoked.write_text("sid s\njti j\n")
    for client in clients[:2]:
        client.read_to_end()
    for path, _, _ in rows[:2]:
        assert gate.wait_for_log(msg="request", path=path)["reason"] == "token revoked while streaming"
    released.set()
    clients[2].read_until(b"0\r\n\r\n")
    for client in clients:
        client.close()
