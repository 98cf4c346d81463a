"""How the log is written: whole lines that no request can forge, as many as wanted, none lost at the end."""

import json
import os
import re
import signal
import subprocess
import threading

import pytest
from gate import PATIENCE, SECRET, Gate, binary, clean_environment, token
from wire import Client, request

ALICE = token("alice")

ODD_TARGETS = [
    # target as sent, path as logged
    ("/a%0d%0a%7b%22msg%22:%22request%22%7d", "/a%0d%0a%7b%22msg%22:%22request%22%7d"),
    ('/a","msg":"forged', '/a","msg":"forged'),
    ("/a\\", "/a\\"),
    ("/a%5c%22", "/a%5c%22"),
    ("/a\x7f", "/a\x7f"),
    ("/a\x1b[31m", "/a\x1b[31m"),
    ("/a\x85\xff", "/a\x85\xff"),
    ("/%e2%80%a8", "/%e2%80%a8"),
    ("/a\x00b", "/a\x00b"),
]


@pytest.mark.parametrize("target,path", ODD_TARGETS, ids=range(len(ODD_TARGETS)))
def test_a_path_cannot_forge_a_line(gate, target, path):
    with Client(gate.address) as client:
        client.send(request("GET", target)).finish_sending()
        client.read_to_end()
    line = gate.wait_for_log(msg="request")
    # Where the head itself is refused there may be nothing of a target yet.
    assert line["path"] in (path, ""), line
    assert gate.stop() == 0
    assert [list(other).count("msg") for other in gate.lines] == [1] * len(gate.lines)
    assert len(gate.requests()) == 1


@pytest.mark.parametrize("sent", ['a","msg":"forged', "a\\", "a\xe4", "a b"])
def test_a_request_id_cannot_forge_a_line(gate, sent):
    with Client(gate.address) as client:
        made = client.get("/api/alice/x", f"X-Request-Id: {sent}").head.one("X-Request-Id")
    assert gate.wait_for_log(msg="request")["request_id"] == made
    assert re.fullmatch(r"[0-9A-Za-z_-]+", made)


def test_a_long_path_leaves_a_line_that_is_whole(gate):
    with Client(gate.address) as client:
        assert client.get("/" + "x" * 12000).status == 401
    line = gate.wait_for_log(msg="request", status=401)
    assert set(line["path"]) == {"/", "x"}


def test_text_is_for_people(upstream):
    gate = Gate(upstream.url, POSTERN_LOG_FORMAT="text", POSTERN_THREADS="1")
    try:
        host, port = re.search(r" address=(\S+):(\d+)", gate.wait_for_text(" listening ")).groups()
        with Client((host, int(port))) as client:
            client.get("/api/alice/x?q=1", "X-Request-Id: r1", token=ALICE)
            client.get("/api/bob/x", token=ALICE)
            client.get('/api/alice/"\x1b', token=ALICE)
    finally:
        assert gate.stop() == 0
    lines = [line["text"] for line in gate.lines]
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    expected = [
        rf"{stamp} info  listening address=127.0.0.1:\d+ upstream=\S+ threads=1",
        rf"{stamp} info  200 forward  GET +\d+\.\d+ms /api/alice/x uid=alice rule=/api/\{{user_id\}}/\*\* peer=127.0.0.1 id=r1",
        rf"{stamp} info  403 refuse   GET +\d+\.\d+ms /api/bob/x \(another user\) uid=alice rule=\S+ peer=127.0.0.1 id=\S+",
        rf"{stamp} info  draining connections=\d at_most_ms=25000",
        rf"{stamp} info  stopped",
    ]
    for pattern in expected:
        assert any(re.fullmatch(pattern, line) for line in lines), (pattern, lines)
    assert all(re.match(stamp, line) and line.isprintable() for line in lines), lines


@pytest.mark.parametrize("level,seen", [
    ("debug", {"info", "warn", "error"}),
    ("info", {"info", "warn", "error"}),
    ("warn", {"warn", "error"}),
    ("error", {"error"}),
    ("off", set()),
])
def test_the_level_says_what_is_written(upstream, tmp_path, level, seen):
    """A unix socket has a name before the log says it. The last SIGHUP finds no secret file any more: an error."""
    path, secret = tmp_path / "gate", tmp_path / "secret"
    secret.write_text("a secret of quite enough bytes to serve '")  # a quote at the end: a warning
    gate = Gate(upstream.url, POSTERN_LISTEN=f"unix:{path}", POSTERN_LOG_LEVEL=level, BETTER_AUTH_SECRET=None,
                BETTER_AUTH_SECRET_FILE=str(secret), POSTERN_THREADS="1")
    try:
        with connect_when_there(gate, path) as client:
            assert client.get("/api/alice/x").status == 401
            secret.unlink()
            gate.signal(signal.SIGHUP)
    finally:
        assert gate.stop() == 0
    assert {line["level"] for line in gate.lines} == seen
    assert len(gate.requests()) == (1 if "info" in seen else 0)


def connect_when_there(gate, path):
    while gate.process.poll() is None:
        try:
            return Client(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            os.sched_yield()
    raise AssertionError(gate.errors)


def test_every_request_answered_before_the_end_is_in_the_log(start):
    gate = start()

    def ask(number):
        with Client(gate.address) as client:
            for count in range(100):
                assert client.get(f"/{number}/{count}").status == 401

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert gate.stop() == 0
    assert sorted(line["path"] for line in gate.requests()) == sorted(f"/{n}/{c}" for n in range(6) for c in range(100))
    assert len({line["request_id"] for line in gate.requests()}) == 600


def test_a_reader_of_the_log_that_leaves_does_not_end_the_gate(upstream):
    settings = {"BETTER_AUTH_SECRET": SECRET, "POSTERN_LISTEN": "127.0.0.1:0", "POSTERN_ADMIN_LISTEN": "off",
                "POSTERN_UPSTREAM": upstream.url}
    process = subprocess.Popen([binary()], env=clean_environment(**settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    host, port = json.loads(process.stdout.readline())["address"].split(":")
    process.stdout.close()
    for _ in range(3):
        with Client((host, int(port))) as client:
            assert client.get("/api/alice/x", token=ALICE).status == 200
    process.terminate()
    assert process.wait(PATIENCE) == 0
    with process.stderr:
        assert process.stderr.read() == b""


def test_start_and_end_are_logged(start, upstream):
    gate = start(POSTERN_THREADS="1")
    assert gate.stop() == 0
    assert [line["msg"] for line in gate.lines] == ["listening", "admin listening", "draining", "stopped"]
    assert gate.lines[0]["threads"] == "1"
    assert str(upstream.port) in gate.lines[0]["upstream"]


@pytest.mark.parametrize("target,path", [
    ("http://gate/api/alice/x?s3cr3t-passw0rd", "/api/alice/x"),
    ("http://gate/api/alice/x@y?s3cr3t-passw0rd", "/api/alice/x@y"),
    ("http://gate?q=/s3cr3t-passw0rd", "/"),
    ("http://gate//x?q=/s3cr3t-passw0rd", "//x"),
    ("http://alice:s3cr3t-passw0rd@gate/api/alice/x", ""),
    ("http://alice:pass/s3cr3t-passw0rd@gate/", ""),
    ("http://alice:pass/s3cr3t-passw0rd?@gate/", ""),
    ("http://alice:pass/s3cr3t-passw0rd#@gate/", ""),
    ("http://s3cr3t-passw0rd@gate", ""),
    ("s3cr3t-passw0rd", ""),
    ("s3cr3t-passw0rd:443", ""),
    ("//alice:s3cr3t-passw0rd@gate/x", ""),
    ("/\\alice:s3cr3t-passw0rd@gate/x", ""),
    ("//gate/x", "//gate/x"),
    ("http://alice:pass/s3cr3t-passw0rd%40gate/x", ""),
    ("x?q=http://gate/s3cr3t-passw0rd", ""),
    ("/x#s3cr3t-passw0rd", "/x"),
])
def test_what_is_no_path_is_not_logged_as_one(gate, target, path):
    with Client(gate.address) as client:
        client.send(request("GET", target, token=token())).read_response()
    assert gate.wait_for_log(msg="request")["path"] == path
    assert gate.stop() == 0
    assert "s3cr3t-passw0rd" not in str(gate.lines) + gate.errors


def test_a_token_for_a_method_is_not_logged(gate):
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", method=ALICE).status == 401
        assert client.get("/api/alice/x", method="s3cr3t").status == 401
        assert client.get("/api/alice/x", method="VERSION-CONTROL").status == 401
    assert [gate.wait_for_log(count, msg="request")["method"] for count in (1, 2, 3)] == ["-", "-", "VERSION-CONTROL"]


def test_without_standard_descriptors_the_log_goes_nowhere(upstream, tmp_path):
    """Otherwise the next thing opened, a connection perhaps, would be standard output."""
    path = tmp_path / "gate"
    settings = {"BETTER_AUTH_SECRET": SECRET, "POSTERN_LISTEN": f"unix:{path}", "POSTERN_ADMIN_LISTEN": "off",
                "POSTERN_UPSTREAM": upstream.url}
    process = subprocess.Popen(["/bin/sh", "-c", 'exec "$0" <&- >&- 2>&-', binary()], env=clean_environment(**settings))
    try:
        while True:
            try:
                client = Client(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                assert process.poll() is None
        with client:
            assert client.get("/api/alice/x", token=ALICE).status == 200
            assert [os.readlink(f"/proc/{process.pid}/fd/{number}") for number in range(3)] == ["/dev/null"] * 3
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
