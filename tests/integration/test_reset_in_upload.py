"""An upstream that resets while the request body is still coming: whichever call the kernel tells of it, the client never
takes what came for the whole."""

import threading

import pytest
from gate import PATIENCE, token
from wire import Client, request

HEAD = b"HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n"
FRAMINGS = {
    "of known length": ("Content-Length: 100", b"0123", b"4"),
    "chunked": ("Transfer-Encoding: chunked", b"4\r\n0123\r\n", b"1\r\n4\r\n"),
}


def ended_by_reset(client, piece):
    """Whether that was what either call was told, which sends the next piece or reads on."""
    try:
        client.send(piece)
        while client.receive_some():
            pass
    except ConnectionResetError:
        return True
    return False


def post(framing):
    fields, part, _ = FRAMINGS[framing]
    return request("POST", "/api/alice/x", fields, token=token()) + part


@pytest.mark.parametrize("framing", FRAMINGS)
def test_at_the_moment_of_the_next_piece_it_is_a_reset_a_hundred_times(gate, upstream, framing):
    """The write of that piece may take the socket's error, and then the read sees an end that looks clean."""
    together = threading.Barrier(2)

    def script(connection):
        connection.read_until(FRAMINGS[framing][1])
        connection.send(HEAD + b"012")
        together.wait(PATIENCE)
        connection.reset()

    upstream.script = script
    for count in range(100):
        with Client(gate.address).send(post(framing)) as client:
            client.read_until(b"\r\n\r\n012")
            together.wait(PATIENCE)
            assert ended_by_reset(client, FRAMINGS[framing][2]), count
    for line in gate.requests():
        assert line["reason"] == "upstream response cut short", line


@pytest.mark.parametrize("framing", FRAMINGS)
def test_at_once_it_is_a_reset_or_502_a_hundred_times(gate, upstream, framing):
    def script(connection):
        connection.read_until(FRAMINGS[framing][1][:1])
        connection.send(HEAD + b"012")
        connection.reset()

    upstream.script = script
    for count in range(100):
        with Client(gate.address).send(post(framing)) as client:
            was_reset = ended_by_reset(client, FRAMINGS[framing][2])
            assert was_reset or client.buffer.startswith(b"HTTP/1.1 502 "), (count, client.buffer)
