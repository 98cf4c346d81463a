"""What a connection to the service is used for a second time, and what is sent a second time, when time has passed: the
gate's clock is put forward, nobody waits."""

import threading

import pytest
from gate import PATIENCE, token
from names import Names
from wire import Client, ok, request

PATH = "/api/alice/x"


@pytest.fixture
def clock(tmp_path):
    with Names(tmp_path) as names:
        yield names


@pytest.fixture
def start_one(start, clock):
    """Gates with one thread, and so with one pool, and with that clock."""
    return lambda **settings: start(**{"POSTERN_THREADS": "1", "POSTERN_UPSTREAM_IDLE_TIMEOUT": "50s",
                                       **clock.environment(), **settings})


def ask(gate, uid="alice", method="GET"):
    with Client(gate.address) as client:
        return client.send(request(method, f"/api/{uid}/x", token=token(uid))).read_response(method)


LATE = [(method, seconds, end) for method in ("GET", "HEAD", "DELETE", "PUT", "POST") for seconds in (2, 4)
        for end in ("closes", "resets")]


@pytest.mark.parametrize("method,seconds,end", LATE)
def test_a_worker_that_dies_late_may_have_done_it_and_it_is_not_done_again(start_one, upstream, clock, method, seconds, end):
    def script(connection):
        connection.read_request()
        connection.send(ok())
        if connection.read_request():
            clock.forward(seconds)
            connection.close() if end == "closes" else connection.reset()

    upstream.script = script
    gate = start_one()
    assert ask(gate).status == 200
    assert ask(gate, method=method).status == 502
    assert [(seen.method, seen.connection) for seen in upstream.requests] == [("GET", 0), (method, 0)]
    gate.wait_for_log(msg="request", status=502, reason="upstream closed early")


@pytest.mark.parametrize("method,again", [("GET", True), ("HEAD", True), ("OPTIONS", True), ("DELETE", False), ("PUT", False)])
def test_what_was_closed_before_the_request_came_is_known_at_once(start_one, upstream, method, again):
    def script(connection):
        connection.read_request()
        connection.send(ok())
        if connection.number == 0:
            connection.read_request()

    upstream.script = script
    gate = start_one()
    assert ask(gate).status == 200
    assert ask(gate, method=method).status == (200 if again else 502)
    assert [seen.connection for seen in upstream.requests] == ([0, 0, 1] if again else [0, 0])


def test_reuse_can_be_turned_off(start_one, upstream):
    gate = start_one(POSTERN_UPSTREAM_IDLE_TIMEOUT="0s")
    for _ in range(3):
        assert ask(gate).status == 200
        assert ask(gate, method="POST").status == 200
    assert [seen.connection for seen in upstream.requests] == list(range(6))
    assert {seen.head.one("Connection") for seen in upstream.requests} == {"close"}
    upstream.wait_until_quiet()


def test_without_reuse_a_client_keeps_its_own_connection(start_one, upstream):
    gate = start_one(POSTERN_UPSTREAM_IDLE_TIMEOUT="0s")
    with Client(gate.address) as client:
        for _ in range(3):
            response = client.get(PATH, token=token())
            assert (response.status, response.head.one("Connection")) == (200, None)


def test_with_reuse_off_nobody_waits_behind_anothers_finished_answer(start_one, upstream):
    """Work that goes on behind an answer holds up whoever comes next on that connection."""
    over = threading.Event()

    def script(connection):
        seen = connection.read_request()
        connection.send(ok())
        if seen.target == "/api/alice/x":
            over.wait(PATIENCE)

    upstream.script = script
    gate = start_one(POSTERN_UPSTREAM_IDLE_TIMEOUT="0s")
    assert [ask(gate, uid).status for uid in ("alice", "bob", "alice", "bob")] == [200] * 4
    over.set()


class InTurn:
    """Answers the first request of each connection when it is told to, the later ones at once with the number."""

    def __init__(self):
        self.turns = []

    def __call__(self, connection):
        connection.read_request()
        turn = threading.Event()
        self.turns.append(turn)
        assert turn.wait(PATIENCE)
        connection.send(ok())
        while connection.read_request():
            connection.send(ok(str(connection.number).encode()))

    def open(self, gate, upstream, *uids):
        """An idle connection for each, given back in that order."""
        clients = []
        for count, uid in enumerate(uids, 1):
            clients.append(Client(gate.address).send(request("GET", f"/api/{uid}/x", token=token(uid))))
            upstream.wait_for_requests(count)
        for number, client in enumerate(clients):
            self.turns[number].set()
            assert client.read_response().status == 200
            client.close()
            gate.wait_for_log(number + 1, msg="request")


def test_a_request_prefers_what_served_its_own_user(start_one, upstream):
    upstream.script = in_turn = InTurn()
    gate = start_one()
    in_turn.open(gate, upstream, "alice", "bob", "carol")
    assert [ask(gate, uid).body for uid in ("alice", "bob", "carol", "alice")] == [b"0", b"1", b"2", b"0"]


def test_another_users_request_prefers_a_connection_that_has_rested(start_one, upstream, clock):
    upstream.script = in_turn = InTurn()
    gate = start_one()
    in_turn.open(gate, upstream, "alice", "bob")
    clock.forward(2)
    # Both have rested: the newest. Then only the other has.
    assert ask(gate, "carol").body == b"1"
    assert ask(gate, "dave").body == b"0"


def test_where_none_has_rested_it_is_the_oldest(start_one, upstream):
    upstream.script = in_turn = InTurn()
    gate = start_one()
    in_turn.open(gate, upstream, "alice", "bob")
    assert ask(gate, "carol").body == b"0"
