"""Clients behind TLS: however their bytes are cut into records, and however a side ends."""

import threading

import pytest
from certificates import certificates, serving
from gate import PATIENCE, token
from tls_wire import TlsClient
from wire import ok, request

PATH = "/api/alice/x"
ALICE = token("alice")


@pytest.fixture
def gate(start, certificates):
    return start(**serving(certificates.server))


@pytest.fixture
def connect(gate, certificates):
    """connect() gives a client that speaks TLS with the gate."""
    return lambda: TlsClient(gate.address, certificates.client_context())


@pytest.mark.parametrize("at_once", [True, False], ids=["in one packet", "a record a packet"])
def test_one_request_may_come_in_many_records(connect, upstream, at_once):
    whole = request("POST", PATH, token=ALICE, body=b"0123456789") + request("GET", PATH, token=ALICE)
    with connect() as client:
        for byte in whole:
            if at_once:
                client.tls.write(bytes([byte]))
            else:
                client.send(bytes([byte]))
        client.send(b"")
        client.plain.sendall(client.socket.records())
        assert [client.read_response().status for _ in range(2)] == [200, 200]
    assert [(seen.method, seen.body) for seen in upstream.requests] == [("POST", b"0123456789"), ("GET", b"")]


def test_a_record_may_come_in_many_packets(connect, upstream):
    with connect() as client:
        client.tls.write(request("GET", PATH, token=ALICE))
        for byte in client.socket.records():
            client.plain.sendall(bytes([byte]))
        assert client.read_response().status == 200


def test_head_has_no_body_and_the_next_answer_follows(connect, upstream):
    def script(connection):
        while seen := connection.read_request():
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + (b"hello" if seen.method == "GET" else b""))

    upstream.script = script
    with connect() as client:
        for method in ("HEAD", "GET", "HEAD", "HEAD", "GET"):
            response = client.get(PATH, token=ALICE, method=method)
            assert (response.head.one("Content-Length"), response.body) == ("5", b"hello" if method == "GET" else b"")


def test_a_client_that_expects_100_hears_it_before_it_sends(connect, upstream):
    def script(connection):
        connection.read_head()
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert connection.read_exactly(4) == b"body"
        connection.send(ok())

    upstream.script = script
    with connect() as client:
        client.send(request("POST", PATH, "Expect: 100-continue", "Content-Length: 4", token=ALICE))
        assert client.read_head().start == b"HTTP/1.1 100 Continue"
        assert client.send(b"body").read_response().status == 200


# ---- How sides end

ANSWERS = {
    "of known length": ok(),
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "until close": b"HTTP/1.1 200 OK\r\n\r\nok",
}


@pytest.mark.parametrize("when", ["with the request", "while it waits"])
@pytest.mark.parametrize("framing", ANSWERS)
def test_a_client_that_has_no_more_to_say_still_reads_its_answer(gate, connect, upstream, framing, when):
    finished = threading.Event()

    def script(connection):
        connection.read_request()
        assert finished.wait(PATIENCE)
        connection.send(ANSWERS[framing])

    upstream.script = script
    with connect() as client:
        client.tls.write(request("GET", PATH, token=ALICE))
        if when == "while it waits":
            client.plain.sendall(client.socket.records())
            upstream.wait_for_requests(1)
        client.finish_sending()
        finished.set()
        assert client.read_response().body == b"ok"
        assert client.is_closed() and client.ended == "close_notify"
    assert gate.wait_for_log(msg="request")["reason"] == "ok"


def test_a_client_that_says_goodbye_between_requests_hears_goodbye(connect):
    with connect() as client:
        assert client.get(PATH, token=ALICE).status == 200
        client.finish_sending()
        assert client.is_closed() and client.ended == "close_notify"


@pytest.mark.parametrize("end,ended", [("closes", "close_notify"), ("resets", "reset")])
@pytest.mark.parametrize("body", [b"", b"part", b"x" * 300_000], ids=len)
def test_a_response_until_close_that_was_cut_does_not_look_whole(gate, connect, upstream, end, ended, body):
    received = threading.Event()

    def script(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n" + body)
        assert received.wait(PATIENCE)
        connection.reset() if end == "resets" else connection.close()

    upstream.script = script
    with connect() as client:
        client.send(request("GET", PATH, token=ALICE)).read_head()
        assert client.read_exactly(len(body)) == body
        received.set()
        assert client.is_closed()
        assert (client.ended or "reset") == ended
    reason = gate.wait_for_log(msg="request")["reason"]
    assert reason == ("ok" if end == "closes" else "upstream response cut short")


@pytest.mark.parametrize("head", ["Content-Length: 10", "Transfer-Encoding: chunked"])
def test_a_framed_response_that_was_cut_ends_the_connection(gate, connect, upstream, head):
    upstream.script = lambda connection: (connection.read_request(),
                                          connection.send(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n2\r\nok\r\n".encode()))
    with connect() as client:
        client.send(request("GET", PATH, token=ALICE)).read_head()
        assert client.read_to_end() == b"2\r\nok\r\n"
    assert gate.wait_for_log(msg="request")["reason"] == "upstream response cut short"
