"""The real gate in front of the application under test, for tests that want to know what Postern itself answers."""

import base64
import collections
import contextlib
import hashlib
import hmac
import importlib
import json
import os
import secrets
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, Optional, Union

if TYPE_CHECKING:
    import httpx

PATIENCE = 30.0  # seconds; nothing waits that long unless it is broken
# What a service reads too, and both have to agree on.
_SHARED = ("POSTERN_IDENTITY_KEY", "POSTERN_IDENTITY_KEY_FILE", "POSTERN_CLAIM_HEADERS")
_OTHERS = ("POSTERN_", "BETTER_AUTH_")
_KEPT_LINES = 200
_SPEAKS_WITHIN = PATIENCE


class Gate:
    """A running Postern at `url`, and clients for its users."""

    def __init__(self, url: str, settings: Mapping[str, str], log: "collections.deque[str]") -> None:
        self.url = url
        self.log = log  # its last lines
        self._settings = settings
        self._clients = contextlib.ExitStack()

    def as_user(self, uid: str, **claims: Any) -> "httpx.Client":
        """A client whose requests carry a token of that user with those claims, good for 15 minutes."""
        return self._client({"Authorization": f"Bearer {self.token(uid, **claims)}"})

    def as_nobody(self) -> "httpx.Client":
        """A client without a token."""
        return self._client({})

    def token(self, uid: str, **claims: Any) -> str:
        """A token of that user, as Better Auth signs it; for an httpx.AsyncClient or a websocket, say."""
        now = int(time.time())
        payload = {"uid": uid, "sub": uid, "iat": now, "exp": now + 900, **claims}
        for claim, name in (("iss", "POSTERN_JWT_ISSUER"), ("aud", "POSTERN_JWT_AUDIENCE")):
            if self._settings.get(name, "any") != "any":
                payload.setdefault(claim, self._settings[name])
        return _sign(payload, self._settings["BETTER_AUTH_SECRET"])

    def close(self) -> None:
        self._clients.close()

    def _client(self, headers: Mapping[str, str]) -> "httpx.Client":
        import httpx

        # Not through a proxy that the environment names.
        return self._clients.enter_context(httpx.Client(base_url=self.url, headers=headers, trust_env=False))


@contextlib.contextmanager
def running_gate(app: Any, settings: Optional[Mapping[str, str]] = None) -> Generator[Gate, None, None]:
    """Serves the application by uvicorn in a thread of this process, on a unix socket, with the gate in front.

    `app` is an ASGI application or "module:name" of one. `settings` are the gate's variables: POSTERN_USER_PATHS
    and so on. Of this process's environment it takes POSTERN_IDENTITY_KEY, POSTERN_IDENTITY_KEY_FILE and
    POSTERN_CLAIM_HEADERS, which the service reads as well, where `settings` do not say otherwise; nothing else of
    that kind. The binary is POSTERN_BIN, or `postern` on the PATH; without either this is a RuntimeError.
    """
    binary = _binary()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="postern-"))
        socket = f"{folder}/app.sock"
        stack.enter_context(_serving(_application(app), socket))
        told = {name: os.environ[name] for name in _SHARED if os.environ.get(name)}
        given = {
            "BETTER_AUTH_SECRET": secrets.token_hex(32),
            "POSTERN_LISTEN": "127.0.0.1:0",
            "POSTERN_ADMIN_LISTEN": "off",
            "POSTERN_THREADS": "1",
            "POSTERN_UPSTREAM": f"unix:{socket}",
            **({} if any(name.startswith("POSTERN_IDENTITY") for name in settings or {}) else told),
            **(settings or {}),
        }
        yield stack.enter_context(_started(binary, given))


def gate_fixture(app: Any, settings: Optional[Mapping[str, str]] = None, *, scope: Any = "module") -> Any:
    """A pytest fixture that gives a running_gate(). Name it where the tests or a conftest.py can see it:

    gate = gate_fixture(app, {"POSTERN_PUBLIC_PATHS": "/health"})
    """
    import pytest

    @pytest.fixture(scope=scope)
    def gate() -> Generator[Gate, None, None]:
        with running_gate(app, settings) as running:
            yield running

    return gate


def _binary() -> str:
    named = os.environ.get("POSTERN_BIN")
    found = shutil.which(named or "postern")
    if found is None:
        what = f"POSTERN_BIN names {named!r}, which is no program" if named else "no `postern` on the PATH"
        raise RuntimeError(f"{what}: `pip install postern`, or let POSTERN_BIN name the binary")
    return found


def _application(app: Any) -> Any:
    if not isinstance(app, str):
        return app
    module, colon, name = app.partition(":")
    if not colon:
        raise ValueError(f"{app!r} is not module:name")
    return getattr(importlib.import_module(module), name)


@contextlib.contextmanager
def _serving(app: Any, socket: str) -> Generator[None, None, None]:
    try:
        uvicorn: Any = importlib.import_module("uvicorn")
    except ImportError as missing:
        raise RuntimeError("the gate needs a service behind it: pip install uvicorn") from missing
    # More patience with a kept connection than the gate has.
    server = uvicorn.Server(uvicorn.Config(app, uds=socket, log_level="warning", timeout_keep_alive=75))

    def serve() -> None:
        with contextlib.suppress(SystemExit):  # so uvicorn ends where the application does not start
            server.run()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + PATIENCE
        while not server.started:
            if not thread.is_alive() or time.monotonic() > until:
                raise RuntimeError("the application did not start: see what uvicorn logged")
            time.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


@contextlib.contextmanager
def _started(binary: str, settings: Mapping[str, str]) -> Generator[Gate, None, None]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OTHERS)}
    process = subprocess.Popen(
        [binary],
        env={**inherited, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    log: "collections.deque[str]" = collections.deque(maxlen=_KEPT_LINES)
    reader: Optional[threading.Thread] = None
    silent = threading.Event()

    def give_up() -> None:
        silent.set()
        process.kill()

    timer = threading.Timer(_SPEAKS_WITHIN, give_up)
    timer.daemon = True
    timer.start()
    try:
        address = None
        for line in process.stdout:
            log.append(line.rstrip("\n"))
            if (address := _listening(line)) is not None:
                break
        timer.cancel()
        if address is None and silent.is_set():
            raise RuntimeError("the gate does not say where it listens: it has to log info, as JSON\n" + "\n".join(log))
        if address is None:
            raise RuntimeError("the gate did not start:\n" + "\n".join(log))
        reader = threading.Thread(target=log.extend, args=(process.stdout,), daemon=True)
        reader.start()
        gate = Gate(f"http://{address}", settings, log)
        with contextlib.closing(gate):
            yield gate
    finally:
        timer.cancel()
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if reader is not None:
            reader.join()
        process.stdout.close()


def _listening(line: str) -> Optional[str]:
    """The address that the gate's line names, if it is that line."""
    try:
        entry: Any = json.loads(line)
    except ValueError:  # a problem of the configuration is told in plain text
        return None
    return str(entry["address"]) if entry["msg"] == "listening" else None


def _sign(payload: Mapping[str, Any], secret: str) -> str:
    def encode(part: Union[Mapping[str, Any], bytes]) -> bytes:
        data = part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    signed = encode({"alg": "HS256", "typ": "JWT"}) + b"." + encode(payload)
    return (signed + b"." + encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest())).decode()
