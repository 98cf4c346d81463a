"""/metrics: what is counted adds up with what was sent, to the request, and Prometheus' own tool finds no fault."""

import shutil
import socket
import subprocess

import pytest
from admin import ask, labelled, metrics
from gate import tampered, token
from websocket import SWITCHING, UPGRADE
from wire import Client, ok, request

ALICE = token("alice")


def settled(gate, **expected):
    """The metrics once these samples have come to that: a request is counted just behind its answer."""
    for _ in range(200):
        found = metrics(gate)
        if all(found.get((f"postern_{name}", ()), 0) == value for name, value in expected.items()):
            return found
    raise AssertionError({name: found.get((f"postern_{name}", ())) for name in expected})


def test_the_counters_add_up_with_a_scripted_run(start, upstream):
    gate = start(POSTERN_PUBLIC_PATHS="/open")
    sent = [
        (5, "/api/alice/x", ALICE, 200), (2, "/open", None, 200), (3, "/api/bob/x", ALICE, 403), (1, "/nowhere", ALICE, 404),
        (4, "/api/alice/x", None, 401), (2, "/api/alice/x", token(ttl=-60), 401), (3, "/api/alice/x", tampered(ALICE), 401),
        (1, "/api/alice/../x", ALICE, 400),
    ]
    logged = 0
    for count, target, bearer, status in sent:
        for _ in range(count):
            with Client(gate.address) as client:
                assert client.get(target, token=bearer).status == status
            logged += 1
    gate.wait_for_log(count=logged, msg="request")
    found = metrics(gate)
    assert labelled(found, "requests_total", verdict="forward") == {"200": 7}
    assert labelled(found, "requests_total", verdict="refuse") == {"400": 1, "401": 9, "403": 3, "404": 1}
    assert labelled(found, "refusals_total") == {
        "another user": 3, "no rule": 1, "no credentials": 4, "expired": 2, "bad signature": 3, "dot segment": 1}
    assert found["postern_request_duration_seconds_count", ('verdict="forward"',)] == 7
    assert found["postern_request_duration_seconds_count", ('verdict="refuse"',)] == 14
    assert found["postern_gate_duration_seconds_count", ()] == 21
    assert found["postern_upstream_duration_seconds_count", ()] == 7
    opened = labelled(found, "upstream_connections_opened_total")
    reused = labelled(found, "upstream_pool_total")
    assert opened["success"] == reused["miss"] == upstream.connections and reused["miss"] + reused.get("hit", 0) == 7
    cache = labelled(found, "token_cache_total")
    # Each thread verifies it once.
    assert sum(cache.values()) == 14 and 1 + 5 <= cache["miss"] <= 2 + 5
    assert found["postern_token_cache_entries", ()] == cache["miss"] - 5
    assert found["postern_requests_in_flight", ()] == 0
    assert labelled(found, "config_reloads_total") == {}


def test_connections_and_requests_are_seen_while_they_last(start, upstream):
    held = []

    def script(connection):
        while one := connection.read_request():
            held.append(one)
            connection.read_exactly(1) if one.target.endswith("/held") else connection.send(ok())

    upstream.script = script
    gate = start(POSTERN_THREADS="1")
    with Client(gate.address) as idle, Client(gate.address) as busy:
        assert idle.get("/api/alice/x", token=ALICE).status == 200
        busy.send(request("GET", "/api/alice/held", token=ALICE))
        upstream.wait_for_requests(2)
        found = metrics(gate)
        assert found["postern_requests_in_flight", ()] == 1
        assert labelled(found, "connections", side="client") == {"idle": 1, "active": 1}
        assert labelled(found, "connections", side="upstream").get("active") == 1
    # Both clients have left: nothing of them stays.
    gate.wait_for_log(count=2, msg="request")
    found = settled(gate, requests_in_flight=0)
    assert labelled(found, "connections", side="upstream").get("active") is None


def test_a_websocket_is_a_tunnel_and_its_end_a_stream_that_was_closed(start, upstream):
    def script(connection):
        connection.read_head()
        connection.send(SWITCHING)
        connection.receive_some()
        connection.send(connection.buffer)
        connection.read_to_end()

    upstream.script = script
    gate = start(POSTERN_THREADS="1")
    with Client(gate.address) as client:
        client.send(request("GET", "/api/alice/ws", *UPGRADE, token=ALICE))
        assert client.read_head().start == b"HTTP/1.1 101 Switching Protocols"
        frame = b"\x81\x82\0\0\0\0hi"
        assert client.send(frame).read_exactly(len(frame)) == frame
        found = metrics(gate)
        assert labelled(found, "connections", side="client") == {"tunnel": 1}
        assert labelled(found, "connections", side="upstream") == {"tunnel": 1}
    gate.wait_for_log(msg="request", status=101)
    found = metrics(gate)
    assert sum(labelled(found, "streams_closed_total").values()) == 1
    assert labelled(found, "connections", side="upstream") == {}


def test_an_upstream_that_fails_is_no_refusal(start):
    with socket.socket() as bound:  # and not listening: nobody else gets the port
        bound.bind(("127.0.0.1", 0))
        gate = start(upstream_url=f"http://127.0.0.1:{bound.getsockname()[1]}")
        with Client(gate.address) as client:
            assert client.get("/api/alice/x", token=ALICE).status == 502
        gate.wait_for_log(msg="request")
        found = metrics(gate)
    assert labelled(found, "requests_total", verdict="forward") == {"502": 1}
    assert labelled(found, "refusals_total") == {}
    assert labelled(found, "upstream_connections_opened_total") == {"failure": 1}


@pytest.mark.parametrize("body,status,reason", [
    (b"b\r\n01234567890\r\n", 413, "body too large"), (b"x\r\n", 400, "malformed chunked body"),
])
def test_a_body_that_the_gate_refuses_makes_a_refusal_of_its_request(start, upstream, body, status, reason):
    """Although its head was forwarded before."""
    upstream.script = lambda connection: connection.read_to_end()
    gate = start(POSTERN_MAX_BODY_BYTES="10")
    with Client(gate.address) as client:
        client.send(request("POST", "/api/alice/x", "Transfer-Encoding: chunked", token=ALICE))
        upstream.wait_for_connections(1)
        client.send(body)
        assert client.read_response().status == status
    line = gate.wait_for_log(msg="request")
    assert (line["verdict"], line["reason"], line["status"]) == ("refuse", reason, status)
    found = metrics(gate)
    assert labelled(found, "requests_total", verdict="forward") == {}
    assert labelled(found, "requests_total", verdict="refuse") == {str(status): 1}
    assert labelled(found, "refusals_total") == {reason: 1}


def test_reloads_are_counted(start, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("a secret of thirty-two bytes, or more")
    gate = start(BETTER_AUTH_SECRET=None, BETTER_AUTH_SECRET_FILE=str(secret))
    secret.write_text("another secret of more than thirty-two bytes")
    gate.wait_for_log(msg="keys reloaded")
    assert labelled(metrics(gate), "config_reloads_total") == {"success": 1}
    secret.write_text("short")
    gate.wait_for_log(level="error")
    assert labelled(metrics(gate), "config_reloads_total") == {"success": 1, "failure": 1}
    assert b"The last reload failed" in ask(gate, "/").body


def test_the_process_tells_of_itself(gate):
    found = metrics(gate)
    assert found["process_resident_memory_bytes", ()] > 1 << 20
    assert found["process_virtual_memory_bytes", ()] >= found["process_resident_memory_bytes", ()]
    assert found["process_open_fds", ()] > 3


def test_promtool_finds_no_fault(gate):
    assert shutil.which("promtool"), "promtool is missing: apt-get install prometheus"
    with Client(gate.address) as client:
        client.get("/api/alice/x", token=ALICE)
    response = ask(gate, "/metrics")
    assert response.head.one("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    checked = subprocess.run(["promtool", "check", "metrics"], input=response.body, capture_output=True, timeout=60, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_no_label_names_a_user_or_a_path(gate):
    with Client(gate.address) as client:
        for target in ("/api/alice/private", "/api/bob/private", "/private"):
            client.get(target, token=ALICE)
    gate.wait_for_log(count=3, msg="request")
    body = ask(gate, "/metrics").body
    assert b"alice" not in body and b"private" not in body and b"bob" not in body
