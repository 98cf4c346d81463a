"""An upstream that does as it is told and remembers every byte."""

import itertools
import socket
import threading

from gate import PATIENCE
from wire import Closed, Connection, Head, ok


class Request:
    """What the upstream received: the head as it came, the body, the trailer lines, and on which connection."""

    def __init__(self, head, body, trailers, connection):
        self.head = head
        self.body = body
        self.trailers = trailers
        self.connection = connection
        self.method, self.target, self.version = head.start.decode("latin-1").split(" ")


class UpstreamConnection(Connection):
    """A connection from Postern, seen from behind."""

    def __init__(self, sock, number, upstream):
        super().__init__(sock)
        self.number = number
        self._upstream = upstream

    def read_head(self):
        return Head(self.read_until(b"\r\n\r\n"))

    def read_request(self):
        """The next request, whole, which is then remembered; None when the connection ends instead."""
        try:
            head = self.read_head()
        except Closed as closed:
            assert closed.received == b"", f"half a head: {closed.received!r}"
            return None
        except ConnectionResetError:
            return None
        body, trailers = b"", []
        if head.one("Transfer-Encoding") is not None:
            assert head.one("Transfer-Encoding") == "chunked" and head.one("Content-Length") is None
            body, trailers = self.read_chunked()
        elif head.one("Content-Length") is not None:
            body = self.read_exactly(int(head.one("Content-Length")))
        return self._upstream.remember(Request(head, body, trailers, self.number))


def answer_ok(connection):
    """Answers every request with 200."""
    while connection.read_request():
        connection.send(ok())


class Held:
    """Reads each request and answers when it is released."""

    def __init__(self):
        self.released = threading.Event()

    def __call__(self, connection):
        while connection.read_request():
            assert self.released.wait(PATIENCE)
            connection.send(ok(b"late"))


class Upstream:
    """Listens on a port of the kernel's choice, on a unix socket or on the listener it is given, and runs
    `script(connection)` on each connection in a thread of its own. What a script raises fails the test."""

    def __init__(self, path=None, script=answer_ok, host="127.0.0.1", listener=None):
        self.script = script
        self.requests = []
        self.connections = 0  # accepted so far
        self.failures = []
        self._news = threading.Condition()
        self._open = set()
        self._threads = []
        if path:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(path))
            self._listener.listen(128)
            self.url = f"unix:{path}"
        else:
            self._listener = listener or socket.create_server((host, 0), backlog=1024)
            self.port = self._listener.getsockname()[1]
            self.url = f"http://{host}:{self.port}"
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def _accept(self):
        for number in itertools.count():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            connection = UpstreamConnection(sock, number, self)
            with self._news:
                self.connections += 1
                self._open.add(connection)
                self._news.notify_all()
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        try:
            self.script(connection)
        except (ConnectionError, Closed):
            pass  # the other side may go at any time; what the test expects of it, it checks itself
        except Exception as failure:  # noqa: BLE001: reported by close()
            self.failures.append(failure)
        finally:
            connection.close()
            with self._news:
                self._open.discard(connection)
                self._news.notify_all()

    def remember(self, request):
        with self._news:
            self.requests.append(request)
            self._news.notify_all()
        return request

    def wait_for_requests(self, count):
        with self._news:
            assert self._news.wait_for(lambda: len(self.requests) >= count, PATIENCE), f"{len(self.requests)} of {count}"
        return self.requests

    def wait_for_connections(self, count):
        with self._news:
            assert self._news.wait_for(lambda: self.connections >= count, PATIENCE), f"{self.connections} of {count}"

    def wait_until_quiet(self):
        """Until no connection is open any more."""
        with self._news:
            assert self._news.wait_for(lambda: not self._open, PATIENCE), f"{len(self._open)} connections still open"

    def stop_listening(self):
        # Waking accept() takes more than close().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(PATIENCE)

    def close(self):
        if self._acceptor.is_alive():
            self.stop_listening()
        with self._news:
            still_open = list(self._open)
        for connection in still_open:
            try:
                connection.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(PATIENCE)
        assert not self.failures, self.failures
