"""Bodies both ways: framed anew, passed piece by piece as they come, and bounded."""

import re
import threading

import pytest
from gate import PATIENCE, token
from wire import Client, Closed, ok, request

PATH = "/api/alice/x"
BEARER = token("alice")
CANONICAL = re.compile(rb"[1-9a-f][0-9a-f]*\r\n")


def chunked_post(body, *fields):
    return request("POST", PATH, "Transfer-Encoding: chunked", *fields, token=BEARER) + body


def answering(raw):
    """An upstream script: the same answer to every request, then the end if only that delimits it."""

    def script(connection):
        while connection.read_request():
            connection.send(raw)
            if b"Content-Length" not in raw and b"chunked" not in raw and not raw.startswith((b"HTTP/1.1 204", b"HTTP/1.1 304")):
                return

    return script


REQUESTS = [  # (why, framing field, body as sent, body as the upstream sees it, trailer lines it sees)
    ("empty by length", "Content-Length: 0", b"", b"", []),
    ("by length", "Content-Length: 5", b"01234", b"01234", []),
    ("bytes of any value", "Content-Length: 256", bytes(range(256)), bytes(range(256)), []),
    ("empty by chunks", "Transfer-Encoding: chunked", b"0\r\n\r\n", b"", []),
    ("by chunks", "Transfer-Encoding: chunked", b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", b"abcde", []),
    ("sizes in odd spelling", "Transfer-Encoding: chunked", b"0002\r\nab\r\nA\r\n0123456789\r\n000\r\n\r\n", b"ab0123456789", []),
    ("extensions", "Transfer-Encoding: chunked", b'1;a\r\nx\r\n1;b=c;d="; \\" "\r\ny\r\n0;e\r\n\r\n', b"xy", []),
    ("many tiny chunks", "Transfer-Encoding: chunked", b"1\r\nz\r\n" * 5000 + b"0\r\n\r\n", b"z" * 5000, []),
    ("trailers", "Transfer-Encoding: chunked", b"1\r\nx\r\n0\r\nX-Sum: 7\r\nx-other:\t8 \r\n\r\n", b"x",
     [b"X-Sum: 7", b"x-other: 8"]),
    ("a chunk line inside the data", "Transfer-Encoding: chunked", b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", b"0\r\n\r\n", []),
]


@pytest.mark.parametrize("why,framing,sent,seen,trailers", REQUESTS, ids=[row[0] for row in REQUESTS])
def test_a_request_body_reaches_the_upstream_whole(gate, upstream, why, framing, sent, seen, trailers):
    with Client(gate.address) as client:
        for _ in range(2):  # the second shows that both sides are in step
            client.send(request("POST", PATH, framing, token=BEARER) + sent)
            assert client.read_response().status == 200
    for got in upstream.requests:
        assert (got.body, got.trailers) == (seen, trailers)
    assert len(upstream.requests) == 2 and upstream.connections == 1


def test_chunks_are_written_anew_without_extensions(gate, upstream):
    raw = []

    def take(connection):
        connection.read_head()
        raw.append(connection.read_until(b"\r\n0\r\n\r\n"))
        connection.send(ok())

    upstream.script = take
    with Client(gate.address) as client:
        client.send(chunked_post(b"00002;a=b\r\nab\r\n00A;c\r\n0123456789\r\n0000;d\r\n\r\n"))
        assert client.read_response().status == 200
    rest, data = raw[0].removesuffix(b"0\r\n\r\n"), b""
    while rest:
        line = CANONICAL.match(rest)
        assert line, rest
        size = int(line.group(), 16)
        data += rest[line.end() : line.end() + size]
        assert rest[line.end() + size :][:2] == b"\r\n"
        rest = rest[line.end() + size + 2 :]
    assert data == b"ab0123456789"


@pytest.mark.parametrize("name", ["X-User-Id", "x-user-id", "X_User_Id", "Authorization", "content_length",
                                  "Transfer_Encoding", "Host", "Connection"])
def test_a_trailer_names_no_user_and_frames_nothing(gate, upstream, name):
    with Client(gate.address) as client:
        client.send(chunked_post(f"1\r\nx\r\n0\r\nX-Before: 1\r\n{name}: 5\r\nX-After: 2\r\n\r\n".encode(), "Trailer: X-Before"))
        assert client.read_response().status == 200
    (got,) = upstream.requests
    assert got.trailers == [b"X-Before: 1", b"X-After: 2"]
    assert got.head.all("X-User-Id") == ["alice"]


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding"])
def test_a_trailer_that_frames_is_refused(gate, upstream, name):
    with Client(gate.address) as client:
        client.send(chunked_post(f"1\r\nx\r\n0\r\nX-Before: 1\r\n{name}: 5\r\n\r\n".encode(), "Trailer: X-Before"))
        assert client.read_response().status == 400
    assert upstream.requests == []


RESPONSES = [  # (why, method, the answer, body, a field that the client sees and its value)
    ("by length", "GET", ok(b"01234"), b"01234", "Content-Length", "5"),
    ("empty by length", "GET", ok(b""), b"", "Content-Length", "0"),
    ("by chunks", "GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n1\r\nc\r\n0\r\n\r\n", b"abc",
     "Transfer-Encoding", "chunked"),
    ("empty by chunks", "GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"",
     "Transfer-Encoding", "chunked"),
    ("HEAD with a length", "HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"", "Content-Length", "5"),
    ("HEAD of chunks", "HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"", "Content-Length", None),
    ("HEAD of an empty body", "HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", "Content-Length", "0"),
    ("204", "GET", b"HTTP/1.1 204 No Content\r\n\r\n", b"", "Content-Length", None),
    ("304 without a length", "GET", b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', b"", "ETag", '"a"'),
    ("304 with a length", "GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b"", "Content-Length", "5"),
    ("an error of the upstream's own", "GET", b"HTTP/1.1 500 Broken\r\nContent-Length: 1\r\n\r\n!", b"!", "Content-Length", "1"),
]


@pytest.mark.parametrize("why,method,answer,body,name,value", RESPONSES, ids=[row[0] for row in RESPONSES])
def test_a_response_body_reaches_the_client_whole(gate, upstream, why, method, answer, body, name, value):
    upstream.script = answering(answer)
    with Client(gate.address) as client:
        for _ in range(3):  # the connections on both sides go on, in step
            response = client.get(PATH, token=BEARER, method=method)
            assert (response.status, response.body) == (int(answer.split()[1]), body)
            assert response.head.one(name) == value
            assert response.head.one("Connection") is None
    assert len(upstream.requests) == 3 and upstream.connections == 1


def test_trailers_of_a_response_pass_but_for_framing(gate, upstream):
    upstream.script = answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                                b"1\r\nx\r\n0\r\nX-Sum: 7\r\ncontent_length: 9\r\nConnection: x\r\n\r\n")
    with Client(gate.address) as client:
        assert client.get(PATH, token=BEARER).trailers == [b"X-Sum: 7"]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_response_until_close_is_one_for_the_client_too(gate, upstream, version):
    upstream.script = answering(f"HTTP/{version} 200 OK\r\n\r\nall there is".encode())
    with Client(gate.address) as client:
        response = client.get(PATH, token=BEARER)
        assert response.head.one("Connection") == "close"
        assert response.body == b"all there is" and client.is_closed()


CHUNKED_ANSWER = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n"
OLD_CLIENTS = [  # (why, fields, answer, Connection of the response)
    ("closes by default", (), ok(), "close"),
    ("keeps alive when asked", ("Connection: keep-alive",), ok(), "keep-alive"),
    ("knows no chunks", (), CHUNKED_ANSWER, "close"),
    ("knows no chunks and asks to be kept", ("Connection: keep-alive",), CHUNKED_ANSWER, "close"),
    ("gets a body until close", ("Connection: keep-alive",), b"HTTP/1.1 200 OK\r\n\r\nok", "close"),
]


@pytest.mark.parametrize("why,fields,answer,connection", OLD_CLIENTS, ids=[row[0] for row in OLD_CLIENTS])
def test_an_old_client_is_served(gate, upstream, why, fields, answer, connection):
    upstream.script = answering(answer)
    old = request("GET", PATH, *fields, token=BEARER).replace(b"HTTP/1.1", b"HTTP/1.0")
    with Client(gate.address) as client:
        for _ in range(2 if connection == "keep-alive" else 1):
            response = client.send(old).read_response()
            assert (response.status, response.body) == (200, b"ok")
            assert response.head.one("Connection") == connection
            assert response.head.one("Transfer-Encoding") is None
        if connection == "close":
            assert client.is_closed()


STREAMS = [
    ("chunks", b"Transfer-Encoding: chunked\r\n\r\n", lambda event: b"%x\r\n%s\r\n" % (len(event), event)),
    ("a length", b"Content-Length: 500\r\n\r\n", lambda event: event),
    ("until close", b"Connection: close\r\n\r\n", lambda event: event),
]


@pytest.mark.parametrize("why,framing,encode", STREAMS, ids=[row[0] for row in STREAMS])
def test_each_event_reaches_the_client_before_the_next_is_sent(gate, upstream, why, framing, encode):
    arrived = threading.Semaphore(0)

    def stream(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + framing)
        for number in range(50):
            connection.send(encode(b"data: %02d\n\n" % number))
            assert arrived.acquire(timeout=PATIENCE)
        if why == "chunks":
            connection.send(b"0\r\n\r\n")

    upstream.script = stream
    with Client(gate.address) as client:
        client.send(request("GET", PATH, token=BEARER)).read_head()
        for number in range(50):
            assert (b"data: %02d\n\n" % number) in client.read_until(b"\n\n")
            arrived.release()


@pytest.mark.parametrize("chunked", [True, False])
def test_each_piece_of_an_upload_reaches_the_upstream_before_the_next_is_sent(gate, upstream, chunked):
    arrived = threading.Semaphore(0)

    def take(connection):
        connection.read_head()
        for number in range(50):
            assert (b"piece %02d;" % number) in connection.read_until(b";")
            arrived.release()
        if chunked:
            connection.read_until(b"\r\n0\r\n\r\n")
        connection.send(ok())

    upstream.script = take
    with Client(gate.address) as client:
        client.send(chunked_post(b"") if chunked else request("POST", PATH, "Content-Length: 450", token=BEARER))
        for number in range(50):
            client.send(b"9\r\npiece %02d;\r\n" % number if chunked else b"piece %02d;" % number)
            assert arrived.acquire(timeout=PATIENCE)
        if chunked:
            client.send(b"0\r\n\r\n")
        assert client.read_response().status == 200


CUT = [  # (why, the answer up to where the upstream ends it, or goes wrong)
    ("in a length", b"Content-Length: 9\r\n\r\n0123"),
    ("in a chunk", b"Transfer-Encoding: chunked\r\n\r\n9\r\n0123"),
    ("between chunks", b"Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n"),
    ("in the trailers", b"Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n0\r\nX: y\r\n"),
    ("by a malformed size", b"Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n0x0\r\n\r\n"),
]


@pytest.mark.parametrize("why,answer", CUT, ids=[row[0] for row in CUT])
def test_a_response_cut_short_never_looks_whole(gate, upstream, why, answer):
    def cut(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n" + answer)

    upstream.script = cut
    with Client(gate.address) as client, pytest.raises((Closed, ConnectionResetError)):
        client.get(PATH, token=BEARER)
