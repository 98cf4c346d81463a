"""A log that nobody reads, such as a full pipe, holds up nothing: what has no room is dropped, and counted."""

import fcntl
import json
import os
import select
import signal
import socket
import subprocess

import pytest
from gate import PATIENCE, binary, clean_environment, token
from wire import Client

KEYS = [f"secret-number-{number}-0123456789abcdef" for number in range(3)]
LONG = "/" + "x" * 2_000


class Unread:
    """A gate whose log is read as far as where it listens, and then no more until the end."""

    def __init__(self, upstream, secret):
        self.secret = secret
        self.turn_to(0)
        self.output, self.pipe = os.pipe()
        fcntl.fcntl(self.pipe, fcntl.F_SETPIPE_SZ, 4096)
        settings = {"BETTER_AUTH_SECRET_FILE": str(secret), "POSTERN_LISTEN": "127.0.0.1:0", "POSTERN_THREADS": "1",
                    "POSTERN_ADMIN_LISTEN": "127.0.0.1:0", "POSTERN_UPSTREAM": upstream.url}
        self.process = subprocess.Popen([binary()], env=clean_environment(**settings), stdout=self.pipe,
                                        stderr=subprocess.PIPE)
        self.log = b""
        while self.log.count(b"\n") < 2:
            self.log += os.read(self.output, 4096)
        self.address, self.admin = [self._address(line) for line in self.log.splitlines()]
        self.sent = 0
        while select.select([], [self.pipe], [], 0)[1]:
            self.ask(1)

    @staticmethod
    def _address(line):
        host, port = json.loads(line)["address"].split(":")
        return host, int(port)

    def ask(self, count):
        with Client(self.address) as client:
            for _ in range(count):
                assert client.get(LONG).status == 401
        self.sent += count

    def turn_to(self, number):
        self.secret.write_text(KEYS[number])

    def status_with(self, number):
        self.sent += 1
        with Client(self.address) as client:
            return client.get("/api/alice/x", token=token(secret=KEYS[number])).status

    def read_rest(self):
        """Every line, to the end of the process."""
        os.close(self.pipe)
        while data := os.read(self.output, 65536):
            self.log += data
        self.pipe = None
        return [json.loads(line) for line in self.log.splitlines()]

    def end(self):
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)
        with self.process.stderr:
            errors = self.process.stderr.read()
        os.close(self.output)
        if self.pipe is not None:
            os.close(self.pipe)
        assert errors == b""


@pytest.fixture
def unread(upstream, tmp_path):
    gate = Unread(upstream, tmp_path / "secret")
    yield gate
    gate.close()


def test_keys_turn_and_health_is_told(unread):
    for number in (1, 2):
        unread.turn_to(number)
        unread.process.send_signal(signal.SIGHUP)
        while unread.status_with(number) != 200:
            pass
        assert unread.status_with(number - 1) == 401
        with Client(unread.admin) as client:
            assert client.get("/healthz").status == 200
    assert unread.end() == 0


def test_two_signals_end_it(unread):
    with Client(unread.address) as client:
        client.send(b"G")  # holds up the drain
        unread.process.terminate()
        with Client(unread.admin) as other:
            while other.get("/readyz").status != 503:
                pass
        assert unread.end() == 0
        assert client.is_closed()


def test_what_was_dropped_is_counted(unread):
    unread.ask(3000)
    unread.process.terminate()
    lines = unread.read_rest()
    assert unread.process.wait(PATIENCE) == 0
    written = sum(line["msg"] == "request" for line in lines)
    dropped = sum(int(line["count"]) for line in lines if line["msg"] == "access records dropped")
    assert dropped > 0 and written + dropped == unread.sent
    assert lines[-1]["msg"] == "stopped"


def test_events_are_written_while_more_comes_than_is_read(unread):
    """Each step reads two lines at the most, and leaves ten."""
    unread.process.send_signal(signal.SIGHUP)
    for _ in range(1000):
        unread.ask(10)
        unread.log += os.read(unread.output, 4096)
        if b'"keys reloaded"' in unread.log:
            break
    else:
        pytest.fail("the event waits for the end of the load")
    unread.process.terminate()
    unread.read_rest()
    assert unread.process.wait(PATIENCE) == 0


def test_a_start_that_fails_says_so_all_the_same(unread):
    """With a warning in the log that nobody reads."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = {"BETTER_AUTH_SECRET": KEYS[0] + " ", "POSTERN_LISTEN": "%s:%d" % taken.getsockname()}
        failing = subprocess.run([binary()], env=clean_environment(**settings), stdout=unread.pipe,
                                 stderr=subprocess.PIPE, timeout=PATIENCE)
    assert failing.returncode == 1 and b"Address already in use" in failing.stderr
    assert unread.end() == 0
