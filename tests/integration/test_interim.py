"""Interim responses: 100, 103 and the like, and what Expect asks for."""

import json
import threading

import pytest
from gate import PATIENCE, token
from wire import Client, SlowReader, ok, request

PATH = "/api/alice/x"
BEARER = token("alice")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n"
EXPECT = "Expect: 100-continue"


def announced(bearer=BEARER, framing="Content-Length: 4", expect=EXPECT, target=PATH):
    return request("POST", target, framing, expect, token=bearer)


def interim_then_ok(*interim):
    """An upstream script: these before each 200."""

    def script(connection):
        while connection.read_request():
            connection.send(b"".join(interim) + ok())

    return script


@pytest.mark.parametrize("framing,body", [("Content-Length: 4", b"body"),
                                          ("Transfer-Encoding: chunked", b"4\r\nbody\r\n0\r\n\r\n")])
@pytest.mark.parametrize("expect", ["Expect: 100-continue", "expect: 100-Continue"])
def test_a_client_that_waits_for_100_gets_it_from_the_upstream_before_it_sends(gate, upstream, framing, body, expect):
    def invite(connection):
        while True:
            head = connection.read_head()
            assert head.one("Expect").lower() == "100-continue"
            assert connection.buffer == b""
            connection.send(CONTINUE)
            assert (connection.read_exactly(4) if head.one("Content-Length") else connection.read_chunked()[0]) == b"body"
            connection.send(ok())

    upstream.script = invite
    with Client(gate.address) as client:
        for _ in range(2):
            client.send(announced(framing=framing, expect=expect))
            assert client.read_head().raw == CONTINUE
            response = client.send(body).read_response()
            assert (response.status, response.head.one("Connection")) == (200, None)
    assert upstream.connections == 1


def test_a_client_that_does_not_wait_for_100_sends_at_once(gate, upstream):
    upstream.script = interim_then_ok(CONTINUE)
    with Client(gate.address) as client:
        for _ in range(2):
            client.send(announced() + b"body")
            assert client.read_head().raw == CONTINUE
            assert client.read_response().status == 200
    assert [got.body for got in upstream.requests] == [b"body", b"body"]


def test_a_100_that_nobody_asked_for_is_kept_from_the_client(gate, upstream):
    upstream.script = interim_then_ok(CONTINUE)
    with Client(gate.address) as client:
        for _ in range(2):
            assert client.get(PATH, token=BEARER).status == 200
    assert upstream.connections == 1


def test_early_hints_reach_the_client_before_the_response_is_made(gate, upstream):
    read = threading.Event()

    def hint(connection):
        connection.read_request()
        connection.send(HINTS)
        assert read.wait(PATIENCE)
        connection.send(HINTS + ok())

    upstream.script = hint
    with Client(gate.address) as client:
        client.send(request("GET", PATH, token=BEARER))
        first = client.read_head()
        assert first.raw == HINTS
        read.set()
        assert client.read_head().raw == HINTS
        response = client.read_response()
        assert (response.status, response.body) == (200, b"ok")
        # What was said before the response is no part of it.
        assert response.head.one("Link") is None


def test_hop_by_hop_fields_of_an_interim_response_stay_that_side(gate, upstream):
    upstream.script = interim_then_ok(b"HTTP/1.1 103 Early Hints\r\nConnection: X-Private\r\n"
                                      b"X-Private: 1\r\nKeep-Alive: 5\r\nX-Kept: 2\r\n\r\n")
    with Client(gate.address) as client:
        client.send(request("GET", PATH, token=BEARER))
        assert client.read_head().names() == ["x-kept"]
        assert client.read_response().status == 200


def test_many_kinds_of_interim_response_pass(gate, upstream):
    statuses = [102, 103, 104, 110, 199]
    upstream.script = interim_then_ok(*(b"HTTP/1.1 %d Interim\r\n\r\n" % status for status in statuses))
    with Client(gate.address) as client:
        client.send(request("GET", PATH, token=BEARER))
        assert [client.read_head().start for _ in statuses] == [b"HTTP/1.1 %d Interim" % status for status in statuses]
        assert client.read_response().status == 200


def test_an_old_client_hears_nothing_interim_and_is_not_made_to_wait(gate, upstream):
    upstream.script = interim_then_ok(CONTINUE, HINTS)
    with Client(gate.address) as client:
        client.send((announced() + b"body").replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert client.read_head().start == b"HTTP/1.1 200 OK"
    (got,) = upstream.requests
    # The upstream must not wait for a body that is held back, either.
    assert got.body == b"body" and got.head.one("Expect") is None


BROKEN = [  # (why, what the upstream sends before its 200)
    ("101 unasked", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
    ("101 without Upgrade", b"HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    ("101 behind a 103", HINTS + b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
    ("a flood of 100", CONTINUE * 10_000),
    ("an interim response with a length", b"HTTP/1.1 103 Early Hints\r\nContent-Length: 40\r\n\r\n"),
    ("an interim response with chunks", b"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ("a status below 100", b"HTTP/1.1 099 Low\r\n\r\n"),
]


@pytest.mark.parametrize("why,before", BROKEN, ids=[row[0] for row in BROKEN])
def test_an_interim_response_that_makes_no_sense_is_502(gate, upstream, why, before):
    upstream.script = interim_then_ok(before)
    with Client(gate.address) as client:
        client.send(request("GET", PATH, token=BEARER))
        head = client.read_head()
        while head.start == HINTS.split(b"\r\n")[0]:
            head = client.read_head()
        assert head.start == b"HTTP/1.1 502 Bad Gateway"
        assert json.loads(client.read_exactly(int(head.one("Content-Length")))) == {"detail": "Bad Gateway"}
        # The next request gets nothing of what that upstream still had to say.
        upstream.script = interim_then_ok()
        assert client.get(PATH, token=BEARER).status == 200
    assert upstream.connections == 2


def test_a_flood_of_hints_ends_in_502(gate, upstream):
    upstream.script = interim_then_ok(HINTS * 10_000)
    with Client(gate.address) as client:
        client.send(request("GET", PATH, token=BEARER))
        heads = [client.read_head().start]
        while heads[-1] == b"HTTP/1.1 103 Early Hints":
            heads.append(client.read_head().start)
        assert heads[-1] == b"HTTP/1.1 502 Bad Gateway"
        assert len(heads) < 1000


REFUSED = [  # (why, request, status)
    ("no token", announced(None), 401),
    ("a bad token", announced("garbage"), 401),
    ("another user", announced(token("bob")), 403),
    ("no such path", announced(target="/elsewhere"), 404),
    ("too large", announced(framing="Content-Length: 99999999999"), 413),
    ("chunked without a token", announced(None, "Transfer-Encoding: chunked"), 401),
]


@pytest.mark.parametrize("why,raw,status", REFUSED, ids=[row[0] for row in REFUSED])
def test_a_refused_client_is_told_so_instead_of_100_and_keeps_its_body(gate, upstream, why, raw, status):
    with Client(gate.address) as client:
        response = client.send(raw).read_response()
        assert response.status == status
        # A client may send its body all the same, so the next request could not be told from it.
        assert response.head.one("Connection") == "close"
        assert client.is_closed()
    assert upstream.connections == 0


@pytest.mark.parametrize("framing", ["Content-Length: 4", "Transfer-Encoding: chunked"])
def test_an_upstream_may_answer_instead_of_inviting_the_body(gate, upstream, framing):
    def refuse(connection):
        connection.read_head()
        connection.send(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno")
        # The announced body never comes, and what does come must not be a second request.
        assert connection.read_to_end() == b""

    upstream.script = refuse
    with Client(gate.address) as client:
        response = client.send(announced(framing=framing)).read_response()
        assert (response.status, response.body) == (417, b"no")
        assert response.head.one("Connection") == "close"
        assert client.is_closed()
    upstream.wait_until_quiet()
    assert upstream.connections == 1


@pytest.mark.parametrize("expect", ["Expect: 200-ok", "Expect: 100-continue, x", "Expect:"])
def test_an_unknown_expectation_is_the_upstreams_to_judge(gate, upstream, expect):
    upstream.script = interim_then_ok(CONTINUE)
    with Client(gate.address) as client:
        client.send(announced(expect=expect) + b"body")
        assert client.read_response().status == 200
    assert upstream.requests[0].head.all("Expect") == [expect.partition(":")[2].strip()]


STUCK = [  # (what the client sends once it is stuck, the reason in the log, how long it may be stuck)
    ("the body ends", b"0\r\n\r\n", "stream idle timeout", "2s"),
    ("the body breaks", b"x\r\n", "malformed chunked body", "1h"),
    ("the body grows", b"b\r\n01234567890\r\n", "body too large", "1h"),
]


@pytest.mark.parametrize("why,rest,reason,patience", STUCK, ids=[row[0] for row in STUCK])
def test_nothing_follows_a_part_of_an_interim_response(start, upstream, why, rest, reason, patience):
    """Behind it the gate's own answer would be read as more of that head, and the answer's body as an answer."""
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: <" + b"x" * 15_000 + b">\r\n\r\n"

    def script(connection):
        connection.read_head()
        connection.send(hint * 32)
        gate.wait_for_log(msg="request", path=PATH)

    upstream.script = script
    gate = start(POSTERN_RESPONSE_TIMEOUT="500ms", POSTERN_HEADER_TIMEOUT="500ms", POSTERN_STREAM_IDLE_TIMEOUT=patience,
                 POSTERN_MAX_BODY_BYTES="10")
    with SlowReader(gate.address) as client:
        client.send(request("POST", PATH, "Transfer-Encoding: chunked", token=BEARER))
        with Client(gate.address) as other:  # by the time that this one is let go, the first is stuck
            assert other.send(b"G").read_response().status == 408
        client.send(rest)
        assert gate.wait_for_log(msg="request", path=PATH)["reason"] == reason
        received = client.read_to_end()
    whole = received.count(hint)
    assert whole < 32 and received[whole * len(hint) :] == hint[: len(received) - whole * len(hint)]
