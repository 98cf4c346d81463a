"""SIGTERM and SIGINT: what was accepted is answered, nothing new is let in, and the end is a good one."""

import signal
import threading

import pytest
from gate import PATIENCE, token
from wire import Client, Closed, refuses_connections, request

ALICE = token("alice")
SIGNALS = [signal.SIGTERM, signal.SIGINT]


def begin(number, gate, *idle):
    """Signals, and waits until the draining shows on connections that were idle."""
    gate.signal(number)
    gate.wait_for_log(msg="draining")
    for client in idle:
        assert client.is_closed()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_request_in_flight_is_answered_while_nothing_new_is_let_in(start, held, upstream, number):
    gate = start(POSTERN_THREADS="1")
    with Client(gate.address) as busy, Client(gate.address) as idle:
        assert idle.get("/api/alice/x").status == 401
        busy.send(request("GET", "/api/alice/x", token=ALICE))
        upstream.wait_for_requests(1)
        begin(number, gate, idle)
        assert refuses_connections(gate.address)
        with Client(gate.admin) as admin:
            readiness = admin.get("/readyz")
            assert (readiness.status, readiness.body) == (503, b"draining\n")
        with Client(gate.admin) as admin:
            assert admin.get("/healthz").status == 200
        held.released.set()
        response = busy.read_response()
        assert (response.status, response.body, response.head.one("Connection")) == (200, b"late", "close")
        assert busy.is_closed()
    assert gate.wait() == 0
    gate.wait_for_log(msg="stopped")
    assert [line["status"] for line in gate.requests()] == [401, 200]


def test_the_gate_answers_itself_with_connection_close_while_draining(start, held, upstream):
    gate = start(POSTERN_THREADS="1")
    with Client(gate.address) as busy, Client(gate.address) as half, Client(gate.address) as idle:
        assert idle.get("/api/alice/x").status == 401
        busy.send(request("GET", "/api/alice/x", token=ALICE))
        upstream.wait_for_requests(1)
        half.send(b"GET /api/bob/x HTTP/1.1\r\n")
        begin(signal.SIGTERM, gate, idle)
        half.send(f"Host: gate\r\nAuthorization: Bearer {ALICE}\r\n\r\n".encode())
        response = half.read_response()
        assert (response.status, response.head.one("Connection")) == (403, "close")
        assert half.is_closed()
        held.released.set()
        assert busy.read_response().status == 200
    assert gate.wait() == 0


def test_a_head_of_which_a_byte_was_sent_before_the_signal_is_served(start, upstream):
    gate = start(POSTERN_THREADS="1")
    whole = request("GET", "/api/alice/x", token=ALICE)
    with Client(gate.address) as fresh, Client(gate.address) as used, Client(gate.address) as idle:
        for client in (used, idle):
            assert client.get("/api/alice/x").status == 401
        for client in (fresh, used):
            client.send(whole[:1])
        begin(signal.SIGTERM, gate, idle)
        for client in (fresh, used):
            response = client.send(whole[1:]).read_response()
            assert (response.status, response.head.one("Connection")) == (200, "close")
            assert client.is_closed()
    assert gate.wait() == 0
    assert len(upstream.requests) == 2


def test_connections_still_in_the_backlog_are_served(start, upstream):
    gate = start()
    clients = [Client(gate.address).send(request("GET", "/api/alice/x", token=ALICE)) for _ in range(60)]
    gate.signal(signal.SIGTERM)
    for client in clients:
        assert client.read_response().status == 200
        client.close()
    assert gate.wait() == 0
    assert len(upstream.requests) == len(clients) == len(gate.requests())


def test_a_lone_request_sent_just_before_the_signal_is_served(start):
    for _ in range(15):  # the accept, the read and the signal cross in a different order each time
        gate = start(POSTERN_THREADS="1")
        with Client(gate.address) as client:
            client.send(request("GET", "/api/alice/x", token=ALICE))
            gate.signal(signal.SIGTERM)
            assert client.read_response().status == 200
        assert gate.wait() == 0


def test_pipelined_requests_sent_before_the_signal_get_at_least_the_one_that_was_begun(start, held, upstream):
    gate = start(POSTERN_THREADS="1")
    with Client(gate.address) as client, Client(gate.address) as idle:
        assert idle.get("/api/alice/x").status == 401
        client.send(request("GET", "/api/alice/1", token=ALICE) + request("GET", "/api/alice/2", token=ALICE))
        upstream.wait_for_requests(1)
        begin(signal.SIGTERM, gate, idle)
        held.released.set()
        response = client.read_response()
        # Told by the first answer that the second will not be served, a client may send it again elsewhere.
        assert (response.status, response.head.one("Connection")) == (200, "close")
        assert client.read_to_end() == b""
    assert gate.wait() == 0
    assert [seen.target for seen in upstream.requests] == ["/api/alice/1"]


def test_a_response_under_way_comes_whole(start, upstream):
    more = threading.Event()

    def stream(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        assert more.wait(PATIENCE)
        connection.send(b"6\r\nsecond\r\n0\r\n\r\n")

    upstream.script = stream
    gate = start(POSTERN_THREADS="1")
    with Client(gate.address) as client, Client(gate.address) as idle:
        assert idle.get("/api/alice/x").status == 401
        client.send(request("GET", "/api/alice/x", token=ALICE))
        assert client.read_head().start == b"HTTP/1.1 200 OK"
        assert client.read_until(b"first\r\n")
        begin(signal.SIGTERM, gate, idle)
        more.set()
        assert client.read_chunked() == (b"second", [])
        assert client.is_closed()
    assert gate.wait() == 0


def test_an_upload_under_way_is_taken_to_its_end(start, upstream):
    gate = start(POSTERN_THREADS="1")
    with Client(gate.address) as client, Client(gate.address) as idle:
        assert idle.get("/api/alice/x").status == 401
        client.send(request("POST", "/api/alice/x", "Content-Length: 10", token=ALICE) + b"first")
        upstream.wait_for_connections(1)
        begin(signal.SIGTERM, gate, idle)
        response = client.send(b"-last").read_response()
        assert (response.status, response.head.one("Connection")) == (200, "close")
    assert gate.wait() == 0
    assert upstream.requests[0].body == b"first-last"


def test_under_load_every_request_that_went_upstream_is_answered_whole(start, upstream):
    gate = start()
    answered, unanswered, broken = [], [], []
    warm = threading.Semaphore(0)

    def load(number):
        sent = 0
        while True:
            try:
                client = Client(gate.address)
            except OSError:
                return
            with client:
                try:
                    closing = False
                    while not closing:
                        sent += 1
                        target = f"/api/alice/{number}/{sent}"
                        client.send(request("GET", target, token=ALICE))
                        response = client.read_response()
                        closing = response.head.one("Connection") == "close"
                        (answered if response.status == 200 and response.body == b"ok" else broken).append(target)
                        if sent == 20:
                            warm.release()
                except Closed as closed:
                    (broken if closed.received else unanswered).append(target)
                except ConnectionError:
                    (broken if client.buffer else unanswered).append(target)

    threads = [threading.Thread(target=load, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert warm.acquire(timeout=PATIENCE)
    gate.signal(signal.SIGTERM)
    for thread in threads:
        thread.join(PATIENCE)
    assert gate.wait() == 0
    assert broken == []
    assert sorted(answered) == sorted(seen.target for seen in upstream.requests)
    assert sorted(answered) == sorted(line["path"] for line in gate.requests())
    # A request may cross the end of its idle connection, a fresh connection the end of either thread's listening.
    assert len(unanswered) <= 3 * len(threads), unanswered
