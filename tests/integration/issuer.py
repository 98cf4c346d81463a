"""An issuer with public keys, for the tests: it signs tokens, and publishes a JWK Set over HTTP as a script says."""

import base64
import json
import socket
import threading
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER = "https://auth.example"


def encode(part):
    data = part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """An Ed25519 key with a kid."""

    def __init__(self, kid, issuer=ISSUER):
        self.kid, self.issuer, self._private = kid, issuer, Ed25519PrivateKey.generate()

    def jwk(self):
        raw = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"alg": "EdDSA", "crv": "Ed25519", "kty": "OKP", "kid": self.kid, "x": encode(raw)}

    def token(self, uid="alice", kid=None, **claims):
        now = int(time.time())
        payload = {"sub": uid, "iss": self.issuer, "aud": self.issuer, "iat": now, "exp": now + 900, **claims}
        text = encode({"alg": "EdDSA", "kid": kid or self.kid}) + "." + encode(payload)
        return text + "." + encode(self._private.sign(text.encode()))


def response(body, status="200 OK", *fields):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: application/json", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(body, size=10):
    pieces = [body[at:at + size] for at in range(0, len(body), size)]
    framed = b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


class IssuerServer:
    """Serves `answer`: bytes of a whole response, or a function that gets the connection. `keys` sets it to a set."""

    def __init__(self, *keys):
        self.fetches, self.heads = 0, []
        self._news = threading.Condition()
        self._listener = None
        self.port = 0
        self.context = None  # for https
        self.keys(*keys)
        self.open()

    def keys(self, *keys):
        self.answer = response({"keys": [key.jwk() for key in keys]})

    def open(self):
        self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/api/auth/jwks"
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()
        return self

    def close(self):
        listener, self._listener = self._listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def wait_for_fetches(self, count, patience=60):
        with self._news:
            assert self._news.wait_for(lambda: self.fetches >= count, patience), f"{self.fetches} fetches"

    def _serve(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection:
            connection.settimeout(60)
            if self.context:
                try:
                    connection = self.context.wrap_socket(connection, server_side=True)
                except OSError:
                    return  # not believed
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(4096)
                if not piece:
                    return
                head += piece
            with self._news:
                self.fetches += 1
                self.heads.append(head)
                self._news.notify_all()
            answer = self.answer
            try:
                if callable(answer):
                    answer(connection)
                else:
                    connection.sendall(answer)
            except OSError:
                pass  # the gate has heard enough
