"""An upstream that keeps every request as the bytes it came in, and sees the end of each connection."""

import re

from upstream import Upstream
from wire import Closed, Head

# As the gate writes them: lower case, no leading zero, no extension.
CHUNK_SIZE = re.compile(rb"(0|[1-9a-f][0-9a-f]*)\r\n\Z")
LAST = "/api/alice/last"  # closes the connection behind it


def answer_to(head):
    """A 200, or the status that the target ends with; marked, to be told from the gate's own answers."""
    method, target, _ = head.start.decode("latin-1").split(" ")
    asked = re.search(r"/answer/(\d{3})$", target)
    status = asked[1] if asked else "200"
    lines = [f"HTTP/1.1 {status} Answer", "Server: recorder"]
    if status == "426":
        lines += ["Connection: Upgrade", "Upgrade: websocket"]
    if target == LAST:
        lines.append("Connection: close")
    lines += ["Content-Length: 2", "", ""]
    return "\r\n".join(lines).encode() + (b"" if method == "HEAD" else b"ok")


def read_body(connection, head):
    """The body as sent; a chunked one as if it were a single chunk, for where it is cut says nothing."""
    if head.one("Transfer-Encoding") is None:
        return connection.read_exactly(int(head.one("Content-Length") or 0))
    assert head.one("Transfer-Encoding") == "chunked" and head.one("Content-Length") is None, head.raw
    data = b""
    while True:
        line = connection.read_until(b"\r\n")
        assert CHUNK_SIZE.match(line), line
        size = int(line, 16)
        if size == 0:
            break
        data += connection.read_exactly(size)
        assert connection.read_exactly(2) == b"\r\n"
    trailers = b""
    while not trailers.endswith(b"\r\n\r\n") and trailers != b"\r\n":
        trailers += connection.read_until(b"\r\n")
    return (b"%x\r\n%s\r\n" % (len(data), data) if data else b"") + b"0\r\n" + trailers


class Recorder(Upstream):
    """`whole` are the requests that came complete, `cut` the beginnings of others."""

    def __init__(self, path=None):
        self.whole, self.cut = [], []
        super().__init__(path, script=self.record)

    def record(self, connection):
        while connection.buffer or connection.receive_some():
            try:
                head = Head(connection.read_until(b"\r\n\r\n"))
                request = head.raw + read_body(connection, head)
            except (Closed, ConnectionResetError) as ended:
                self.cut.append(getattr(ended, "received", b""))
                return
            self.whole.append(request)
            connection.send(answer_to(head))
            if head.start.split()[1] == LAST.encode():
                return

    def forget(self):
        self.whole, self.cut = [], []

    def take(self):
        """(whole, cut) since the last time. Waits until every connection has ended."""
        self.wait_until_quiet()
        assert not self.failures, self.failures
        return self.whole, self.cut
