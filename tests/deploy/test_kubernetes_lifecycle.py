"""What the kubelet does with the pod of deploy/kubernetes, done to real processes in the same order: Postern
first and its probes, then the service; at the end the service first, and Postern after it."""

import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from backend import EXAMPLE, PYTHONS, RECORDER, Backend
from gate import PATIENCE, SECRET, Gate, binary, clean_environment, run, token
from manifests import pod_of, settings_of, sidecar_of
from wire import Client, Closed, request

ALICE = token("alice", ttl=900)  # as long as the manifests allow


@pytest.fixture
def start_postern(example):
    """Postern with the settings of the manifests, but for addresses, and with a secret in the place of an issuer."""
    gates = []

    def start(upstream):
        settings = settings_of(example, pod_of(example)) | {
            "BETTER_AUTH_URL": None,
            "POSTERN_JWKS_URL": None,
            "BETTER_AUTH_SECRET": SECRET,
            "POSTERN_LISTEN": "127.0.0.1:0",
            "POSTERN_ADMIN_LISTEN": "127.0.0.1:0",
            "POSTERN_UPSTREAM": upstream,
        }
        gate = Gate(upstream, **settings)
        gates.append(gate)
        return gate.wait_until_listening(), settings

    yield start
    for gate in gates:
        assert gate.stop() == 0, gate.errors


@pytest.fixture
def start_service():
    backends = []

    def start(socket=None):
        backends.append(Backend(RECORDER, socket=socket))
        return backends[-1]

    yield start
    for backend in backends:
        backend.stop()


def probe(example, name, gate, settings):
    """The exit code of that probe's command; the kubelet runs it with the container's environment."""
    program, *arguments = sidecar_of(pod_of(example))[name]["exec"]["command"]
    assert program == "/postern"
    code, _, _ = run(*arguments, **settings | {"POSTERN_ADMIN_LISTEN": "{}:{}".format(*gate.admin)})
    return code


def test_the_sidecar_counts_as_started_before_the_service_and_as_ready_with_it(
    example, start_postern, start_service, tmp_path
):
    gate, settings = start_postern(f"unix:{tmp_path}/service")
    assert [probe(example, name, gate, settings) for name in ("startupProbe", "livenessProbe")] == [0, 0]
    assert probe(example, "readinessProbe", gate, settings) == 1
    service = start_service(tmp_path / "service")
    assert probe(example, "readinessProbe", gate, settings) == 0
    service.stop()
    assert [probe(example, name, gate, settings) for name in ("readinessProbe", "livenessProbe")] == [1, 0]
    assert gate.stop() == 0
    assert probe(example, "livenessProbe", gate, settings) == 1


def wait_until(happens):
    until = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < until
        time.sleep(0.01)


def refuses(address):
    try:
        socket.create_connection(address).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_request_in_flight_is_answered_while_the_pod_ends(start_postern, start_service):
    service = start_service()
    gate, _ = start_postern(service.url)
    body = b"half and the other half"
    with Client(gate.address) as busy, Client(gate.address) as idle:
        fields = (f"Content-Length: {len(body)}", "Expect: 100-continue")
        busy.send(request("POST", "/api/alice/tasks", *fields, token=ALICE))
        assert busy.read_response().status == 100  # the handler waits for the body now
        assert idle.get("/api/alice/tasks", token=ALICE).status == 200

        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses(service.address))
        # Who still sends over a connection kept open learns that there is no service any more.
        wait_until(lambda: idle.get("/api/alice/tasks", token=ALICE).status == 502)
        busy.send(body)
        assert busy.read_response().status == 200

        assert service.process.wait(PATIENCE) == 0
        gate.signal(signal.SIGTERM)
        assert gate.wait() == 0
        with pytest.raises((Closed, OSError)):
            idle.get("/api/alice/tasks", token=ALICE)


class Traffic:
    """Clients that ask without a pause, each over connections that it keeps, until nobody takes new ones."""

    def __init__(self, address, clients):
        self.statuses = []
        self._threads = [threading.Thread(target=self._ask, args=(address,), daemon=True) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _ask(self, address):
        while True:
            try:
                with Client(address) as client:
                    for _ in range(3):
                        self.statuses.append(client.get("/api/alice/tasks", token=ALICE).status)
            except ConnectionRefusedError:
                return
            except (Closed, OSError):
                pass  # let go between two requests

    def wait_for_more(self, count):
        before = len(self.statuses)
        wait_until(lambda: len(self.statuses) >= before + count)

    def wait_for_end(self):
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()


def test_nobody_meets_a_502_between_the_services_end_and_the_gates(example, start_postern, start_service):
    """Both hooks begin at once. The gate's is over before the service's is, which is only then told to end."""
    service = start_service()
    gate, settings = start_postern(service.url)
    environment = clean_environment(**settings | {"POSTERN_ADMIN_LISTEN": "{}:{}".format(*gate.admin)})
    program, *arguments = sidecar_of(pod_of(example))["lifecycle"]["preStop"]["exec"]["command"]
    assert (program, arguments[:2]) == ("/postern", ["drain", "--after"])
    traffic = Traffic(gate.address, clients=4)
    traffic.wait_for_more(20)
    with subprocess.Popen([binary(), *arguments], env=environment, stdout=subprocess.DEVNULL) as hook:
        gate.wait_for_log(msg="drain announced")
        # Endpoints still point here: new connections are taken as ever, though the gate says that it is not ready.
        traffic.wait_for_more(20)
        assert probe(example, "readinessProbe", gate, settings) == 1
        # What is left of the while is no more than time.
        subprocess.run([binary(), "drain"], env=environment, stdout=subprocess.DEVNULL, check=True, timeout=PATIENCE)
        assert hook.wait(PATIENCE) == 0
    traffic.wait_for_end()
    gate.wait_for_log(msg="drained")
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(PATIENCE) == 0
    assert gate.process.poll() is None
    gate.signal(signal.SIGTERM)
    assert gate.wait() == 0
    assert set(traffic.statuses) == {200}
    assert {line["status"] for line in gate.requests()} <= {200, 0}


def test_the_command_and_the_probe_of_the_example_work(example, tmp_path):
    (container,) = pod_of(example)["containers"]
    environment = {variable["name"]: variable["value"] for variable in container["env"]}
    environment |= {"PATH": os.environ["PATH"], "TASKS_DB": str(tmp_path / "tasks.db")}

    def command_of(words, port):
        assert words[0] == "python3"
        return [PYTHONS["debian"], *(word.replace("8000", port) for word in words[1:])]

    def probe_of(port):
        probing = command_of(container["livenessProbe"]["exec"]["command"], port)
        return subprocess.run(probing, capture_output=True, timeout=PATIENCE, check=False).returncode

    service = subprocess.Popen(
        command_of(container["command"], "0"),
        cwd=EXAMPLE[1],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        ports = (re.search(r"running on http://127\.0\.0\.1:(\d+)", line) for line in service.stderr)
        port = next(found for found in ports if found)[1]
        assert probe_of(port) == 0
    finally:
        service.terminate()
        service.wait(PATIENCE)
        service.stderr.close()
    assert probe_of(port) != 0
