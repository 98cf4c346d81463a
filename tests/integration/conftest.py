"""Fixtures: an upstream to script, and gates in front of it. Every process is ended by its pid, and must end well."""

import pytest

from gate import Gate
from upstream import Held, Upstream


@pytest.fixture
def upstream():
    behind = Upstream()
    yield behind
    behind.close()


@pytest.fixture
def start(upstream):
    """start(NAME=value, ...) gives a listening gate in front of the upstream."""
    gates = []

    def start_gate(upstream_url=None, preexec=None, **settings):
        gate = Gate(upstream_url or upstream.url, preexec, **settings)
        gates.append(gate)
        return gate.wait_until_listening()

    yield start_gate
    for gate in gates:
        code = gate.stop()
        assert code == 0, f"exit code {code}: {gate.errors}"
        assert gate.errors == "", gate.errors


@pytest.fixture
def gate(start):
    """A gate with default settings."""
    return start()


@pytest.fixture
def held(upstream, start):  # after start: a failed test releases before the gate is stopped
    upstream.script = script = Held()
    yield script
    script.released.set()
