"""A client that leaves, as handlers of FastAPI learn it on each of the servers that run them."""

import json
import time

import pytest
from backend import CONVERSATION
from gate import token
from leaving import check_prompt
from websocket import UPGRADE
from wire import Client, request

HANDLERS = ["polls", "cancelled", "stream", "websocket"]
# Without a gate between, too: Debian's hypercorn tells nothing on a unix socket, and on gunicorn's own worker
# `request.is_disconnected()` is true from the beginning.
UNTOLD = "debian-hypercorn"
UNLIKE = ("newest-gunicorn", "polls")


@pytest.fixture(scope="module")
def backend(start_on_each_server):
    return start_on_each_server(CONVERSATION)


@pytest.fixture(scope="module")
def gate(start_gate, backend):
    return start_gate(backend)


def direct(backend, path):
    with Client(backend.address) as client:
        return json.loads(client.get(path).body)


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_handler_learns_within_a_second_that_its_client_has_left(gate, backend, handler):
    logged = len([line for line in gate.requests() if line.get("reason") == "client went away"])
    if (backend.server, handler) == UNLIKE:
        with Client(gate.address) as client:
            assert client.get(f"/api/alice/{handler}", token=token("alice")).status == 200
        assert (direct(backend, "/began"), direct(backend, "/ended")[0]) == (handler, handler)
        return

    def once():
        nonlocal logged
        fields = UPGRADE if handler == "websocket" else []
        client = Client(gate.address).send(request("GET", f"/api/alice/{handler}", *fields, token=token("alice")))
        assert direct(backend, "/began") == handler
        left_at = time.monotonic()
        client.close()
        logged += 1
        gate.wait_for_log(logged, msg="request", reason="client went away")
        if backend.server == UNTOLD:
            return time.monotonic() - left_at
        who, heard_at = direct(backend, "/ended")
        assert who == handler
        return heard_at - left_at

    check_prompt(once)
