"""Fixtures: the real parts. Each process is ended by its pid."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from backend import EXAMPLE, PARSERS, SERVERS, Backend  # noqa: E402
from gate import Gate  # noqa: E402
from issuers import DefaultIssuer, SecretIssuer  # noqa: E402


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


@pytest.fixture(scope="module")
def todo(start_on_one_server, tmp_path_factory):
    """The to-do service, where it does not matter which server runs it."""
    return start_on_one_server(EXAMPLE, TASKS_DB=str(tmp_path_factory.mktemp("todo") / "tasks.db"))


@pytest.fixture(scope="module")
def issuer():
    running = SecretIssuer()
    yield running
    running.stop()


@pytest.fixture
def start_issuer():
    """start_issuer(base=..., path=..., version=..., NAME=value): Better Auth as it comes."""
    issuers = []

    def start(**settings):
        issuers.append(DefaultIssuer(**settings))
        return issuers[-1]

    yield start
    for issuer in issuers:
        issuer.stop()


@pytest.fixture
def gate_for(start_gate, todo):
    """gate_for(issuer, NAME=value): Postern that knows Better Auth's URL, and where its keys are seen from here."""

    def start(issuer, **settings):
        urls = {"BETTER_AUTH_SECRET": None, "BETTER_AUTH_URL": issuer.base, "POSTERN_JWKS_URL": issuer.jwks}
        return start_gate(todo, **urls | settings)

    return start
