"""HTTP/1.1 by hand on plain sockets: what a test sends and receives is bytes, not what a library makes of them."""

import socket
import struct

from gate import PATIENCE


class Closed(Exception):
    """The other side ended the connection before the message was whole."""

    def __init__(self, received):
        super().__init__(f"closed after {received!r}")
        self.received = received


class Connection:
    """One end of a connection, with what was received and not yet read."""

    def __init__(self, sock):
        self.socket = sock
        sock.settimeout(PATIENCE)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def receive_some(self):
        """At least one more byte into the buffer; False at the end."""
        data = self.socket.recv(65536)
        self.buffer += data
        return bool(data)

    def read_until(self, mark):
        while mark not in self.buffer:
            if not self.receive_some():
                raise Closed(self.buffer)
        end = self.buffer.index(mark) + len(mark)
        found, self.buffer = self.buffer[:end], self.buffer[end:]
        return found

    def read_exactly(self, size):
        while len(self.buffer) < size:
            if not self.receive_some():
                raise Closed(self.buffer)
        found, self.buffer = self.buffer[:size], self.buffer[size:]
        return found

    def read_to_end(self):
        """Everything until the other side closes; a reset is an end as well."""
        try:
            while self.receive_some():
                pass
        except ConnectionResetError:
            pass
        found, self.buffer = self.buffer, b""
        return found

    def is_closed(self):
        """Waits for the other side to close; False when it sends something instead."""
        if self.buffer:
            return False
        try:
            return not self.receive_some()
        except ConnectionResetError:
            return True

    def read_chunked(self):
        """(body, trailer lines) of a chunked body, as sent."""
        body = b""
        while True:
            size = int(self.read_until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                break
            body += self.read_exactly(size)
            assert self.read_exactly(2) == b"\r\n"
        trailers = []
        while (line := self.read_until(b"\r\n")) != b"\r\n":
            trailers.append(line[:-2])
        return body, trailers

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Ends with a RST, as a process that crashed does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()


class Head:
    """A start line and its field lines."""

    def __init__(self, raw):
        self.raw = raw
        self.start, *lines = raw.rstrip(b"\r\n").split(b"\r\n")
        self.fields = [tuple(line.split(b": ", 1)) if b": " in line else (line.rstrip(b":"), b"") for line in lines]

    def all(self, name):
        """The values of every field with that name, any case."""
        return [value.decode("latin-1") for key, value in self.fields if key.lower() == name.lower().encode()]

    def one(self, name):
        values = self.all(name)
        assert len(values) <= 1, f"{name} {len(values)} times in {self.raw!r}"
        return values[0] if values else None

    def names(self):
        return [key.decode("latin-1").lower() for key, _ in self.fields]


class Response:
    def __init__(self, head, body, trailers):
        self.head = head
        self.status = int(head.start.split()[1])
        self.body = body
        self.trailers = trailers
        self.raw = head.raw + body


class Client(Connection):
    """A client's connection. `address` is (host, port), or the path of a unix socket."""

    def __init__(self, address):
        if isinstance(address, str):
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(PATIENCE)
            sock.connect(address)
        else:
            sock = socket.create_connection(address, PATIENCE)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(sock)

    def read_head(self):
        return Head(self.read_until(b"\r\n\r\n"))

    def read_response(self, method="GET"):
        """One response; interim ones stay to be read by read_head()."""
        head = self.read_head()
        status = int(head.start.split()[1])
        if method == "HEAD" or status < 200 or status in (204, 304):
            return Response(head, b"", [])
        if head.one("Transfer-Encoding") == "chunked":
            return Response(head, *self.read_chunked())
        length = head.one("Content-Length")
        body = self.read_to_end() if length is None else self.read_exactly(int(length))
        return Response(head, body, [])

    def get(self, target, *fields, token=None, method="GET"):
        """Sends a request without a body and reads the response."""
        self.send(request(method, target, *fields, token=token))
        return self.read_response(method)


class SlowReader(Client):
    """A client whose receive buffer a few KiB fill."""

    def __init__(self, address):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(address)
        Connection.__init__(self, sock)


def refuses_connections(address):
    try:
        Client(address).close()
    except ConnectionRefusedError:
        return True
    return False


def request(method, target, *fields, token=None, body=None, host="gate"):
    """A request as bytes; fields are lines without CRLF. A body gets a Content-Length."""
    lines = [f"{method} {target} HTTP/1.1"]
    if host is not None:
        lines.append(f"Host: {host}")
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    lines += fields
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def ok(body=b"ok", *fields):
    """A 200 with a Content-Length."""
    lines = ["HTTP/1.1 200 OK", *fields, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
