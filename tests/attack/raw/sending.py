"""Ways to bring the same bytes to the gate: whole, in two pieces, byte by byte."""

import fcntl
import os
import random
import select
import struct
import termios
import time

from corpus import ALICE, BOB
from gate import PATIENCE

EOF = b"{eof}"  # in a case: the client sends no more
LONGEST_BYTE_BY_BYTE = 2500
SPLITS = 3


def unread(sock):
    """What the other side of a unix socket has not taken yet; of a TCP socket, what its kernel has not."""
    return struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))[0]


def is_dead(sock):
    watched = select.poll()
    watched.register(sock, 0)
    return bool(watched.poll(0))  # POLLERR or POLLHUP, which are always told


def wait_until_arrived(connection, no_need=lambda: False):
    give_up = time.monotonic() + PATIENCE
    while unread(connection.socket) and not no_need() and not is_dead(connection.socket):
        assert time.monotonic() < give_up, "never taken"
        os.sched_yield()


def send_pieces(connection, pieces, no_need=lambda: False):
    """Each once the one before was read, so that the gate reads them one by one; the rest at once when there
    is no need any more. A gate that has closed is done with them: what it said is there to be read."""
    try:
        for at, piece in enumerate(pieces):
            if no_need():
                connection.send(b"".join(pieces[at:]))
                return
            connection.send(piece)
            wait_until_arrived(connection, no_need)
    except (BrokenPipeError, ConnectionResetError):
        pass


def atoms(raw):
    """Single bytes, but for the credentials: they are the same everywhere, and long."""
    pieces = []
    while raw:
        known = next((line for line in (ALICE.encode(), BOB.encode()) if raw.startswith(line)), raw[:1])
        pieces.append(known)
        raw = raw[len(known):]
    return pieces


def cuts(name, raw):
    """Some ways to cut it in two, the same in every run."""
    chosen = random.Random(name)
    places = sorted(chosen.sample(range(1, len(raw)), min(SPLITS, len(raw) - 1)))
    return [(raw[:place], raw[place:]) for place in places]


def segmentations(name, raw):
    """Lists of pieces that all make up the same bytes."""
    ways = [list(pair) for pair in cuts(name, raw)]
    pieces = atoms(raw)
    if len(pieces) <= LONGEST_BYTE_BY_BYTE:
        ways.append(pieces)
    return ways
