"""Bodies far larger than any memory the gate may take, and readers that make it wait."""

import os
import select
import socket
import threading

import pytest
from gate import PATIENCE, token
from wire import Client, ok, request

SANITIZED = os.environ.get("POSTERN_SANITIZED") == "1"
KIB, MIB, GIB = 1024, 1024**2, 1024**3
SIZE = 64 * MIB if SANITIZED else 2 * GIB
# Shadow memory and quarantines make a sanitizer build's figure say nothing.
MOST_MEMORY = None if SANITIZED else 64 * MIB
# What the kernel may hold on both sides of the gate: four socket buffers, grown as far as they grow.
MOST_IN_FLIGHT = 32 * MIB
# Nothing moved for so long: the buffers are full. Too short only weakens a test.
STILL = 1.0

PATH = "/api/alice/x"
BEARER = token("alice")
# A length that divides no power of two, so that a piece lost, doubled or misplaced shifts all that follows it.
PERIOD = 999_983
PATTERN = (bytes(range(256)) * (PERIOD // 256 + 1))[:PERIOD]
REPEATED = memoryview(PATTERN * 3)


def piece_at(offset, size):
    """`size` bytes of the endless pattern, at most two periods."""
    return REPEATED[offset % PERIOD : offset % PERIOD + size]


def as_chunk(piece):
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def send_pattern(connection, sent, size, chunked):
    """The rest of a body of `size` bytes, of which so many are sent, with the last chunk if it has one."""
    while sent < size:
        piece = piece_at(sent, min(size - sent, MIB))
        connection.send(as_chunk(piece) if chunked else piece)
        sent += len(piece)
    if chunked:
        connection.send(b"0\r\n\r\n")


def take_pattern(connection, offset, size):
    """Reads `size` bytes that must continue the pattern at `offset`."""
    room = memoryview(bytearray(MIB))
    end = offset + size
    while offset < end:
        if connection.buffer:
            count = min(len(connection.buffer), end - offset, MIB)
            room[:count] = connection.buffer[:count]
            connection.buffer = connection.buffer[count:]
        else:
            count = connection.socket.recv_into(room, min(end - offset, MIB))
        assert count, f"ended after {offset}"
        assert room[:count] == piece_at(offset, count), f"differs between {offset} and {offset + count}"
        offset += count


def take_chunked_pattern(connection):
    """The size of a chunked body that must be the pattern."""
    total = 0
    while size := int(connection.read_until(b"\r\n"), 16):
        take_pattern(connection, total, size)
        assert connection.read_exactly(2) == b"\r\n"
        total += size
    assert connection.read_exactly(2) == b"\r\n"
    return total


def fill(connection, chunked):
    """Sends of the pattern what the other side takes until it takes no more; how much that is. The last piece may be
    half sent: what is left of it is returned too."""
    sent, rest = 0, b""
    while select.select([], [connection.socket], [], STILL)[1]:
        if not rest:
            piece = piece_at(sent, 64 * KIB)
            sent += len(piece)
            rest = memoryview(as_chunk(piece)) if chunked else piece
        rest = rest[connection.socket.send(rest, socket.MSG_DONTWAIT) :]
        assert sent < 2 * MOST_IN_FLIGHT, "there is no end to what it takes"
    return sent, rest


def check_memory(gate):
    assert MOST_MEMORY is None or gate.memory("VmHWM") < MOST_MEMORY


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_large_upload_passes_through_little_memory(start, upstream, chunked):
    def take(connection):
        connection.read_head()
        if chunked:
            assert take_chunked_pattern(connection) == size
        else:
            take_pattern(connection, 0, size)
        connection.send(ok())

    # By length as large as it gets; chunks are the same road with more steps.
    size = SIZE // 4 if chunked else SIZE
    upstream.script = take
    gate = start(POSTERN_MAX_BODY_BYTES="4GiB")
    with Client(gate.address) as client:
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        client.send(request("POST", PATH, framing, token=BEARER))
        send_pattern(client, 0, size, chunked)
        response = client.read_response()
        assert (response.status, response.head.one("Connection")) == (200, None)
    assert gate.wait_for_log(msg="request", status=200)["bytes_in"] == size
    check_memory(gate)


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "length"])
def test_a_large_download_passes_through_little_memory(gate, upstream, chunked):
    def give(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n")
        connection.send(b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"Content-Length: %d\r\n\r\n" % size)
        send_pattern(connection, 0, size, chunked)

    size = SIZE if chunked else SIZE // 4
    upstream.script = give
    with Client(gate.address) as client:
        client.send(request("GET", PATH, token=BEARER)).read_head()
        if chunked:
            assert take_chunked_pattern(client) == size
        else:
            take_pattern(client, 0, size)
    assert gate.wait_for_log(msg="request", status=200)["bytes_out"] == size
    check_memory(gate)


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "length"])
def test_a_client_that_does_not_read_stops_the_upstream(gate, upstream, chunked):
    total = 96 * MIB
    full, counts = threading.Event(), []

    def give(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n")
        connection.send(b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"Content-Length: %d\r\n\r\n" % total)
        sent, rest = fill(connection, chunked)
        counts.append(sent)
        full.set()
        connection.send(rest)
        send_pattern(connection, sent, total, chunked)

    upstream.script = give
    with Client(gate.address) as client:
        client.send(request("GET", PATH, token=BEARER))
        assert full.wait(PATIENCE)
        assert counts[0] < MOST_IN_FLIGHT
        check_memory(gate)
        client.read_head()
        if chunked:
            assert take_chunked_pattern(client) == total
        else:
            take_pattern(client, 0, total)


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "length"])
def test_an_upstream_that_does_not_read_stops_the_client(gate, upstream, chunked):
    total = 96 * MIB
    go_on = threading.Event()

    def take(connection):
        connection.read_head()
        assert go_on.wait(PATIENCE)
        if chunked:
            assert take_chunked_pattern(connection) == total
        else:
            take_pattern(connection, 0, total)
        connection.send(ok())

    upstream.script = take
    with Client(gate.address) as client:
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {total}"
        client.send(request("POST", PATH, framing, token=BEARER))
        sent, rest = fill(client, chunked)
        assert sent < MOST_IN_FLIGHT
        check_memory(gate)
        go_on.set()
        client.send(rest)
        send_pattern(client, sent, total, chunked)
        assert client.read_response().status == 200
