"""An upstream that answers one request with the bytes of a case, and every other with its own target."""

import socket
import threading

from gate import PATIENCE, token
from sending import LONGEST_BYTE_BY_BYTE, send_pieces, wait_until_arrived
from upstream import Upstream
from wire import request

HOSTILE = "/api/alice/hostile"
LAST = "/api/alice/last"  # closes the connection behind it
ASKED = ["X-Request-Id: raw"]
WEBSOCKET = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
H2C = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"]
EXPECT = ["Expect: 100-continue"]


def asking(method, fields=(), body=None):
    return request(method, HOSTILE, *ASKED, *fields, token=token("alice"), body=body)


# The request that gets the answer, by its name in the tables.
REQUESTS = {
    "GET": asking("GET"), "HEAD": asking("HEAD"), "POST": asking("POST", body=b"hello"),
    "GET/1.0": asking("GET").replace(b" HTTP/1.1", b" HTTP/1.0"),
    "websocket": asking("GET", WEBSOCKET), "h2c": asking("GET", H2C),
    "expect": asking("POST", EXPECT, b"hello"),
}


class Hostile(Upstream):
    """In the bytes of an answer {later} stands for: once the client has what came before. {close} and {reset}
    at the end say how the connection ends; otherwise it goes on with honest answers."""

    def __init__(self, path=None):
        super().__init__(path, script=self.serve)
        self.by_unix = path is not None

    def prepare(self, answer):
        """The next hostile answer; byte by byte where the gate's reading can be seen."""
        self.requests.clear()
        self.failures.clear()
        self.done, self.sent = threading.Event(), threading.Event()
        raw, self.ending = answer, None
        for ending in (b"{close}", b"{reset}"):
            if answer.endswith(ending):
                raw, self.ending = answer.removesuffix(ending), ending
        self.parts = raw.split(b"{later}")

    def send(self, connection, part):
        if self.by_unix and len(part) <= LONGEST_BYTE_BY_BYTE:
            # What comes behind a whole answer is not read at all: that the client has its answer is enough.
            send_pieces(connection, [part[at:at + 1] for at in range(len(part))], self.done.is_set)
        else:
            connection.send(part)

    def answer_hostilely(self, connection):
        try:
            self.send(connection, self.parts[0])
            for part in self.parts[1:]:
                assert self.done.wait(PATIENCE)
                self.send(connection, part)
                if not self.by_unix:
                    wait_until_arrived(connection)
            if self.ending == b"{reset}":
                connection.reset()
            elif self.ending:
                connection.socket.shutdown(socket.SHUT_WR)
        finally:
            self.sent.set()
        return self.ending is None

    def serve(self, connection):
        if not self.by_unix:
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while got := connection.read_request():
            if got.target == HOSTILE:
                if not self.answer_hostilely(connection):
                    return
                continue
            body = b"" if got.method == "HEAD" else got.target.encode()
            closing = "Connection: close\r\n" if got.target == LAST else ""
            head = f"HTTP/1.1 200 OK\r\n{closing}Content-Length: {len(got.target)}\r\n\r\n"
            connection.send(head.encode() + body)
            if closing:
                return
