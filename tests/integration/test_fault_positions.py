"""Upstreams that stop, break off or dribble at any byte of an answer: what the client hears, and what follows."""

import socket

import pytest
from gate import check_in_time, token
from test_faults import REQUESTS, decoded_prefix
from test_upstream_faults import RESPONSES
from websocket import SWITCHING, TEXT, UPGRADE, encode
from wire import Client, ok, request

SHORT = "2s"  # long enough for all positions to be asked for on a slow machine
FRAMES = encode(TEXT, b"hello") + encode(TEXT, b"x" * 126)
ANSWERS = RESPONSES | {"a websocket's": SWITCHING + FRAMES}
BODY = b"0123456789"
PIPELINED = request("GET", "/api/alice/next", "Connection: close", token=token())


def close(connection):
    connection.close()


def reset(connection):
    connection.reset()


def stop(connection):
    connection.read_to_end()


ENDINGS = {"closes": close, "resets": reset, "stops": stop}


class Record(Client):
    """What was received, to be read once more as answers."""

    def __init__(self, raw):
        self.buffer = raw

    def receive_some(self):
        return False


def head_size(whole):
    return whole.index(b"\r\n\r\n") + 4


def ask(name, size):
    """For the answer of that name, up to that byte."""
    return request("GET", f"/api/alice/{size}", *(UPGRADE if name == "a websocket's" else []), token=token())


def read_all(client):
    """(everything up to the end, whether that was a reset)."""
    try:
        while client.receive_some():
            pass
    except ConnectionResetError:
        return client.buffer, True
    return client.buffer, False


def check_cut(name, raw, was_reset):
    """A part of the answer which nobody can take for the whole, and nothing behind it."""
    head, mark, rest = raw.partition(b"\r\n\r\n")
    if not mark:
        assert was_reset, raw
        return
    assert head.startswith((b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 101 Switching Protocols\r\n"))
    if name == "chunked":
        data, finished = decoded_prefix(rest)
        assert BODY.startswith(data) and not finished, raw
    elif name == "a websocket's":
        assert FRAMES.startswith(rest), raw
    else:
        # The end is the only sign of completeness that an answer until close has.
        assert BODY.startswith(rest) and (len(rest) < 10 if name == "of known length" else was_reset), raw


def check_own_answer(raw, status):
    """That answer of Postern's own; returns what is behind it."""
    record = Record(raw)
    response = record.read_response()
    assert (response.status, response.head.one("Content-Type")) == (status, "application/json"), raw
    return record.buffer


def stops_at(whole, ending, read):
    def script(connection):
        while head := read(connection):
            if b" /api/alice/next " in head.raw:
                connection.send(ok(b"next"))
                continue
            size = int(head.start.split(b" ")[1].rpartition(b"/")[2])
            connection.send(whole[:size])
            ending(connection)
            return

    return script


def read_whole_request(connection):
    seen = connection.read_request()
    return seen and seen.head


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_fails_at_any_byte_leaves_the_next_one_alone(start, upstream, name, ending):
    whole = ANSWERS[name]
    upstream.script = stops_at(whole, ENDINGS[ending], read_whole_request)
    # Past its head a websocket may end wherever it likes, and so may an answer until close by a proper end.
    free = name == "a websocket's" or (name == "until close" and ending == "closes")
    sizes = range(head_size(whole) if free else len(whole))

    def attempt(short):
        timeout = short if ending == "stops" else None
        gate = start(POSTERN_RESPONSE_TIMEOUT=timeout, POSTERN_STREAM_IDLE_TIMEOUT=timeout, POSTERN_UPSTREAM_IDLE_TIMEOUT="500ms")
        clients = [Client(gate.address).send(ask(name, size) + PIPELINED) for size in sizes]
        in_time = True
        for size, client in zip(sizes, clients):
            raw, was_reset = read_all(client)
            client.close()
            if raw.startswith(b"HTTP/1.1 504 ") and ending == "stops" and size >= head_size(whole):
                in_time = False  # the service had not come to its answer
            elif raw.startswith(b"HTTP/1.1 50"):
                # A reset may overtake what was sent before it.
                assert size < head_size(whole) or ending == "resets", (size, raw)
                behind = Record(check_own_answer(raw, 504 if ending == "stops" else 502))
                following = behind.read_response()
                if following.status == 504 and ending == "stops":
                    in_time = False
                    continue
                assert following.body == b"next" and behind.buffer == b"", (size, raw)
            else:
                assert size >= head_size(whole), (size, raw)
                check_cut(name, raw, was_reset)
        upstream.wait_until_quiet()
        return in_time

    check_in_time(attempt, (SHORT, "10s"))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_websocket_that_the_upstream_leaves_at_any_byte_ends_for_the_client(start, upstream, ending):
    gate = start(POSTERN_STREAM_IDLE_TIMEOUT=SHORT if ending == "stops" else None)
    whole = ANSWERS["a websocket's"]
    upstream.script = stops_at(whole, ENDINGS[ending], read_whole_request)
    sizes = range(head_size(whole), len(whole) + 1)
    clients = [Client(gate.address).send(ask("a websocket's", size)) for size in sizes]
    for size, client in zip(sizes, clients):
        raw, was_reset = read_all(client)
        client.close()
        if ending != "resets":
            head, _, frames = raw.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101 ") and frames == FRAMES[: size - head_size(whole)]
        elif not raw.startswith(b"HTTP/1.1 502 "):
            check_cut("a websocket's", raw, was_reset)
    upstream.wait_until_quiet()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", RESPONSES)
def test_an_answer_that_fails_while_the_request_still_comes_ends_the_connection(start, upstream, name, ending):
    whole = RESPONSES[name]
    upstream.script = stops_at(whole, ENDINGS[ending], lambda connection: connection.read_head())

    def attempt(timeout):
        gate = start(POSTERN_STREAM_IDLE_TIMEOUT=timeout if ending == "stops" else None)
        in_time = True
        for framing, part in (("Content-Length: 10", b"0123"), ("Transfer-Encoding: chunked", b"4\r\n0123\r\n")):
            sizes = range(head_size(whole) if name == "until close" and ending == "closes" else len(whole))
            clients = [Client(gate.address).send(request("POST", f"/api/alice/{size}", framing, token=token()) + part)
                       for size in sizes]
            for size, client in zip(sizes, clients):
                raw, was_reset = read_all(client)
                client.close()
                if raw.startswith(b"HTTP/1.1 50"):
                    assert ending != "stops" and (size < head_size(whole) or ending == "resets"), (size, raw)
                    assert check_own_answer(raw, 502) == b""
                elif size < head_size(whole):
                    # It is the client that keeps everybody waiting: it hears nothing.
                    assert (ending, raw) == ("stops", b""), (size, raw)
                elif ending == "stops" and raw == b"" and not was_reset:
                    in_time = False  # the service had not come to its answer
                else:
                    check_cut(name, raw, was_reset)
        upstream.wait_until_quiet()
        return in_time

    check_in_time(attempt, (SHORT, "10s"))


HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_dribbles_comes_whole(gate, upstream, name):
    def script(connection):
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.read_request()
        for byte in HINT + ANSWERS[name]:
            connection.send(bytes([byte]))

    upstream.script = script
    websocket = name == "a websocket's"
    with Client(gate.address) as client:
        for byte in ask(name, 0) if websocket else REQUESTS["a chunked body"]:
            client.send(bytes([byte]))
        assert client.read_head().raw.startswith(HINT[:-2])
        response = client.read_response()
        if websocket:
            assert (response.status, client.read_to_end()) == (101, FRAMES)
        else:
            assert (response.status, response.body) == (200, BODY)
            assert response.trailers == ([b"X-End: 1"] if name == "chunked" else [])
