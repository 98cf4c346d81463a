"""`postern drain`: what a preStop hook does, and what the gate does then."""

import signal
import subprocess

import pytest
from admin import ask
from gate import PATIENCE, binary, clean_environment, run, token
from wire import Client, refuses_connections, request

ALICE = token("alice")


def listener(gate):
    return f"127.0.0.1:{gate.admin[1]}"


def drain(gate, *arguments, **settings):
    return run("drain", *arguments, POSTERN_ADMIN_LISTEN=listener(gate), **settings)


def begin(gate, *arguments):
    """The command under way."""
    return subprocess.Popen([binary(), "drain", *arguments], env=clean_environment(POSTERN_ADMIN_LISTEN=listener(gate)),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_drained_gate_refuses_connections_and_stays_until_it_is_told_to_go(gate):
    assert drain(gate)[:1] == (0,)
    gate.wait_for_log(msg="drained")
    assert refuses_connections(gate.address)
    assert ask(gate, "/readyz").body == b"draining\n"
    assert ask(gate, "/healthz").status == 200
    assert drain(gate, "--wait") == (0, "drained\n", "")
    assert gate.stop() == 0
    gate.wait_for_log(msg="stopped")


def test_for_a_while_it_goes_on_as_ever_but_for_readiness(start):
    gate = start(POSTERN_THREADS="1")
    with Client(gate.address) as before:
        assert before.get("/api/alice/x", token=ALICE).status == 200
        command = begin(gate, "--after", "1h")
        gate.wait_for_log(msg="drain announced", after_ms="3600000")
        assert ask(gate, "/readyz").status == 503
        assert b"not ready" in ask(gate, "/").body
        response = before.get("/api/alice/x", token=ALICE)
        assert (response.status, response.head.one("Connection")) == (200, None)
        with Client(gate.address) as another:
            assert another.get("/api/alice/x", token=ALICE).status == 200
        # A second one that ends sooner counts, and the first hears of it.
        assert drain(gate, "--after=0s")[0] == 0
        assert (command.wait(PATIENCE), command.stderr.read()) == (0, "")
        command.stdout.close()
        command.stderr.close()
    assert refuses_connections(gate.address)


def test_wait_returns_when_the_last_request_is_answered(start, held, upstream):
    gate = start(POSTERN_THREADS="1")
    with Client(gate.address) as busy:
        busy.send(request("GET", "/api/alice/x", token=ALICE))
        upstream.wait_for_requests(1)
        assert drain(gate) == (0, "draining\n", "")
        command = begin(gate, "--wait")
        assert refuses_connections(gate.address) and command.poll() is None
        held.released.set()
        assert busy.read_response().body == b"late"
    assert (command.wait(PATIENCE), *command.communicate()) == (0, "drained\n", "")


def test_a_signal_behind_the_drain_is_the_first_one(start, held, upstream):
    gate = start(POSTERN_THREADS="1")
    with Client(gate.address) as busy:
        busy.send(request("GET", "/api/alice/x", token=ALICE))
        upstream.wait_for_requests(1)
        assert drain(gate)[0] == 0
        gate.signal(signal.SIGTERM)
        held.released.set()
        assert busy.read_response().body == b"late"
    assert gate.wait() == 0
    assert "second signal: ending at once" not in [line["msg"] for line in gate.lines]


def test_the_drain_timeout_runs_from_the_drain(start, held, upstream):
    gate = start(POSTERN_THREADS="1", POSTERN_DRAIN_TIMEOUT="1s")
    with Client(gate.address) as busy:
        busy.send(request("GET", "/api/alice/x", token=ALICE))
        upstream.wait_for_requests(1)
        assert drain(gate, "--wait") == (0, "drained\n", "")
        busy.read_to_end()
    gate.wait_for_log(msg="drain timeout: cutting what is left")


def test_a_signal_within_the_announced_while_drains_at_once(gate):
    command = begin(gate, "--after", "1h")
    gate.wait_for_log(msg="drain announced")
    gate.signal(signal.SIGTERM)
    assert gate.wait() == 0
    command.wait(PATIENCE)
    command.stdout.close()
    command.stderr.close()


@pytest.mark.parametrize("method,fields,host,target,status", [
    ("GET", (), "localhost", "/drain", 405),
    ("POST", ("Origin: http://localhost",), "localhost", "/drain", 403),
    ("POST", ("Origin: null",), "localhost", "/drain", 403),
    ("POST", (), "evil.example", "/drain", 403),
    ("POST", (), "localhost", "/drain?after=2h", 400),
    ("POST", (), "localhost", "/drain?after=x", 400),
    ("POST", (), "localhost", "/drain?now", 400),
])
def test_nobody_else_drains_it(gate, method, fields, host, target, status):
    assert ask(gate, target, *fields, method=method, host=host).status == status
    assert ask(gate, "/readyz").status == 200
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=ALICE).status == 200


@pytest.mark.parametrize("arguments", [["--after"], ["--after", "soon"], ["--after", "2h"], ["--now"], ["10s"]])
def test_misuse_is_one_line_and_exit_2(gate, arguments):
    code, out, err = drain(gate, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_nobody_there_is_exit_1(gate):
    assert gate.stop() == 0
    assert drain(gate) == (1, "", "postern: no answer: Connection refused\n")


def test_a_folded_field_is_refused_before_it_is_understood(gate):
    with Client(gate.admin) as client:
        client.send(b"POST /drain HTTP/1.1\r\nHost: localhost\r\nX: a\r\n Origin: http://evil\r\n\r\n")
        assert client.read_response().status == 400
    assert ask(gate, "/readyz").status == 200
