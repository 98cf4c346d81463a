"""Fixtures: the real parts. Each process is ended by its pid."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from backend import PARSERS, ROOT, SERVERS, Backend  # noqa: E402
from gate import PATIENCE, SECRET, Gate  # noqa: E402


class Backends:
    def __init__(self, server, make_folder):
        self._server, self._make_folder, self._started = server, make_folder, []

    def start(self, application, tcp=False, **environment):
        socket = None if tcp else self._make_folder("backend") / "socket"
        backend = Backend(application, self._server, socket, **environment)
        self._started.append(backend)
        return backend

    def stop(self):
        for backend in self._started:
            backend.stop()


@pytest.fixture(scope="module", params=PARSERS)
def start_backend(request, tmp_path_factory):
    """start_backend(application, NAME=value, ...) on a unix socket; `tcp=True` for a port. Runs once for each of
    uvicorn's usual parsers and each Python."""
    backends = Backends(request.param, tmp_path_factory.mktemp)
    yield backends.start
    backends.stop()


@pytest.fixture(scope="module")
def start_on_one_server(tmp_path_factory):
    """The same once, on Debian's uvicorn."""
    backends = Backends("debian-httptools", tmp_path_factory.mktemp)
    yield backends.start
    backends.stop()


@pytest.fixture(scope="module", params=SERVERS)
def start_on_each_server(request, tmp_path_factory):
    """The same once for each server, without `tcp`."""
    backends = Backends(request.param, tmp_path_factory.mktemp)
    yield backends.start
    backends.stop()


@pytest.fixture(scope="module")
def start_gate():
    gates = []

    def start(backend, **settings):
        gate = Gate(backend.url, **settings)
        gates.append(gate)
        return gate.wait_until_listening()

    yield start
    for gate in gates:
        assert gate.stop() == 0, gate.errors
        assert gate.errors == ""


class Issuer:
    """deploy/better-auth as it is, under the secret of these tests."""

    folder = ROOT / "deploy" / "better-auth"

    def __init__(self):
        assert (self.folder / "node_modules").is_dir(), "Better Auth is missing: npm ci --prefix deploy/better-auth"
        self.process = subprocess.Popen(
            ["node", "server.mjs"],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PORT": "0", "BETTER_AUTH_SECRET": SECRET, "BETTER_AUTH_URL": "http://auth.test"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = json.loads(self.process.stdout.readline())["url"]

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def issuer():
    running = Issuer()
    yield running
    running.stop()
