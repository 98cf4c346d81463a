"""Secrets that change again and again during load: no request fails, and each secret counts exactly while it is configured."""

import itertools
import os
import signal
import threading

import pytest
from gate import PATIENCE, token
from wire import Client, ok, request

CONNECTIONS = 8
SECRETS = [f"secret-number-{number}-0123456789abcdef-0123456789" for number in range(4)]
LISTED = "listed-secret-0123456789abcdef-0123456789"
TOKENS = {secret: token("alice", secret=secret) for secret in [*SECRETS, LISTED]}
BODY = bytes(range(256)) * 4


def echo(connection):
    while seen := connection.read_request():
        connection.send(ok(seen.body))


class Stage:
    """From when on one secret is alone in force, until the next change begins."""

    def __init__(self, secret):
        self.secret = secret
        self.over = threading.Event()
        self.checks = threading.Semaphore(0)


class Load:
    """Connections that use every secret, one that stays in force among them, and know which answers are right."""

    def __init__(self, gate):
        self.address = gate.address
        self.stage = Stage(SECRETS[0])
        self.stop = threading.Event()
        self.wrong = []
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(CONNECTIONS)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        settled = None
        try:
            with Client(self.address) as client:
                for count in itertools.count(number):
                    if self.stop.is_set():
                        return
                    assert self.status(client, LISTED) == 200
                    stage = self.stage
                    secret = SECRETS[count % len(SECRETS)]
                    status = self.status(client, secret)
                    assert status in (200, 401)
                    if settled is stage and not stage.over.is_set():
                        assert (status == 200) == (secret == stage.secret), (status, secret, stage.secret)
                        stage.checks.release()
                    elif status == 200 and secret == stage.secret:
                        settled = stage  # this connection's thread has heard of it
        except Exception as failure:  # noqa: BLE001: reported by finish()
            self.wrong.append(failure)
            self.stage.checks.release(1000)

    def status(self, client, secret):
        client.send(request("POST", "/api/alice/x", token=TOKENS[secret], body=BODY))
        response = client.read_response()
        assert response.status != 200 or response.body == BODY
        return response.status

    def wait_for_checks(self):
        for _ in range(CONNECTIONS * len(SECRETS)):
            assert self.stage.checks.acquire(timeout=PATIENCE)
        assert self.wrong == []

    def change_to(self, secret, change):
        self.stage.over.set()
        change(secret)
        with Client(self.address) as client:
            while self.status(client, secret) != 200:
                pass
        self.stage = Stage(secret)
        self.wait_for_checks()

    def finish(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        assert self.wrong == []


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "secret"
    path.write_text(SECRETS[0] + "\n")
    return path


@pytest.fixture
def gate(start, upstream, secret_file):
    upstream.script = echo
    return start(BETTER_AUTH_SECRET=None, BETTER_AUTH_SECRET_FILE=str(secret_file), BETTER_AUTH_SECRETS=f"1:{LISTED}")


@pytest.fixture
def load(gate):
    load = Load(gate)
    yield load
    load.finish()


def write_in_place(path, secret):
    path.write_text(secret + "\n")


def replace(path, secret):
    fresh = path.with_name("fresh")
    fresh.write_text(secret)
    os.replace(fresh, path)


def later(count):
    """The secrets in turn, beginning with the second."""
    return [SECRETS[number % len(SECRETS)] for number in range(1, count + 1)]


@pytest.mark.parametrize("write", [write_in_place, replace], ids=["written in place", "replaced"])
def test_every_change_with_a_signal_is_in_force_and_fails_no_request(gate, load, secret_file, write):
    def change(secret):
        write(secret_file, secret)
        gate.signal(signal.SIGHUP)

    load.wait_for_checks()
    for secret in later(25):
        load.change_to(secret, change)


def test_a_change_without_a_signal_is_in_force_and_fails_no_request(load, secret_file):
    load.wait_for_checks()
    for secret in later(2):
        load.change_to(secret, lambda secret: replace(secret_file, secret))


def test_signals_without_a_change_disturb_nobody(gate, load):
    load.wait_for_checks()
    for count in range(1, 101):
        gate.signal(signal.SIGHUP)
        gate.wait_for_log(count, msg="keys reloaded")
    load.wait_for_checks()


def test_a_file_that_is_broken_for_a_while_disturbs_nobody(gate, load, secret_file):
    load.wait_for_checks()
    count = 0
    for secret, broken in zip(later(6), ["", "too short", "\0" * 40, None, "", "too short"]):
        count += 1
        secret_file.unlink() if broken is None else secret_file.write_text(broken)
        gate.signal(signal.SIGHUP)
        gate.wait_for_log(count, msg="keys not reloaded, the old ones stay")
        load.wait_for_checks()

        def mend(secret):
            replace(secret_file, secret)
            gate.signal(signal.SIGHUP)

        load.change_to(secret, mend)
