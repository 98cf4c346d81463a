"""SIGHUP, or a change of the file, reads the secret again: new tokens in, old ones out, and no connection notices."""

import os
import signal
import threading

import pytest
from gate import PATIENCE, token
from wire import Client, ok, request

OLD = "old-secret-0123456789abcdef-0123456789"
NEW = "new-secret-0123456789abcdef-0123456789"


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text(OLD + "\n")
    return path


@pytest.fixture
def gate(start, secret):
    return start(BETTER_AUTH_SECRET=None, BETTER_AUTH_SECRET_FILE=str(secret))


def reload(gate, count=1, message="keys reloaded"):
    gate.signal(signal.SIGHUP)
    return gate.wait_for_log(msg=message, count=count)


def statuses(client, *secrets):
    return [client.get("/api/alice/x", token=token("alice", secret=secret)).status for secret in secrets]


def settle(client, secret):
    """The log tells of a reload before each thread has its turn at it."""
    while statuses(client, secret) != [200]:
        pass


def test_the_new_secret_is_in_force_on_connections_that_stay(gate, secret):
    clients = [Client(gate.address) for _ in range(8)]  # on either thread
    for client in clients:
        assert statuses(client, OLD, NEW) == [200, 401]
    secret.write_text(NEW + "\n")
    assert reload(gate)["secrets"] == "1"
    for client in clients:
        settle(client, NEW)
        assert statuses(client, OLD, NEW) == [401, 200]
        client.close()
    assert gate.stop() == 0
    assert OLD not in str(gate.lines) + gate.errors and NEW not in str(gate.lines) + gate.errors


def test_a_file_that_was_replaced_by_another_counts_by_its_name(gate, secret):
    """As Kubernetes does it: what the name leads to changes at once."""
    other = secret.with_name("other")
    other.write_text(NEW)
    os.replace(other, secret)
    reload(gate)
    with Client(gate.address) as client:
        settle(client, NEW)
        assert statuses(client, OLD, NEW) == [401, 200]


BROKEN = [
    ("missing", lambda path: path.unlink()),
    ("empty", lambda path: path.write_text("")),
    ("too short", lambda path: path.write_text("hidden-but-short")),
    ("the published default", lambda path: path.write_text("better-auth-secret-12345678901234567890")),
    ("a directory", lambda path: (path.unlink(), path.mkdir())),
]


@pytest.mark.parametrize("what,damage", BROKEN, ids=[row[0] for row in BROKEN])
def test_a_file_that_will_not_do_is_an_error_in_the_log_and_the_old_secret_stays(gate, secret, what, damage):
    with Client(gate.address) as client:
        assert statuses(client, OLD) == [200]
        damage(secret)
        line = reload(gate, message="keys not reloaded, the old ones stay")
        assert line["level"] == "error" and line["problem"].startswith("BETTER_AUTH_SECRET_FILE: ")
        assert "hidden" not in str(gate.lines) and OLD not in str(gate.lines)
        assert statuses(client, OLD, NEW) == [200, 401]
        if secret.is_dir():
            secret.rmdir()
        secret.write_text(NEW)
        reload(gate)
        settle(client, NEW)
        assert statuses(client, OLD) == [401]


def test_requests_in_flight_end_as_they_began(gate, secret, upstream):
    more = threading.Event()

    def stream(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
        assert more.wait(PATIENCE)
        connection.send(b"-last")
        while connection.read_request():
            connection.send(ok())

    upstream.script = stream
    with Client(gate.address) as client:
        client.send(request("GET", "/api/alice/x", token=token("alice", secret=OLD)))
        head = client.read_head()
        secret.write_text(NEW)
        reload(gate)
        more.set()
        assert head.start == b"HTTP/1.1 200 OK" and client.read_exactly(10) == b"first-last"
        settle(client, NEW)


def test_many_reloads_under_load_drop_nothing(gate, secret):
    stop = threading.Event()
    wrong = []

    def load():
        good = token("alice", secret=OLD)
        with Client(gate.address) as client:
            while not stop.is_set():
                status = client.get("/api/alice/x", token=good).status
                if status != 200:
                    wrong.append(status)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for count in range(1, 31):
        reload(gate, count)
    stop.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert wrong == []


def test_a_secret_in_the_environment_survives_a_reload(start):
    gate = start()
    reload(gate)
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=token("alice")).status == 200


def test_a_reload_while_draining_does_no_harm(gate, secret, upstream):
    released = threading.Event()

    def hold(connection):
        while connection.read_request():
            assert released.wait(PATIENCE)
            connection.send(ok())

    upstream.script = hold
    with Client(gate.address) as client:
        client.send(request("GET", "/api/alice/x", token=token("alice", secret=OLD)))
        upstream.wait_for_requests(1)
        gate.signal(signal.SIGTERM)
        gate.wait_for_log(msg="draining")
        secret.write_text(NEW)
        reload(gate)
        released.set()
        assert client.read_response().status == 200
    assert gate.wait() == 0


def test_a_list_of_secrets_stays_in_force_beside_the_file(start, secret):
    listed = "listed-secret-0123456789abcdef-0123456789"
    gate = start(BETTER_AUTH_SECRET=None, BETTER_AUTH_SECRET_FILE=str(secret), BETTER_AUTH_SECRETS=f"1:{listed}")
    with Client(gate.address) as client:
        assert statuses(client, listed, OLD, NEW) == [200, 200, 401]
        secret.write_text(NEW)
        assert reload(gate)["secrets"] == "2"
        settle(client, NEW)
        assert statuses(client, listed, OLD, NEW) == [200, 401, 200]


def test_a_changed_file_is_noticed_without_a_signal(gate, secret):
    with Client(gate.address) as client:
        assert statuses(client, OLD, NEW) == [200, 401]
        secret.write_text(NEW + "\n")
        gate.wait_for_log(msg="keys reloaded")
        settle(client, NEW)
        assert statuses(client, OLD, NEW) == [401, 200]
