"""What must happen to the bytes of a case: the answers, how the connection ends, what the upstream gets."""

import json

from corpus import to_bytes
from gate import token
from recorder import LAST
from sending import EOF, segmentations, send_pieces
from wire import Client, request

DETAILS = {400: "Bad Request", 401: "Not authenticated", 403: "Forbidden", 404: "Not Found",
           405: "Method Not Allowed", 413: "Content Too Large", 414: "URI Too Long",
           431: "Request Header Fields Too Large", 505: "HTTP Version Not Supported"}
CUT = "cut"
LAST_REQUEST = request("GET", LAST, token=token("alice"))


def read_answers(client, expected):
    """The ids under which the upstream's answers were passed on, in order."""
    ids = []
    response = None
    for word in expected:
        method, _, status = word.rpartition(":")
        response = client.read_response(method or "GET")
        assert str(response.status) in status.split("|"), response.raw
        if response.head.one("Server") == "recorder":
            ids.append(response.head.one("X-Request-Id"))
        elif response.status >= 200 and method != "HEAD":
            wanted = {"detail": DETAILS[response.status]}
            assert json.loads(response.body) in (wanted, {"detail": "Invalid token"}), response.raw
    return response, ids


def check_end(client, response, address, keeps, client_ended):
    """A connection that goes on is in step: the next request on it is answered. One that the gate ends says
    so, and is closed without another byte. Either way the last request makes the gate close its idle
    connection upstream."""
    if keeps:
        assert response.head.one("Connection") in (None, "keep-alive"), response.raw
        last = client.send(LAST_REQUEST).read_response()
        assert client.buffer == b""
    else:
        assert client_ended or response.head.one("Connection") == "close", response.raw
        assert client.is_closed(), client.buffer
        with Client(address) as other:
            last = other.send(LAST_REQUEST).read_response()
    assert (last.status, last.body) == (200, b"ok"), last.raw


def check_upstream(recorder, expected, ids, unsign):
    whole, cut = recorder.take()
    whole = [unsign(request) for request in whole]
    assert whole and whole[-1].startswith(b"GET " + LAST.encode()), whole
    seen = whole[:-1]
    if expected in ("-", CUT):
        assert seen == [], "a refused request went upstream whole"
        assert len(cut) <= (1 if expected == CUT else 0), cut
        return
    assert cut == []
    wanted = to_bytes(expected)
    for identity in ids:
        wanted = wanted.replace(b"{id}", identity.encode(), 1)
    assert b"".join(seen) == wanted
    assert len(seen) == len(ids), "one judged request is one request upstream"


def run(recorder, address, case, pieces, unsign):
    expected, _, upstream = case.columns
    *answers, end = expected.split()
    assert end in ("keep", "close"), expected
    recorder.forget()
    with Client(address) as client:
        for piece in pieces:
            head, mark, rest = piece.partition(EOF)
            assert rest == b"" or not mark
            if isinstance(address, str):
                send_pieces(client, [head] if head else [])
            else:
                client.send(head)
            if mark:
                client.finish_sending()
        response, ids = read_answers(client, answers)
        check_end(client, response, address, end == "keep", EOF in b"".join(pieces))
    check_upstream(recorder, upstream, ids, unsign)


def as_it_is(request):
    return request


def run_whole(recorder, gate, case, unsign=as_it_is):
    """`unsign` takes away what the table says nothing of."""
    run(recorder, gate.address, case, [to_bytes(case.columns[1])], unsign)


def run_in_pieces(recorder, gate, case):
    raw = to_bytes(case.columns[1])
    raw, mark, _ = raw.partition(EOF)
    for pieces in segmentations(str(case), raw):
        run(recorder, gate.address, case, [*pieces, mark] if mark else pieces, as_it_is)
