"""More connections than the gate may hold: the others are told at once, and those it holds do not notice."""

import json
import resource
import threading

import pytest
from gate import PATIENCE, token
from wire import Client, ok, request

ALICE = token("alice")


def fill(gate, count):
    """Connections that are being served for sure: each has had an answer."""
    clients = [Client(gate.address) for _ in range(count)]
    for client in clients:
        assert client.get("/api/alice/x", token=ALICE).status == 200
    return clients


def check_turned_away(client):
    response = client.read_response()
    assert response.status == 503
    assert response.head.one("Retry-After") == "1"
    assert response.head.one("Connection") == "close"
    assert response.head.one("Content-Type") == "application/json"
    assert response.head.one("Cache-Control") == "no-store"
    assert json.loads(response.body) == {"detail": "Service Unavailable"}
    assert client.is_closed()


def wait_for_a_place(gate):
    """A freed place shows when a connection is served again; until then each is turned away."""
    while True:
        with Client(gate.address) as client:
            client.send(request("GET", "/api/alice/x", token=ALICE))
            status = client.read_response().status
            assert status in (200, 503)
            if status == 200:
                return


@pytest.mark.parametrize("limit,threads", [(1, 1), (1, 2), (3, 2), (8, 1)])
def test_one_more_than_allowed_hears_503_and_the_others_go_on(start, upstream, limit, threads):
    gate = start(POSTERN_MAX_CONNECTIONS=str(limit), POSTERN_THREADS=str(threads))
    clients = fill(gate, limit)
    seen = len(upstream.requests)
    for _ in range(3):
        with Client(gate.address) as late:
            check_turned_away(late)  # before it has sent anything
        with Client(gate.address) as late:
            check_turned_away(late.send(request("GET", "/api/alice/late", token=ALICE)))
    assert len(upstream.requests) == seen
    for client in clients:
        assert client.get("/api/alice/x", token=ALICE).status == 200
    clients.pop().close()
    wait_for_a_place(gate)
    for client in clients:
        assert client.get("/api/alice/x", token=ALICE).status == 200
        client.close()


@pytest.mark.parametrize("setting,allowed,vary", [
    (None, None, None),
    ("*", "*", None),
    ("https://app", "https://app", "Origin"),
    ("https://app,https://other", None, "Origin"),
])
def test_a_page_may_read_503_where_that_needs_no_look_at_its_origin(start, setting, allowed, vary):
    gate = start(POSTERN_MAX_CONNECTIONS="1", POSTERN_CORS_ORIGINS=setting)
    (held,) = fill(gate, 1)
    with held, Client(gate.address) as late:
        head = late.read_response().head
    assert (head.one("Access-Control-Allow-Origin"), head.one("Vary")) == (allowed, vary)


def test_connections_count_however_they_end(start, upstream):
    """A place that were not given back would be missed soon."""
    upstream.script = lambda connection: connection.read_request() and connection.send(ok())
    gate = start(POSTERN_MAX_CONNECTIONS="1")
    endings = [
        lambda client: client.close(),
        lambda client: client.reset(),
        lambda client: client.send(b"GET / HTTP/1.1\r\nHo").reset(),
        lambda client: client.send(b"garbage\r\n\r\n").read_to_end(),
        lambda client: client.send(request("GET", "/api/alice/x", token=ALICE)).reset(),
        lambda client: client.send(request("POST", "/api/alice/x", "Content-Length: 5", token=ALICE)).reset(),
        lambda client: client.send(request("GET", "/api/alice/x", "Connection: close", token=ALICE)).read_to_end(),
    ]
    for _ in range(3):
        for end in endings:
            with Client(gate.address) as client:
                end(client)
            wait_for_a_place(gate)


def test_many_that_are_turned_away_do_not_hurt(start):
    gate = start(POSTERN_MAX_CONNECTIONS="2")
    clients = fill(gate, 2)
    answers = []

    def hammer():
        for _ in range(100):
            with Client(gate.address) as late:
                # One that sends while it is turned away may meet a reset; it is never served.
                received = late.read_to_end()
                answers.append(received.split(b"\r\n")[0])

    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        for client in clients:
            assert client.get("/api/alice/x", token=ALICE).status == 200
    for thread in threads:
        thread.join(PATIENCE)
    assert set(answers) == {b"HTTP/1.1 503 Service Unavailable"}
    assert len(answers) == 400
    for client in clients:
        client.close()
    wait_for_a_place(gate)


def test_clients_that_never_leave_after_503_are_closed_and_limited_in_number(start):
    """Those beyond what is answered at a time are closed unheard: 503 must not become the way in for a flood."""
    gate = start(POSTERN_MAX_CONNECTIONS="1", POSTERN_THREADS="1")
    (served,) = fill(gate, 1)
    flood = [Client(gate.address) for _ in range(400)]
    assert served.get("/api/alice/x", token=ALICE).status == 200
    firsts = [client.read_to_end()[:12] for client in flood]
    assert set(firsts) <= {b"HTTP/1.1 503", b""}
    assert firsts.count(b"HTTP/1.1 503") >= 256
    for client in [*flood, served]:
        client.close()
    wait_for_a_place(gate)


def crowd(gate, count):
    """All at once, more than the gate may have descriptors for: the kernel takes them, and each that gets in leaves
    when it has its answer, so that there is room for the next."""
    clients = [Client(gate.address).send(request("GET", "/api/alice/x", token=ALICE)) for _ in range(count)]
    statuses = []

    def leave(client):
        with client:
            statuses.append(client.read_response().status)

    threads = [threading.Thread(target=leave, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return statuses


def limit_descriptors(gate, count):
    """Of the gate as it runs: its start needs some that it gives back."""
    resource.prlimit(gate.pid, resource.RLIMIT_NOFILE, (count, count))


@pytest.mark.parametrize("threads", ["1", "2"])
def test_out_of_descriptors_the_gate_goes_on_and_recovers(start, threads):
    gate = start(POSTERN_THREADS=threads)
    assert crowd(gate, 20) == [200] * 20
    with Client(gate.address) as first:
        assert first.get("/api/alice/x").status == 401
        limit_descriptors(gate, 40)
        statuses = crowd(gate, 100)
        # Without a descriptor for the upstream, 502 is the answer.
        assert len(statuses) == 100 and set(statuses) <= {200, 502}
        assert first.get("/api/alice/x", token=ALICE).status == 200
    wait_for_a_place(gate)


def test_a_gate_out_of_descriptors_still_drains(start):
    gate = start(POSTERN_THREADS="1")
    assert crowd(gate, 20) == [200] * 20
    limit_descriptors(gate, 30)
    clients = [Client(gate.address) for _ in range(30)]
    assert clients[0].get("/api/alice/x").status == 401
    assert gate.stop() == 0
    for client in clients:
        client.close()
