"""The log: a line for each request, exact about why, silent about tokens, secrets and queries."""

import json
import re
import signal
import socket
import time

import pytest
from gate import SECRET, Gate, sign, token
from wire import Client, request

ALICE = token("alice")
ALWAYS = ["time", "level", "msg", "request_id", "peer", "method", "path", "verdict", "reason", "status", "bytes_in", "bytes_out",
          "total_ms", "upstream_ms"]


def logged(gate, bytes_sent):
    """The line that a request on a connection of its own leads to. One at a time."""
    before = len(gate.requests())
    with Client(gate.address) as client:
        client.send(bytes_sent)
        client.finish_sending()
        client.read_to_end()
    return gate.wait_for_log(msg="request", count=before + 1)


LINES = [
    # request, status, verdict, reason, rule, uid
    (request("GET", "/api/alice/x?q=1", token=ALICE), 200, "forward", "ok", "/api/{user_id}/**", "alice"),
    (request("GET", "/api/bob/x", token=ALICE), 403, "refuse", "another user", "/api/{user_id}/**", "alice"),
    (request("GET", "/elsewhere", token=ALICE), 404, "refuse", "no rule", None, "alice"),
    (request("GET", "/open"), 200, "forward", "public", "/open", None),
    (request("GET", "/api/alice/x"), 401, "refuse", "no credentials", "/api/{user_id}/**", None),
    (request("GET", "/api/alice/x", token=token("alice", ttl=-60)), 401, "refuse", "expired", "/api/{user_id}/**", None),
    (request("GET", "/api/alice/x", token=token(sub="bob")), 401, "refuse", "subject mismatch", "/api/{user_id}/**", None),
    (request("GET", "/api/alice/../bob", token=ALICE), 400, "refuse", "dot segment", None, None),
    (request("TRACE", "/api/alice/x", token=ALICE), 405, "refuse", "refused method", None, None),
    (b"GET / HTTP/1.1\r\n\r\n", 400, "refuse", "missing Host", None, None),
    (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", 505, "refuse", "unsupported HTTP version", None, None),
]


def test_each_request_is_one_line_with_what_was_decided_and_why(start):
    gate = start(POSTERN_PUBLIC_PATHS="/open")
    for sent, status, verdict, reason, rule, uid in LINES:
        line = logged(gate, sent)
        assert (line["status"], line["verdict"], line.get("rule"), line.get("uid")) == (status, verdict, rule, uid), line
        assert line["reason"] == reason, line
        assert set(line) - {"rule", "uid"} == set(ALWAYS), line
        for name in ("status", "bytes_in", "bytes_out", "total_ms", "upstream_ms"):
            assert isinstance(line[name], (int, float)), line
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        assert (line["level"], line["peer"]) == ("info", "127.0.0.1")
    assert gate.stop() == 0
    assert len(gate.requests()) == len(LINES)


def test_bytes_durations_and_the_request_id_are_those_of_the_request(gate, upstream):
    def answer(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")

    upstream.script = answer
    line = logged(gate, request("POST", "/api/alice/x", "X-Request-Id: trace-42", token=ALICE, body=b"x" * 1000))
    assert (line["bytes_in"], line["bytes_out"], line["request_id"], line["method"]) == (1000, 7, "trace-42", "POST")
    assert 0 < line["upstream_ms"] <= line["total_ms"]
    with Client(gate.address) as client:
        response = client.get("/api/alice/x")
    line = gate.wait_for_log(msg="request", count=2)
    assert line["request_id"] == response.head.one("X-Request-Id")
    assert (line["bytes_in"], line["bytes_out"], line["upstream_ms"]) == (0, len(response.body), 0)


def test_an_upstream_that_fails_is_named_as_the_reason(start):
    with socket.socket() as bound:  # and not listening: nobody else gets the port
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        line = logged(start(upstream_url=url), request("GET", "/api/alice/x", token=ALICE))
    assert (line["status"], line["verdict"], line["reason"], line["uid"]) == (502, "forward", "upstream unreachable", "alice")
    assert (line["level"], line["upstream"], line["problem"]) == ("warn", url.removeprefix("http://"), "Connection refused")


def test_an_upstream_that_resets_is_named_with_the_systems_words(gate, upstream):
    def script(connection):
        connection.read_request()
        connection.reset()

    upstream.script = script
    line = logged(gate, request("POST", "/api/alice/x", token=ALICE, body=b"x"))
    assert (line["level"], line["status"], line["reason"]) == ("warn", 502, "upstream closed early")
    assert (line["upstream"], line["problem"]) == (upstream.url.removeprefix("http://"), "Connection reset by peer")


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_the_trace_id_stands_in_the_log_where_it_is_one(gate, upstream):
    good = f"traceparent: 00-{TRACE}-00f067aa0ba902b7-01"
    assert logged(gate, request("GET", "/api/alice/x", good, token=ALICE))["trace_id"] == TRACE
    assert upstream.requests[0].head.one("traceparent") == good.partition(": ")[2]
    for bad in ([good, good], [good.upper().replace("TRACEPARENT", "traceparent")], ["traceparent: mark"]):
        assert "trace_id" not in logged(gate, request("GET", "/api/alice/x", *bad, token=ALICE))


def test_a_sample_of_what_went_well_is_logged_and_all_the_rest(start):
    gate = start(POSTERN_LOG_SAMPLE="0.25", POSTERN_THREADS="1")
    with Client(gate.address) as client:
        statuses = [client.get(f"/api/alice/{i}", token=ALICE).status for i in range(40)]
        statuses += [client.get("/api/bob/x", token=ALICE).status for _ in range(5)]
    assert statuses == [200] * 40 + [403] * 5
    assert gate.stop() == 0
    lines = gate.requests()
    assert [line["sampled"] for line in lines if line["status"] == 200] == [0.25] * 10
    assert [line["status"] for line in lines].count(403) == 5
    assert not any("sampled" in line for line in lines if line["status"] == 403)


def marked_everywhere():
    """Requests with marks where secrets may stand: in tokens, headers, queries and bodies; well-formed and not."""
    now = int(time.time())
    tokens = [ALICE, token("alice", ttl=-60), token("bob"), token("alice", secret="mark-" * 8), ALICE[:-4] + "mark",
              sign({"alg": "none", "mark": 1}, {"uid": "mark"}), sign({"alg": "HS256"}, {"email": "mark@a", "exp": now + 9}),
              "mark.mark.mark", SECRET, "mark" * 3000]
    for bearer in tokens:
        yield request("GET", "/api/alice/x?access_token=mark", "Cookie: session=mark", token=bearer)
        yield request("GET", "/elsewhere?mark", token=bearer)
        yield request("GET", "/api/alice/x", f"Authorization: Basic {bearer}", "X-User-Id: mark")
        yield request("POST", "/api/alice/x", f"Authorization: {bearer}", body=b"mark=mark")
        yield request("GET", "/api/alice/../x?mark", token=bearer)
        yield request("GET", f"/api/alice/x?{bearer}#mark", token=bearer)
        yield f"GET /api/alice/x HTTP/1.1\r\nHost: gate\r\nAuthorization : Bearer {bearer}\r\n\r\n".encode()
        yield f"GET /api/alice/x HTTP/1.1\r\nAuthorization: Bearer {bearer}\r\n\r\n".encode()
        yield f"GET /api/alice/x?mark HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer\r\n {bearer}\r\n\r\n".encode()
        yield f"GET /api/alice/x?mark HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {bearer}\n\r\n\r\n".encode()
        yield f"GET /api/alice/x?mark HTTP/9.1\r\nHost: {bearer}\r\n\r\n".encode()
        yield f"GET /api/alice/x?mark {bearer} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        yield f"Authorization: Bearer {bearer}\r\n\r\n".encode()
        yield f"GET /api/alice/x HTTP/1.1\r\nHost: a\r\nX-Request-Id: a b {bearer}\r\n\r\n".encode()
        yield request("GET", "/api/alice/x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                      f"Sec-WebSocket-Protocol: bearer, {bearer}")


@pytest.mark.parametrize("format", ["json", "text"])
@pytest.mark.parametrize("level", ["debug", "info"])
def test_no_token_secret_query_or_header_is_ever_written(upstream, format, level):
    sent = list(marked_everywhere())
    gate = Gate(upstream.url, POSTERN_LOG_FORMAT=format, POSTERN_LOG_LEVEL=level, POSTERN_WEBSOCKET_TOKEN="subprotocol",
                POSTERN_THREADS="1")
    try:
        address = listening_address(gate, format)
        for bytes_sent in sent:
            with Client(address) as client:
                client.send(bytes_sent)
                client.finish_sending()
                client.read_to_end()
        gate.signal(signal.SIGHUP)
    finally:
        assert gate.stop() == 0
    output = json.dumps(gate.lines) + gate.errors
    assert len(gate.lines) >= len(sent) * 3 // 4
    for hidden in ("mark", SECRET, ALICE, *ALICE.split("."), "access_token", "Bearer"):
        assert hidden not in output, hidden


def listening_address(gate, format):
    if format == "json":
        return gate.wait_until_listening().address
    host, port = re.search(r" address=(\S+):(\d+)", gate.wait_for_text(" listening ")).groups()
    return host, int(port)
