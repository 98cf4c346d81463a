"""`postern health`: what a container asks of the proxy that runs in it."""

import signal
import socket

import pytest
from gate import run
from upstream import Upstream


def port_of(gate):
    return gate.admin[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_a_running_proxy_is_well(gate, host):
    listener = f"{host}:{port_of(gate)}"
    assert run("health", POSTERN_ADMIN_LISTEN=listener) == (0, "ok\n", "")
    assert run("health", "--ready", POSTERN_ADMIN_LISTEN=listener) == (0, "ready\n", "")


def test_a_proxy_on_a_unix_socket_or_ipv6_is_asked_there(start, tmp_path):
    path = tmp_path / "admin.sock"
    start(POSTERN_ADMIN_LISTEN=f"unix:{path}")
    assert run("health", POSTERN_ADMIN_LISTEN=f"unix:{path}") == (0, "ok\n", "")
    gate = start(POSTERN_ADMIN_LISTEN="[::1]:0")
    assert run("health", POSTERN_ADMIN_LISTEN=f"[::]:{port_of(gate)}") == (0, "ok\n", "")


def test_ready_needs_the_upstream_and_health_does_not(start, upstream):
    gate = start()
    listener = f"127.0.0.1:{port_of(gate)}"
    upstream.stop_listening()
    assert run("health", "--ready", POSTERN_ADMIN_LISTEN=listener) == (1, "", "postern: upstream unreachable\n")
    assert run("health", POSTERN_ADMIN_LISTEN=listener) == (0, "ok\n", "")


def test_nobody_there_is_exit_1():
    with socket.socket() as bound:  # and not listening: nobody else gets the port
        bound.bind(("127.0.0.1", 0))
        code, out, err = run("health", POSTERN_ADMIN_LISTEN=f"127.0.0.1:{bound.getsockname()[1]}")
    assert (code, out, err) == (1, "", "postern: no answer: Connection refused\n")


def test_a_proxy_that_says_nothing_is_exit_1_in_a_few_seconds(gate):
    gate.signal(signal.SIGSTOP)
    try:
        code, out, err = run("health", POSTERN_ADMIN_LISTEN=f"127.0.0.1:{port_of(gate)}")
    finally:
        gate.signal(signal.SIGCONT)
    assert (code, out) == (1, "") and err.startswith("postern: no answer: ")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 2000 OK\r\n\r\n", b"ok\n", b"", b"\r\n\r\nok"])
def test_what_is_no_200_is_exit_1(answer):
    def script(connection):
        connection.read_head()
        connection.send(answer)

    somebody = Upstream(script=script)
    try:
        assert run("health", POSTERN_ADMIN_LISTEN=f"127.0.0.1:{somebody.port}")[0] == 1
    finally:
        somebody.close()


@pytest.mark.parametrize("settings,arguments", [
    ({"POSTERN_ADMIN_LISTEN": "off"}, []), ({"POSTERN_ADMIN_LISTEN": "127.0.0.1:0"}, []), ({"POSTERN_ADMIN_LISTEN": "9090"}, []),
    ({}, ["--readyz"]), ({}, ["--ready", "now"]),
])
def test_nothing_to_ask_is_exit_2(settings, arguments):
    code, out, err = run("health", *arguments, **settings)
    assert (code, out) == (2, "") and err.count("\n") == 1


def test_other_settings_do_not_matter(gate):
    """A secret file that is just being replaced, or a variable of a newer version, makes no running proxy ill."""
    settings = {"BETTER_AUTH_SECRET_FILE": "/missing", "BETTER_AUTH_SECRET": None, "POSTERN_NEWER": "x"}
    assert run("health", POSTERN_ADMIN_LISTEN=f"127.0.0.1:{port_of(gate)}", **settings) == (0, "ok\n", "")
