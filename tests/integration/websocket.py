"""WebSocket frames by hand (RFC 6455 5.2), and both ends of a websocket through Postern in one test's hands."""

import queue
import select
import socket
import struct
import threading
import time
from importlib import metadata

from gate import PATIENCE
from wire import Client, Closed, request

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
MASK = b"\x1f\x2e\x3d\x4c"
UPGRADE = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
SWITCHING = (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
TCP_CLOSE = 7  # the state in which a connection is over for the kernel, in the first byte of TCP_INFO


def library_headers(fields):
    """Fields of the handshake, for websockets.connect(): it calls them otherwise since version 14."""
    renamed = int(metadata.version("websockets").split(".")[0]) >= 14
    return {"additional_headers" if renamed else "extra_headers": fields}


class Frame:
    """A frame as it was received; `mask` is None when it was not masked."""

    def __init__(self, opcode, payload, final, mask):
        self.opcode = opcode
        self.payload = payload
        self.final = final
        self.mask = mask

    @property
    def code(self):
        """The status code of a close frame."""
        return int.from_bytes(self.payload[:2], "big")

    @property
    def reason(self):
        return self.payload[2:]

    def __repr__(self):
        return f"Frame({self.opcode:#x}, {len(self.payload)} bytes {self.payload[:20]!r}, {self.final}, {self.mask})"


def apply_mask(payload, mask):
    repeated = mask * (len(payload) // 4 + 1)
    number = int.from_bytes(payload, "big") ^ int.from_bytes(repeated[: len(payload)], "big")
    return number.to_bytes(len(payload), "big")


def encode(opcode, payload=b"", final=True, mask=None, length_size=None):
    """A frame as bytes; length_size 2 or 8 takes a longer length field than it needs."""
    size = len(payload)
    length_size = length_size or (0 if size < 126 else 2 if size < 65536 else 8)
    length = {0: size, 2: 126, 8: 127}[length_size] | (0x80 if mask else 0)
    head = bytes([opcode | (0x80 if final else 0), length])
    if length_size:
        head += size.to_bytes(length_size, "big")
    return head + mask + apply_mask(payload, mask) if mask else head + payload


def close_payload(code, reason=b""):
    return struct.pack(">H", code) + reason


def read_frame(connection):
    first, second = connection.read_exactly(2)
    length = second & 0x7F
    if length >= 126:
        length = int.from_bytes(connection.read_exactly(2 if length == 126 else 8), "big")
    mask = connection.read_exactly(4) if second & 0x80 else None
    payload = connection.read_exactly(length)
    return Frame(first & 0x0F, apply_mask(payload, mask) if mask else payload, bool(first & 0x80), mask)


def read_huge(connection, size):
    """As read_exactly(), but in time that grows with the size alone."""
    data = bytearray(connection.buffer)
    connection.buffer = b""
    while len(data) < size:
        piece = connection.socket.recv(min(1 << 20, size - len(data)))
        if not piece:
            raise Closed(bytes(data[-100:]))
        data += piece
    connection.buffer = bytes(data[size:])
    return bytes(data[:size])


def read_frames(connection):
    """The frames until the connection ends, which must be properly and after a whole frame; a reset raises."""
    frames = []
    while connection.buffer or connection.receive_some():
        frames.append(read_frame(connection))
    return frames


def check_ends_without_reset(connection):
    """After the other side's end and ours nothing but acknowledgements comes any more."""
    plain = getattr(connection.socket, "plain", connection.socket)  # below TLS
    if plain is not connection.socket:
        assert connection.socket.ended == "close_notify"
    try:
        connection.finish_sending()
        plain.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # both sides' ends have passed already
    deadline = time.monotonic() + PATIENCE
    while plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != TCP_CLOSE:
        assert time.monotonic() < deadline, "the connection does not end"
        time.sleep(0.005)
    assert plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


class Pump(threading.Thread):
    """Sends all of that, or up to the connection's end."""

    def __init__(self, connection, data):
        super().__init__(daemon=True)
        self.connection = connection
        self.data = data
        self.start()

    def run(self):
        try:
            self.connection.send(self.data)
        except OSError:
            pass

    @staticmethod
    def wait_until_stuck(*pumps):
        """Until each of those ways is full: the buffers of four sockets, and Postern's."""
        while select.select([], [pump.connection.socket for pump in pumps], [], 0.5)[1]:
            assert all(pump.is_alive() for pump in pumps), "all of it went through"


class Tunnel:
    """Both ends of an open websocket: `client`, and `behind` the upstream's connection."""

    def __init__(self, client, behind):
        self.client = client
        self.behind = behind


class Tunnels:
    """An upstream script that accepts websockets and leaves their connections to the test."""

    def __init__(self, connect=Client):
        self._connect = connect
        self._accepted = queue.Queue()
        self._over = threading.Event()
        self._clients = []

    def __call__(self, connection):
        if connection.read_request():
            connection.send(SWITCHING)
            self._accepted.put(connection)
            self._over.wait()

    def open(self, address, bearer, path="/api/alice/ws"):
        client = self._connect(address)
        self._clients.append(client)
        client.send(request("GET", path, *UPGRADE, token=bearer))
        status = client.read_head().start.split()[1]
        assert status == b"101", status
        return Tunnel(client, self._accepted.get(timeout=PATIENCE))

    def close(self):
        for client in self._clients:
            client.close()
        self._over.set()
