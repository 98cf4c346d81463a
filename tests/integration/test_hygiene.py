"""Heads that two parsers could read differently are refused, the connection closes, and what came behind is never run.

Every request here carries a valid token for its path: nothing but hygiene stands in its way."""

import json

import pytest
from gate import token
from wire import Client, request

PHRASES = {400: "Bad Request", 405: "Method Not Allowed", 414: "URI Too Long", 431: "Request Header Fields Too Large",
           505: "HTTP Version Not Supported"}
SMUGGLED = b"GET /api/alice/smuggled HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {token}\r\n\r\n"


def head(line=b"POST /api/alice/x HTTP/1.1", host=b"Host: gate\r\n", fields=b"", body=b""):
    """{token} is filled in when the test runs."""
    return line + b"\r\n" + host + b"Authorization: Bearer {token}\r\n" + fields + b"\r\n" + body


FRAMING = [
    ("length and chunked", b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
    ("chunked and length", b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"0\r\n\r\n" + SMUGGLED),
    ("length 0 and chunked", b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    ("two lengths", b"Content-Length: 0\r\nContent-Length: 4\r\n", b"GET "),
    ("two equal lengths", b"Content-Length: 4\r\ncontent-length: 4\r\n", b"GET "),
    ("list of lengths", b"Content-Length: 4, 4\r\n", b"GET "),
    ("no length", b"Content-Length:\r\n", b""),
    ("signed", b"Content-Length: +4\r\n", b"GET "),
    ("negative", b"Content-Length: -1\r\n", b""),
    ("hexadecimal", b"Content-Length: 0x4\r\n", b"GET "),
    ("separators in digits", b"Content-Length: 1_0\r\n", b""),
    ("fraction", b"Content-Length: 4.0\r\n", b"GET "),
    ("two numbers", b"Content-Length: 4 4\r\n", b"GET "),
    ("beyond 64 bits", b"Content-Length: 18446744073709551620\r\n", b"GET "),
    ("beyond 63 bits", b"Content-Length: 9223372036854775808\r\n", b"GET "),
    ("Arabic digits", "Content-Length: \u0664\r\n".encode(), b"GET "),
    ("tab before a length", b"Content-Length:\t4\r\n", b"GET "),
    ("underscored length", b"Content_Length: 4\r\n", b"GET "),
    ("underscored encoding", b"Transfer_Encoding: chunked\r\n", b"0\r\n\r\n"),
    ("two encodings", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    ("chunked and identity", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"0\r\n\r\n"),
    ("chunked twice", b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n"),
    ("gzip", b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"),
    ("chunked not last", b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"),
    ("identity", b"Transfer-Encoding: identity\r\n", b""),
    ("nearly chunked", b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"),
    ("parameter", b"Transfer-Encoding: chunked;q=1\r\n", b"0\r\n\r\n"),
    ("quoted", b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n"),
    ("empty element", b"Transfer-Encoding: chunked,\r\n", b"0\r\n\r\n"),
    ("no encoding", b"Transfer-Encoding:\r\n", b"0\r\n\r\n"),
    ("tab before an encoding", b"Transfer-Encoding:\tchunked\r\n", b"0\r\n\r\n"),
    ("vertical tab", b"Transfer-Encoding:\x0bchunked\r\n", b"0\r\n\r\n"),
    ("space before colon", b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"),
    ("tab before colon", b"Content-Length\t: 4\r\n", b"GET "),
    ("value on a folded line", b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n"),
    ("bare LF hides it", b"X: a\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    ("bare CR hides it", b"X: a\rTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    ("CR CR LF", b"X: a\r\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
]

FIELDS = [
    ("obs-fold with a space", b"X: a\r\n b\r\n"),
    ("obs-fold with a tab", b"X: a\r\n\tb\r\n"),
    ("space before colon", b"X : a\r\n"),
    ("no colon", b"Nothing\r\n"),
    ("no name", b": a\r\n"),
    ("space in a name", b"X Y: a\r\n"),
    ("bracket in a name", b"X(: a\r\n"),
    ("latin-1 in a name", b"X\xe9: a\r\n"),
    ("NUL in a name", b"X\x00Y: a\r\n"),
    ("NUL in a value", b"X: a\x00b\r\n"),
    ("control character", b"X: a\x01b\r\n"),
    ("escape", b"X: \x1b[2J\r\n"),
    ("DEL", b"X: a\x7f\r\n"),
    ("bare LF ends a line", b"X: a\n"),
    ("bare LF ends the head", b"X: a\n\n"),
    ("bare CR in a value", b"X: a\rb\r\n"),
    ("connection option that is no token", b"Connection: close, X-User Id\r\n"),
    ("quoted connection option", b'Connection: "close"\r\n'),
    ("websocket with a body", b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 4\r\n"),
]

HOSTS = [b"", b"Host:\r\n", b"Host: gate\r\nHost: gate\r\n", b"Host: gate\r\nhost: other\r\n", b"Host: gate, other\r\n",
         b"Host: gate other\r\n", b"Host: user@gate\r\n", b"Host: gate:65536\r\n", b"Host: gate:8o\r\n", b"Host: gate:80:80\r\n",
         b"Host: [::1\r\n", b"Host: [::1]x\r\n", b"Host: [gate]\r\n", b"Host: gate/x\r\n", b"Host: gate?x\r\n",
         b"Host: gate#x\r\n", b"Host: http://gate\r\n", b"Host: g%61te\r\n", b"Host: g\xe4te\r\n",
         b"Host: gate\\x\r\n", b"Host : gate\r\n"]

LINES = [
    (400, b"GET  /api/alice/x HTTP/1.1"), (400, b"GET /api/alice/x  HTTP/1.1"), (400, b"GET /api/alice/x HTTP/1.1 "),
    (400, b" GET /api/alice/x HTTP/1.1"), (400, b"GET\t/api/alice/x HTTP/1.1"), (400, b"GET /api/alice/x y HTTP/1.1"),
    (400, b"GET /api/alice/x\x00 HTTP/1.1"), (400, b"GET /api/alice/\xc3\xa9 HTTP/1.1"), (400, b"G@T /api/alice/x HTTP/1.1"),
    (400, b"GET /api/alice/x"), (400, b"GET /api/alice/x HTTP/1."), (400, b"GET /api/alice/x HTTP/11"),
    (400, b"GET /api/alice/x HTTP/1.10"), (400, b"GET /api/alice/x http/1.1"), (400, b"GET /api/alice/x XTTP/1.1"),
    (400, b"GET /api/alice/x HTTP/1.1\r"), (400, b"\r\n\r\nGET /api/alice/x HTTP/1.1"), (400, b"\nGET /api/alice/x HTTP/1.1"),
    (400, b"GET /api/alice/x HTTP/1.1\nX: y"), (400, b"GET /api/alice/x HTTP/1.1\r\n X: y"), (400, b"GET gate:80 HTTP/1.1"),
    (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), (400, b"GET ftp://gate/api/alice/x HTTP/1.1"),
    (505, b"GET /api/alice/x HTTP/0.9"), (505, b"GET /api/alice/x HTTP/1.2"), (505, b"GET /api/alice/x HTTP/2.0"),
    (505, b"PRI * HTTP/2.0"), (505, b"GET /api/alice/x HTTP/3.0"),
    (405, b"CONNECT gate:443 HTTP/1.1"), (405, b"CONNECT /api/alice/x HTTP/1.1"), (405, b"TRACE /api/alice/x HTTP/1.1"),
    (405, b"trace /api/alice/x HTTP/1.1"), (405, b"TRACE /api/alice/x HTTP/1.0"),
    (414, b"GET /api/alice/" + b"x" * 20_000 + b" HTTP/1.1"), (414, b"G" * 20_000 + b" /api/alice/x HTTP/1.1"),
]

ROWS = [
    *((400, why, head(fields=fields, body=body)) for why, fields, body in FRAMING),
    *((400, why, head(b"GET /api/alice/x HTTP/1.1", fields=fields)) for why, fields in FIELDS),
    *((400, f"host {host!r}", head(b"GET /api/alice/x HTTP/1.1", host)) for host in HOSTS),
    *((status, f"line {line[:40]!r}", head(line)) for status, line in LINES),
    (400, "HTTP/0.9 alone", b"GET /api/alice/x\r\n"),
    (400, "chunked on HTTP/1.0", head(b"POST /api/alice/x HTTP/1.0", fields=b"Transfer-Encoding: chunked\r\n")),
    (400, "bare LF everywhere", head(b"GET /api/alice/x HTTP/1.1").replace(b"\r\n", b"\n")),
    (400, "absolute-form without Host", head(b"GET http://gate/api/alice/x HTTP/1.1", b"")),
    (431, "long value", head(fields=b"X: " + b"y" * 20_000 + b"\r\n")),
    (431, "long name", head(fields=b"X" * 20_000 + b": y\r\n")),
    (431, "many fields", head(fields=b"X: y\r\n" * 3_000)),
]


@pytest.mark.parametrize("status,why,raw", ROWS, ids=[row[1] for row in ROWS])
def test_an_ambiguous_head_is_refused_and_nothing_behind_it_runs(gate, upstream, status, why, raw):
    bearer = token("alice")
    raw = raw.replace(b"{token}", bearer.encode())
    honest = request("GET", "/api/alice/behind", token=bearer)
    for sent in (raw, raw + honest):
        with Client(gate.address) as client:
            response = client.send(sent).read_response()
            assert response.status == status
            assert json.loads(response.body) == {"detail": PHRASES[status]}
            assert response.head.one("Connection") == "close"
            assert client.is_closed()
    assert upstream.requests == [] and upstream.connections == 0
    for count in (1, 2):
        entry = gate.wait_for_log(count, msg="request", status=status)
        assert entry["verdict"] == "refuse" and entry["reason"] != "ok"
        assert bearer not in json.dumps(entry)


BODIES = [b"4\nabcd\r\n0\r\n\r\n", b"4\r\nabcd\n0\r\n\r\n", b"4\rabcd\r\n0\r\n\r\n", b"4\r\nabcdX\r\n0\r\n\r\n",
          b"4 \r\nabcd\r\n0\r\n\r\n", b" 4\r\nabcd\r\n0\r\n\r\n", b"+4\r\nabcd\r\n0\r\n\r\n",
          b"0x4\r\nabcd\r\n0\r\n\r\n", b"\r\nabcd\r\n0\r\n\r\n", b"g\r\n\r\n",
          b"10000000000000004\r\nabcd\r\n0\r\n\r\n", b"4;a\nb\r\nabcd\r\n0\r\n\r\n", b"4;\x00\r\nabcd\r\n0\r\n\r\n",
          b"0\r\n\n", b"0\r\nX: y\n\r\n", b"0\r\nX : y\r\n\r\n", b"0\r\n X: y\r\n\r\n", b"0\r\nno colon\r\n\r\n",
          b"0\r\nX: a\x00\r\n\r\n"]


@pytest.mark.parametrize("body", BODIES)
def test_a_chunked_body_with_two_readings_never_becomes_a_whole_request(gate, upstream, body):
    bearer = token("alice")
    with Client(gate.address) as client:
        client.send(request("POST", "/api/alice/x", "Transfer-Encoding: chunked", token=bearer) + body)
        client.send(request("GET", "/api/alice/behind", token=bearer))
        assert client.read_response().status == 400
        assert client.is_closed()
    upstream.wait_until_quiet()
    assert upstream.requests == []


HONEST = [
    ("one empty line before it", b"\r\nGET /api/alice/x HTTP/1.1\r\nHost: gate\r\n"),
    ("chunked in any case", b"POST /api/alice/x HTTP/1.1\r\nHost: gate\r\ntransfer-encoding: ChunkeD\r\n"),
    ("an empty value", b"GET /api/alice/x HTTP/1.1\r\nHost: gate\r\nX-Empty:\r\n"),
    ("white space around a value", b"GET /api/alice/x HTTP/1.1\r\nHost: gate\r\nX-Padded: \t a \t \r\n"),
    ("no space behind the colon", b"GET /api/alice/x HTTP/1.1\r\nHost:gate\r\n"),
    ("an IPv6 host", b"GET /api/alice/x HTTP/1.1\r\nHost: [::1]:8080\r\n"),
    ("HTTP/1.0 without Host", b"GET /api/alice/x HTTP/1.0\r\n"),
]


@pytest.mark.parametrize("why,begin", HONEST, ids=[row[0] for row in HONEST])
def test_unusual_but_honest_heads_pass(gate, upstream, why, begin):
    end = b"0\r\n\r\n" if b"ChunkeD" in begin else b""
    with Client(gate.address) as client:
        client.send(begin + f"Authorization: Bearer {token('alice')}\r\n\r\n".encode() + end)
        assert client.read_response().status == 200
    assert len(upstream.requests) == 1
