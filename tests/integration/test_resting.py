"""A connection that has been idle for a second rests: it costs less, and nobody can tell."""

import resource
import signal
import time

import pytest
from gate import token
from wire import Client, request

RESTS_AFTER = 1.3  # seconds of silence after which a served connection surely rests


def served(client):
    return client.get("/api/alice/x", token=token("alice"))


@pytest.fixture(params=["never served", "served before"])
def resting(request, start):
    """rest(NAME=value) gives a gate and a client of it that rests."""
    clients = []

    def rest(**settings):
        gate = start(**settings)
        client = Client(gate.address)
        clients.append(client)
        if request.param == "served before":
            assert served(client).status == 200
            time.sleep(RESTS_AFTER)
        return gate, client

    yield rest
    for client in clients:
        client.close()


def test_it_is_served_when_it_asks_again(resting, upstream):
    gate, client = resting()
    for pause in (0, RESTS_AFTER, 0, RESTS_AFTER):
        time.sleep(pause)
        assert served(client).status == 200
    assert len({seen.head.one("X-User-Id") for seen in upstream.requests}) == 1


def test_a_request_in_two_pieces_wakes_it_with_the_first(resting):
    gate, client = resting()
    whole = request("GET", "/api/alice/x", token=token("alice"))
    client.send(whole[:1])
    time.sleep(RESTS_AFTER)
    client.send(whole[1:])
    assert client.read_response().status == 200


def test_half_a_head_is_still_408(resting):
    gate, client = resting(POSTERN_HEADER_TIMEOUT="2s")
    client.send(b"GET /api")
    response = client.read_response()
    assert response.status == 408 and client.is_closed()


def test_it_counts_as_a_connection_until_it_leaves(resting):
    gate, client = resting(POSTERN_MAX_CONNECTIONS="1", POSTERN_THREADS="1")
    with Client(gate.address) as other:
        assert other.read_response().status == 503
    client.close()
    while True:  # the place is free as soon as the gate has seen the end
        with Client(gate.address) as other:
            if served(other).status == 200:
                return


def test_the_idle_timeout_is_the_whole_of_its_silence(start):
    gate = start(POSTERN_IDLE_TIMEOUT="2500ms")
    with Client(gate.address) as client:
        assert served(client).status == 200
        since = time.monotonic()
        assert client.read_to_end() == b""
        assert time.monotonic() - since >= 2.3


def test_its_request_during_a_drain_is_answered_and_the_last(resting):
    gate, client = resting()
    gate.signal(signal.SIGTERM)
    gate.wait_for_log(msg="draining")
    response = served(client)
    assert response.status == 200 and response.head.one("Connection") == "close" and client.is_closed()
    assert gate.wait() == 0


@pytest.mark.parametrize("signals", [1, 2])
def test_without_a_request_the_drain_ends_it(resting, signals):
    gate, client = resting(POSTERN_DRAIN_TIMEOUT="1h")
    for _ in range(signals):
        gate.signal(signal.SIGTERM)
    assert client.is_closed()
    assert gate.wait() == 0


def test_a_crowd_is_served_while_it_rests(start, upstream):
    """More than a thread keeps awake, so that the later ones rest at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gate = start(POSTERN_THREADS="1")
    clients = [Client(gate.address) for _ in range(1200)]
    try:
        for _ in range(2):
            for client in clients:
                assert served(client).status == 200
    finally:
        for client in clients:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(upstream.requests) == 2400
