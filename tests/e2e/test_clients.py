"""Real clients through the gate: what they send arrives, on the connection that they keep, and the service hears when one of
them gives up."""

import json
import re
import time
import urllib.request

import pytest
from backend import CONVERSATION
from clients import clients
from clients.clients import TALKING, WITH_WEBSOCKETS, WITHOUT_EXPECT, RealClient
from gate import PATIENCE, token
from leaving import check_prompt
from wire import Client

# curl is gone by then, and has looked itself. undici may not know yet that the first one is free.
KEPT = {"curl": [0], "undici": [1, 2]}


def each(names):
    """Those that this machine lacks a program for are skipped, which tests/run says at its end."""

    def marked(name):
        lacks = clients.missing(name)
        return pytest.param(name, marks=pytest.mark.skipif(lacks is not None, reason=f"{lacks} is missing"))

    return pytest.mark.parametrize("name", [marked(name) for name in names])


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return clients.build(tmp_path_factory.mktemp("clients"))


@pytest.fixture(scope="module")
def backend(start_on_one_server):
    return start_on_one_server(CONVERSATION)


@pytest.fixture(scope="module")
def gate(start_gate, backend):
    return start_gate(backend)


@pytest.fixture(scope="module")
def start(gate, built):
    """start(client, action): on alice's place, with her token."""
    host, port = gate.address
    return lambda name, action: RealClient(name, built, action, f"http://{host}:{port}/api/alice", token("alice"))


def open_connections(gate):
    """Of clients."""
    with urllib.request.urlopen("http://{}:{}/metrics".format(*gate.admin)) as page:
        found = re.findall(r'^postern_connections\{side="client",state="\w+"\} (\d+)$', page.read().decode(), re.MULTILINE)
    return sum(map(int, found))


def direct(backend, path):
    with Client(backend.address) as client:
        return json.loads(client.get(path).body)


@each(TALKING)
def test_what_a_client_sends_arrives_on_the_connection_that_it_keeps(start, gate, name):
    expected = {"GET": "", "POST": "hello", "chunked": "hello", "expect": "hello", "again": ""}
    if name in WITHOUT_EXPECT:
        del expected["expect"]
    until = time.monotonic() + PATIENCE
    while open_connections(gate):
        assert time.monotonic() < until, "the client before has not gone"
        time.sleep(0.01)
    with start(name, "talk") as client:
        said = [client.read() for _ in expected]
        kept = open_connections(gate)
    assert said == [[request, 200, {"user_id": "alice", "body": body}] for request, body in expected.items()]
    assert kept in KEPT.get(name, [1])


@each(TALKING)
def test_the_service_hears_within_a_second_of_a_client_that_gives_up(start, gate, backend, name):
    logged = len([line for line in gate.requests() if line.get("reason") == "client went away"])

    def once():
        nonlocal logged
        with start(name, "leave") as client:
            assert client.read() == ["left"]
            left_at = time.monotonic()
            assert direct(backend, "/began") == "polls"
            who, heard_at = direct(backend, "/ended")
        assert who == "polls"
        logged += 1
        gate.wait_for_log(logged, msg="request", reason="client went away")
        return heard_at - left_at

    check_prompt(once)


@each(WITH_WEBSOCKETS)
def test_a_clients_websocket_passes_and_its_end_is_heard(start, backend, name):
    with start(name, "websocket") as client:
        assert client.read() == ["websocket", "hello"]
        assert client.read() == ["left"]
        assert direct(backend, "/began") == "websocket"
        assert direct(backend, "/ended")[0] == "websocket"
