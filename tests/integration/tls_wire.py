"""TLS on the connections of wire.py and upstream.py. The records are made in memory, so that a test may cut them where it
likes, end a side with close_notify alone, and see how the other side ended."""

import socket
import ssl

from upstream import Upstream, answer_ok
from wire import Client


class TlsFailure(ConnectionError):
    """A handshake or a record that was refused, here or by the other side's alert, which is named in the text."""


def is_cut(error):
    """Whether TCP ended before TLS did."""
    return isinstance(error, ssl.SSLEOFError) or getattr(error, "reason", None) == "UNEXPECTED_EOF_WHILE_READING"


class TlsSocket:
    """What a Connection needs of a socket, under TLS."""

    def __init__(self, sock, context, *, server_side=False, name=None, session=None):
        self.plain = sock
        self.ended = None  # how the other side did: "close_notify" or "cut"
        self._ahead = b""
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # or a cut would look like close_notify
        self._from_wire, self._to_wire = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._from_wire, self._to_wire, server_side=server_side, server_hostname=name,
                                    session=session)

    def records(self):
        """What has been made and not been sent; a test that sends it on its own asks before anything else does."""
        return self._to_wire.read()

    def advance(self):
        """The handshake as far as it gets without an answer; whether it is over."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def hear(self):
        """Takes what the wire has, at least a byte or the end."""
        data = self.plain.recv(65536)
        self._from_wire.write(data) if data else self._from_wire.write_eof()

    def _flush(self):
        if self._to_wire.pending:
            self.plain.sendall(self.records())

    def _drive(self, step, *arguments):
        while True:
            try:
                result = step(*arguments)
            except ssl.SSLWantReadError:
                self._flush()
                self.hear()
            else:
                self._flush()
                return result

    def _refuse(self, error):
        try:
            self._flush()  # our alert
        except OSError:
            pass
        raise TlsFailure(str(error)) from None

    def handshake(self):
        try:
            self._drive(self.tls.do_handshake)
        except ssl.SSLError as error:
            self._refuse(error)
        return self

    def recv(self, size):
        if self._ahead or self.ended:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        try:
            data = self._drive(self.tls.read, size)
        except ssl.SSLZeroReturnError:
            data = b""
        except ssl.SSLError as error:
            if not is_cut(error):
                self._refuse(error)
            self.ended = "cut"
            return b""
        if not data:
            self.ended = "close_notify"
        return data

    def sendall(self, data):
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._drive(self.tls.write, rest) :]
            except ssl.SSLError as error:
                self._refuse(error)

    def shutdown(self, how):
        """SHUT_WR: close_notify, and nothing else; TCP stays open both ways."""
        if how != socket.SHUT_WR:
            self.plain.shutdown(how)
            return
        try:
            # unwrap() would choke on what has come and not been read.
            while data := self.tls.read(65536):
                self._ahead += data
        except ssl.SSLError:
            pass
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass  # the other side's close_notify has not come yet
        self._flush()

    def close(self):
        try:
            self.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.plain.close()

    def settimeout(self, seconds):
        self.plain.settimeout(seconds)

    def setsockopt(self, *arguments):
        self.plain.setsockopt(*arguments)

    def fileno(self):
        return self.plain.fileno()


class TlsClient(Client):
    """A client that speaks TLS, after what it has to say `before`."""

    def __init__(self, address, context, name="gate", session=None, before=b""):
        super().__init__(address)
        self.plain = self.socket
        try:
            if before:
                self.plain.sendall(before)
            self.socket = TlsSocket(self.plain, context, name=name, session=session).handshake()
        except BaseException:
            self.plain.close()
            raise

    @property
    def tls(self):
        return self.socket.tls

    @property
    def ended(self):
        return self.socket.ended

    def cut(self):
        """Ends TCP without a close_notify."""
        self.plain.close()

    def reset(self):
        self.socket = self.plain
        super().reset()


class TlsUpstream(Upstream):
    """An upstream behind TLS; `context` and `script` are taken anew for each connection."""

    def __init__(self, context, script=answer_ok, host="127.0.0.1", name=None):
        self.context = context
        super().__init__(script=script, host=host)
        self.url = f"https://{name or host}:{self.port}"

    def _serve(self, connection):
        # Behind the session tickets, which nobody acknowledges at once, the next small record would wait (RFC 896).
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.socket = TlsSocket(connection.socket, self.context, server_side=True)
        super()._serve(connection)


def cut(connection):
    """Ends an upstream's connection without a close_notify; what the client still sends does not turn that into a reset."""
    connection.socket.plain.shutdown(socket.SHUT_WR)
    try:
        while connection.socket.plain.recv(65536):
            pass
    except ConnectionError:
        pass
    connection.socket.plain.close()
