"""The unit's filter of system calls around the real binary at its real work: nothing is missing in it, and
it holds. The calls made are recorded too, because a refused one might only have been worked around.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

import cage
from certificates import certificates, serving
from gate import PATIENCE, SECRET, Gate, binary, token
from tls_wire import TlsClient, TlsUpstream
from upstream import Upstream
from websocket import SWITCHING, TEXT, UPGRADE, encode, read_frame
from wire import Client, ok, request

ALICE = token("alice")
PATH = "/api/alice/x"
UNIT = cage.directives(cage.UNIT.read_text())


def answer(connection):
    """Websockets are greeted, everything else is answered."""
    while received := connection.read_request():
        if received.head.one("Upgrade"):
            connection.send(SWITCHING + encode(TEXT, b"hello"))
            return
        connection.send(ok(b"x" * 300_000))


def ask_everything(connect):
    with connect() as client:
        assert len(client.get(PATH, token=ALICE).body) == 300_000
        assert client.get("/api/bob/x", token=ALICE).status == 403
        assert client.get(PATH).status == 401
        client.send(request("POST", PATH, token=ALICE, body=b"y" * 300_000))
        assert client.read_response().status == 200
    with connect() as client:
        client.send(request("GET", PATH, *UPGRADE, token=ALICE))
        assert client.read_response().status == 101
        assert read_frame(client).payload == b"hello"


def reload_and_drain(gate, connect):
    gate.signal(signal.SIGHUP)
    gate.wait_for_log(msg="keys reloaded")
    with Client(gate.admin) as admin:
        assert admin.get("/readyz").status == 200
    with connect() as client:
        client.send(request("POST", PATH, "Content-Length: 2", token=ALICE) + b"1")
        gate.signal(signal.SIGTERM)
        gate.wait_for_log(msg="draining")
        client.send(b"2")
        assert client.read_response().status == 200


def with_tls_and_a_name(start, folder, certificates):
    behind = TlsUpstream(certificates.server_context(), answer, name="localhost")
    secret = folder / "secret"
    secret.write_text(SECRET + "\n")
    settings = serving(certificates.server, POSTERN_UPSTREAM_CA=certificates.ca.cert)
    gate = start(behind.url, BETTER_AUTH_SECRET=None, BETTER_AUTH_SECRET_FILE=str(secret), **settings)

    def connect():
        return TlsClient(gate.address, certificates.client_context())

    ask_everything(connect)
    reload_and_drain(gate, connect)
    behind.close()


def with_unix_sockets(start, folder, _):
    behind = Upstream(str(folder / "service"), answer)
    gate = start(behind.url, POSTERN_LISTEN=f"unix:{folder}/gate", POSTERN_LOG_FORMAT="json")
    ask_everything(lambda: Client(gate.address))
    reload_and_drain(gate, lambda: Client(gate.address))
    behind.close()


def with_a_name_that_nobody_has(start, folder, _):
    """Asks the name server, or finds none; the answer is the same."""
    gate = start("http://postern.invalid:8000", RES_OPTIONS="attempts:1 timeout:1")
    with Client(gate.address) as client:
        assert client.get(PATH, token=ALICE).status == 502
    assert gate.wait_for_log(msg="request")["reason"] == "upstream name has no address"


def with_ip_version_6(start, folder, _):
    behind = Upstream(script=answer, listener=socket.create_server(("::1", 0), family=socket.AF_INET6))
    gate = start(f"http://[::1]:{behind.port}", POSTERN_LISTEN="[::1]:0", POSTERN_TRUSTED_PROXIES="::1")
    ask_everything(lambda: Client(gate.address))
    behind.close()


WORK = [with_tls_and_a_name, with_unix_sockets, with_a_name_that_nobody_has, with_ip_version_6]


@pytest.fixture
def start():
    gates = []

    def start_gate(upstream, preexec=None, **settings):
        gates.append(Gate(upstream, preexec, **settings))
        return gates[-1].wait_until_listening()

    yield start_gate
    for gate in gates:
        assert gate.stop() == 0, gate.errors
        assert gate.errors == ""


@pytest.mark.parametrize("work", WORK)
def test_behind_the_filter_all_work_is_done(start, tmp_path, certificates, work):
    enter = cage.cage(UNIT)
    work(lambda *upstream, **settings: start(*upstream, preexec=enter, **settings), tmp_path, certificates)


@pytest.mark.parametrize("group", ["@network-io", "@io-event", "@file-system", "@signal", "@process"])
def test_a_filter_without_what_postern_needs_would_be_seen(group):
    narrower = UNIT | {"SystemCallFilter": [*UNIT["SystemCallFilter"], f"~{group}"]}
    gate = Gate("http://127.0.0.1:1", cage.cage(narrower))
    with pytest.raises(AssertionError, match="no log line"):
        gate.wait_until_listening()
    assert gate.stop() != 0


@pytest.fixture
def record(tmp_path, monkeypatch):
    """Postern under strace, which keeps out of the way of signals; gives the lines once Postern has ended."""
    strace = shutil.which("strace")
    assert strace, "strace is missing: apt-get install strace"
    lines, wrapper = tmp_path / "calls", tmp_path / "traced"
    wrapper.write_text(f'#!/bin/sh\nexec {strace} -D -f -qq -s 0 -o {lines} {binary()} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("POSTERN_BIN", str(wrapper))

    def calls():
        # strace writes on for a moment when Postern has ended.
        deadline = time.monotonic() + PATIENCE
        while "exit_group" not in (text := lines.read_text()):
            assert time.monotonic() < deadline, "strace does not end"
            time.sleep(0.01)
        return text.splitlines()

    return calls


@pytest.mark.parametrize("work", WORK)
def test_every_call_that_is_made_is_allowed(record, tmp_path, certificates, work, capsys):
    gates = []

    def start_gate(upstream, **settings):
        gates.append(Gate(upstream, **settings))
        return gates[-1].wait_until_listening()

    try:
        work(start_gate, tmp_path, certificates)
    finally:
        for gate in gates:
            assert gate.stop() == 0
    made = set(re.findall(r"^\d+ +(?:<\.\.\. )?(\w+)", "\n".join(record()), re.M))
    families = set(re.findall(r"\bsocket\((AF_\w+)", "\n".join(record())))
    assert {"epoll_wait", "exit_group"} <= made and made & {"sendto", "sendmsg"}
    with capsys.disabled():
        print(f"\n{work.__name__}: {len(made)} calls, {' '.join(sorted(families))}")
    assert made - cage.allowed_calls(UNIT) == set()
    # libc asks which kinds of address this machine has, and takes a refusal for both.
    assert families - {"AF_NETLINK"} <= set(" ".join(UNIT["RestrictAddressFamilies"]).split())


CALLS = [
    # AF_NETLINK, AF_PACKET
    (("socket", 16, socket.SOCK_RAW.value, 0), "EAFNOSUPPORT"),
    (("socket", 17, socket.SOCK_RAW.value, 0), "EAFNOSUPPORT"),
    (("mmap", None, 4096, 7, 0x22, -1, 0), "EPERM"),
    (("unshare", 0x10000000), "EPERM"),
    (("setns", 0, 0), "EPERM"),
    (("setuid", 0), "EPERM"),
    (("chroot", b"/"), "EPERM"),
    (("ptrace", 0, 0, None, None), "EPERM"),
    (("mount", b"a", b"/", b"tmpfs", 0, None), "EPERM"),
    (("setpriority", 0, 0, -1), "EPERM"),
    (("sethostname", b"x", 1), "EPERM"),
    (("getpid",), 0),
]


@pytest.mark.parametrize(("call", "expected"), CALLS, ids=[f"{call[0]}{call[1:2]}" for call, _ in CALLS])
def test_the_filter_holds(call, expected):
    """In a process of its own, because there is no way out of a filter."""
    program = f"import cage; cage.cage(cage.directives(cage.UNIT.read_text()))(); print(cage.refused({call}))"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=os.path.dirname(__file__),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == (f"{expected}\n", "")
