"""Rates: a user's own, and that of addresses which send tokens that are worth nothing."""

import json

import pytest
from gate import tampered, token
from websocket import SWITCHING, UPGRADE
from wire import Client, ok, request

ALICE, BOB = token("alice"), token("bob")


def ask(gate, target, *fields, bearer=None):
    with Client(gate.address) as client:
        return client.get(target, *fields, token=bearer)


def guesses(count):
    """Each another token."""
    return [tampered(token("alice", number=number)) for number in range(count)]


def test_a_user_has_a_rate_and_the_429_says_it(start, upstream):
    gate = start(POSTERN_USER_RATE="1/m burst 3", POSTERN_PUBLIC_PATHS="/open")
    assert [ask(gate, "/api/alice/x", bearer=ALICE).status for _ in range(3)] == [200] * 3
    response = ask(gate, "/api/alice/x", bearer=ALICE)
    assert (response.status, json.loads(response.body)) == (429, {"detail": "Too Many Requests"})
    assert 1 <= int(response.head.one("Retry-After")) <= 60
    assert response.head.one("RateLimit-Policy") == '"user";q=3;w=180'
    assert response.head.one("RateLimit").startswith('"user";r=0;t=')
    line = gate.wait_for_log(msg="request", status=429)
    assert (line["verdict"], line["reason"], line["uid"]) == ("refuse", "too many requests", "alice")
    # Another token of the same user is the same user; others and nobody are not limited by it.
    assert ask(gate, "/api/alice/x", bearer=token("alice", ttl=60)).status == 429
    assert ask(gate, "/api/bob/x", bearer=BOB).status == 200
    assert ask(gate, "/open").status == 200
    assert len(upstream.requests) == 5


def test_what_is_refused_for_another_reason_costs_a_user_nothing(start):
    gate = start(POSTERN_USER_RATE="1/h burst 1")
    assert [ask(gate, "/api/bob/x", bearer=ALICE).status for _ in range(5)] == [403] * 5
    assert [ask(gate, "/api/alice/x", bearer=ALICE).status for _ in range(2)] == [200, 429]


def test_a_websocket_counts_once(start, upstream):
    def script(connection):
        connection.read_head()
        connection.send(SWITCHING)
        while connection.receive_some():
            connection.send(connection.read_exactly(len(connection.buffer)))

    upstream.script = script
    gate = start(POSTERN_USER_RATE="1/h burst 1")
    with Client(gate.address) as client:
        client.send(request("GET", "/api/alice/ws", *UPGRADE, token=ALICE))
        assert client.read_head().start == b"HTTP/1.1 101 Switching Protocols"
        frame = b"\x81\x82\0\0\0\0hi"
        for _ in range(20):
            assert client.send(frame).read_exactly(len(frame)) == frame
        assert ask(gate, "/api/alice/x", bearer=ALICE).status == 429


def test_bad_tokens_are_stopped_before_they_are_verified_and_good_ones_are_not(start):
    gate = start(POSTERN_FAILED_AUTH_RATE="1/h burst 4", POSTERN_PUBLIC_PATHS="/open", POSTERN_THREADS="2")
    assert ask(gate, "/api/alice/x", bearer=ALICE).status == 200
    assert [ask(gate, "/api/alice/x", bearer=guess).status for guess in guesses(8)] == [401] * 4 + [429] * 4
    line = gate.wait_for_log(msg="request", status=429)
    assert (line["verdict"], line["reason"]) == ("refuse", "too many bad tokens")
    assert "uid" not in line
    # Verified before, on whichever thread: let through. A good token that nobody has seen yet is not told from a guess.
    assert [ask(gate, "/api/alice/x", bearer=ALICE).status for _ in range(8)] == [200] * 8
    response = ask(gate, "/api/bob/x", bearer=BOB)
    assert response.status == 429 and int(response.head.one("Retry-After")) >= 1
    assert response.head.one("RateLimit") is None
    assert ask(gate, "/open").status == 200
    assert ask(gate, "/api/alice/x").status == 401


def test_missing_and_expired_tokens_do_not_count(start):
    gate = start(POSTERN_FAILED_AUTH_RATE="1/h burst 1")
    for _ in range(5):
        assert ask(gate, "/api/alice/x").status == 401
        assert ask(gate, "/api/alice/x", bearer=token(ttl=-60)).status == 401
    assert ask(gate, "/api/alice/x", bearer=ALICE).status == 200


def test_behind_a_trusted_proxy_the_client_counts_and_not_the_proxy(start):
    gate = start(POSTERN_FAILED_AUTH_RATE="1/h burst 2", POSTERN_TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8")
    one, two = "X-Forwarded-For: 198.51.100.9, 203.0.113.1, 10.0.0.7", "X-Forwarded-For: 203.0.113.2"
    made_up = guesses(8)
    assert [ask(gate, "/api/alice/x", one, bearer=made_up[i]).status for i in range(3)] == [401, 401, 429]
    assert ask(gate, "/api/alice/x", two, bearer=made_up[3]).status == 401
    # What stands to the left of the client is its own word.
    assert ask(gate, "/api/alice/x", "X-Forwarded-For: 203.0.113.99, 203.0.113.1", bearer=made_up[4]).status == 429
    assert gate.wait_for_log(msg="request", status=429)["peer"] == "203.0.113.1"


def test_a_client_that_is_no_proxy_cannot_choose_its_address(start):
    gate = start(POSTERN_FAILED_AUTH_RATE="1/h burst 2")
    statuses = [ask(gate, "/api/alice/x", f"X-Forwarded-For: 203.0.113.{i}", bearer=guess).status
                for i, guess in enumerate(guesses(3))]
    assert statuses == [401, 401, 429]


def test_peers_of_a_unix_socket_have_no_address_to_count(start, tmp_path):
    gate = start(POSTERN_FAILED_AUTH_RATE="1/h burst 1", POSTERN_LISTEN=f"unix:{tmp_path}/gate")
    assert gate.wait_for_log(msg="configuration")["warning"].startswith("POSTERN_FAILED_AUTH_RATE: has no effect")
    assert [ask(gate, "/api/alice/x", bearer=guess).status for guess in guesses(5)] == [401] * 5


def test_a_429_keeps_the_connection(start):
    gate = start(POSTERN_USER_RATE="1/h burst 1")
    with Client(gate.address) as client:
        statuses = [client.get("/api/alice/x", token=ALICE).status for _ in range(3)]
        client.send(request("POST", "/api/alice/x", token=ALICE, body=b"x" * 10))
        statuses.append(client.read_response().status)
        assert client.get("/api/bob/x", token=BOB).status == 200
    assert statuses == [200, 429, 429, 429]
