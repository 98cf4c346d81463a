"""Hostile answers of the upstream: never passed on as something else, and never met by the next request,
neither on the client's connection nor on a pooled one upstream."""

import corpus
import pytest
from gate import PATIENCE, Gate, token
from gates import SETTINGS, stop
from hostile import HOSTILE, LAST, REQUESTS, Hostile
from wire import Client, request

CASES = corpus.read("answers")
ENDS = {b"{id}": b"X-Request-Id: raw\r\n\r\n",
        b"{id-close}": b"X-Request-Id: raw\r\nConnection: close\r\n\r\n"}
BAD_GATEWAY_LINE = b"HTTP/1.1 502 Bad Gateway\r\n"
BAD_GATEWAY = b'{"detail":"Bad Gateway"}'


# On a fresh connection upstream and on a pooled one. A unix socket, where the gate can be seen to read byte
# by byte, has no resets.
RUNS = [(how, case) for how in ("fresh", "pooled") for case in CASES]
RUNS += [("byte by byte", case) for case in CASES if not case.columns[1].endswith("{reset}")]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """(gate, upstream) by whether the upstream is on a unix socket."""
    upstreams = {False: Hostile(), True: Hostile(tmp_path_factory.mktemp("upstream") / "socket")}
    both = {unix: (Gate(behind.url, **SETTINGS).wait_until_listening(), behind)
            for unix, behind in upstreams.items()}
    yield both
    for gate, behind in both.values():
        stop(gate)
        behind.close()


def check_cut(client, expected):
    """What comes is a beginning of what is expected whose end shows that it is not whole: by the framing, or,
    where only closing would mark the end, by a reset. Chunks count as their data."""
    try:
        raw, was_reset = b"", False
        while client.receive_some():
            raw = client.buffer
    except ConnectionResetError:
        was_reset = True
    head, mark, rest = raw.partition(b"\r\n\r\n")
    fields = head.lower()
    assert was_reset or b"\r\ncontent-length: " in fields or b"\r\ntransfer-encoding: " in fields, raw
    if b"\r\ntransfer-encoding: " in fields:
        data = b""
        while b"\r\n" in rest:
            size, _, rest = rest.partition(b"\r\n")
            assert int(size, 16) != 0, raw
            data += rest[: int(size, 16)]
            rest = rest[int(size, 16) + 2 :]
        rest = data
    assert expected.startswith(head + mark + rest), raw


def read_whole(client, method):
    """One response with the interim ones before it, as bytes; a chunked body as if it were a single chunk."""
    raw = b""
    while True:
        head = client.read_head()
        raw += head.raw
        status = int(head.start.split()[1])
        if status >= 200 or status == 101:
            break
    if method == "HEAD" or status in (101, 204, 304):
        return head, raw
    if head.one("Transfer-Encoding") == "chunked":
        data, trailers = client.read_chunked()
        chunk = b"%x\r\n%s\r\n" % (len(data), data) if data else b""
        return head, raw + chunk + b"0\r\n" + b"".join(line + b"\r\n" for line in trailers) + b"\r\n"
    length = head.one("Content-Length")
    return head, raw + (client.read_to_end() if length is None else client.read_exactly(int(length)))


def check_bad_gateway(client, before, method):
    head, raw = read_whole(client, method)
    body = b"" if method == "HEAD" else BAD_GATEWAY
    assert raw.startswith(before + BAD_GATEWAY_LINE), raw
    assert raw.endswith(b"\r\n\r\n" + body), raw
    assert head.all("X-Request-Id") == ["raw"] and "x-injected" not in head.names()
    return head


def check_answer(client, expected, method):
    """Returns whether the client's connection goes on."""
    for mark, end in ENDS.items():
        expected = expected.replace(mark, end)
    if expected.endswith(b"{cut}"):
        check_cut(client, expected.removesuffix(b"{cut}"))
        return False
    if expected.endswith(b"502"):
        head = check_bad_gateway(client, expected.removesuffix(b"502"), method)
    else:
        head, raw = read_whole(client, method)
        assert raw == expected
    return head.one("Connection") != "close"


def check_next(client, target):
    response = client.send(request("GET", target, token=token("alice"))).read_response()
    assert (response.status, response.body) == (200, target.encode()), response.raw


@pytest.mark.parametrize("how,case", RUNS, ids=str)
def test_an_answer_is_passed_on_as_what_it_is_or_not_at_all(pairs, how, case):
    gate, behind = pairs[how == "byte by byte"]
    name, answer, expected = case.columns
    behind.prepare(corpus.to_bytes(answer))
    with Client(gate.address) as client:
        if how == "pooled":
            check_next(client, "/api/alice/before")
        goes_on = check_answer(client.send(REQUESTS[name]), corpus.to_bytes(expected), name.split("/")[0])
        behind.done.set()
        assert behind.sent.wait(PATIENCE)
        if goes_on:
            check_next(client, "/api/alice/next")
            assert client.buffer == b""
    with Client(gate.address) as other:
        check_next(other, "/api/alice/other")
        check_next(other, LAST)
    behind.wait_until_quiet()
    # Only a GET or HEAD that a pooled connection did not answer at all is sent again.
    again = how == "pooled" and name in ("GET", "HEAD") and behind.parts == [b""]
    assert [seen.target for seen in behind.requests].count(HOSTILE) == (2 if again else 1)
    assert behind.failures == []


def test_the_corpus_does_not_shrink():
    assert len(CASES) >= corpus.AT_LEAST["answers"]
