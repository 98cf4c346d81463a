"""Clients that leave while nothing moves, and how soon the other side hears of it."""

import fcntl
import select
import socket
import struct
import termios
import time

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


def wait_until_taken(client):
    """Until the gate's end of the connection holds all that was sent, read or not."""
    plain = getattr(client.socket, "plain", client.socket)
    deadline = time.monotonic() + PATIENCE
    while struct.unpack("i", fcntl.ioctl(plain, termios.TIOCOUTQ, bytes(4)))[0] != 0:
        assert time.monotonic() < deadline, "bytes that nobody takes"
        time.sleep(0.005)


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
