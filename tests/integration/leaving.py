"""Clients that leave while nothing moves, and how soon the other side hears of it."""

import fcntl
import select
import socket
import struct
import termios
import time
from pathlib import Path

import pytest
from gate import PATIENCE

PROMPT = 1.0  # seconds: the promise
GIVE_UP = 10.0


def close(client):
    client.close()


def reset(client):
    client.reset()


def half_close(client):
    client.finish_sending()


LEAVINGS = {"closes": close, "resets": reset, "half-closes": half_close}


def check_prompt(once):
    """`once()` tells how many seconds it took. A busy machine may be late now and then, but not every time."""
    took = []
    while not took or took[-1] >= PROMPT:
        assert len(took) < 5, f"after {took} seconds"
        took.append(once())


def wait_until_closed(connection):
    """Until the other side has ended it, whatever lies there unread."""
    watch = select.poll()
    watch.register(connection.socket, select.POLLRDHUP)
    assert watch.poll(PATIENCE * 1000), "still open"


class TooLate(Exception):
    """The gate answered or closed before the test was ready: the machine is busy."""


def send_until_unread(client, gate):
    """Sends small pieces until the gate sleeps and leaves one of them unread. The window is still open then, so that
    a FIN arrives. Behind bytes for which the window has no room it would not."""
    deadline = time.monotonic() + PATIENCE
    while True:
        assert time.monotonic() < deadline, "the gate neither reads nor sleeps"
        if select.select([client.socket], [], [], 0)[0]:
            raise TooLate
        # In this order: what the gate had before it was seen asleep, it does not want.
        if _is_on_the_way(client) or not _sleeps(gate):
            time.sleep(0.001)
        elif _unread(client):
            return
        else:
            client.send(bytes(8192))


def _is_on_the_way(client):
    """Whether the other end lacks something that was sent, or has not said that it has it."""
    return struct.unpack("i", fcntl.ioctl(client.socket, termios.TIOCOUTQ, bytes(4)))[0] != 0


def _sleeps(gate):
    """Whether each of its threads waits for an event, with none to handle (proc(5): the third field)."""
    threads = Path(f"/proc/{gate.pid}/task").glob("*/stat")
    return all(stat.read_text().rpartition(")")[2].split()[0] == "S" for stat in threads)


def _unread(client):
    """Bytes that wait at the other end of its connection."""
    _, unread = _state_of(_other_end(client))
    return unread


def wait_until_heard(connection, act):
    """Acts on its connection, and waits until the kernel has told the other end: a busy machine may take a while."""
    end = _other_end(connection)
    act(connection)
    deadline = time.monotonic() + PATIENCE
    # Looked at twice: a listing that changes while it is read may lack a line.
    while (ESTABLISHED, 0) in (_state_of(end), _state_of(end)):
        assert time.monotonic() < deadline, "nothing arrived"
        time.sleep(0.001)


ESTABLISHED = "01"


def _other_end(connection):
    """Its addresses as /proc/net/tcp writes them."""
    return [_in_proc(connection.socket.getpeername()), _in_proc(connection.socket.getsockname())]


def _state_of(end):
    """The state and how many bytes wait unread (proc(5): st, rx_queue)."""
    for line in Path("/proc/net/tcp").read_text().splitlines():
        fields = line.split()
        if fields[1:3] == end:
            return fields[3], int(fields[4].partition(":")[2], 16)
    return "", 0  # gone, or left out by chance


def _in_proc(address):
    host, port = address
    return f"{struct.unpack('=I', socket.inet_aton(host))[0]:08X}:{port:04X}"


def send_until_stuck(client, data):
    """Sends that again and again, until nobody takes any more for a while."""
    client.socket.settimeout(0.5)
    with pytest.raises(TimeoutError):
        while True:
            client.socket.sendall(data)
    client.socket.settimeout(PATIENCE)


def send_until_answered(client, data):
    """Sends that again and again, until there is something to read."""
    while True:
        readable, writable, _ = select.select([client.socket], [client.socket], [], PATIENCE)
        if readable:
            return
        assert writable, "neither"
        client.socket.send(data)
