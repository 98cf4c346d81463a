"""For a service's own tests: a client that stands where Postern stands, or the real gate in front of the service.

    client = TestClient(app)
    assert as_user(client, "alice").get("/api/alice/tasks").status_code == 200
    assert as_nobody(client).get("/docs").status_code == 200
    assert client.get("/api/alice/tasks").status_code == 401

A service that gives RequireGate keys gives the tests one of them: `as_user(client, "alice", key=KEY)`. An
httpx.AsyncClient with an ASGITransport will do as well.

    gate = gate_fixture(app, {"POSTERN_PUBLIC_PATHS": "/health"})

    def test_alice_has_tasks(gate):
        assert gate.as_user("alice").get("/api/alice/tasks").status_code == 200
"""

import copy
import inspect
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Optional, Protocol, TypeVar

from .identity import OVERRIDE_HEADER, USER_HEADER
from .running_gate import Gate, gate_fixture, running_gate
from .signature import IDENTITY_HEADER, REQUEST_ID_HEADER, Key, sign, usable_keys

__all__ = ["Gate", "as_nobody", "as_user", "gate_fixture", "running_gate", "sign_identity"]



class _Client(Protocol):
    """A client of httpx or httpx2, whichever of them Starlette's TestClient is made of."""

    @property
    def event_hooks(self) -> dict[str, list[Callable[..., Any]]]: ...

    @event_hooks.setter
    def event_hooks(self, event_hooks: dict[str, list[Callable[..., Any]]]) -> None: ...

    @property
    def send(self) -> Callable[..., Any]: ...


ClientT = TypeVar("ClientT", bound=_Client)


def sign_identity(
    key: Key,
    *,
    uid: str = "",
    method: str = "GET",
    target: str,
    request_id: str,
    seconds: Optional[int] = None,
    claims: Optional[Mapping[str, str]] = None,
    override: bool = False,
) -> str:
    """The X-Postern-Identity of a request, signed now or at those unix seconds.

    `target` is what the request line says: the path still percent-encoded, and `?` with the query if there is
    one. `claims` are the claim headers that are sent; with them, and with `override`, it is a signature of
    version 2.
    """
    (usable,) = usable_keys([key])
    moment = int(time.time()) if seconds is None else seconds
    more: Optional[list[bytes]] = None
    if claims is not None or override:
        lines = sorted((name.lower().encode(), value.encode()) for name, value in (claims or {}).items())
        more = [b"true" if override else b"", *(name + b":" + value for name, value in lines)]
    return sign(usable, moment, uid, method, target.encode(), request_id.encode(), more).decode()


def as_user(
    client: ClientT,
    uid: str,
    *,
    key: Optional[Key] = None,
    header: str = USER_HEADER,
    claims: Optional[Mapping[str, str]] = None,
    override: bool = False,
) -> ClientT:
    """That client, but what it sends arrives as if Postern had verified the user's token.

    The client itself stays as it was: both can be used in turn, and several users' at once. They share
    cookies. Each request, a redirected one and a websocket too, gets `header`, the headers in `claims`, with
    `override` X-Postern-Override, and with a key X-Request-Id and a signature. Those fields of the test's own are
    overwritten, as Postern does, but for X-Request-Id.
    """
    if not uid:
        raise ValueError("a user has an id; as_nobody() is for requests without one")
    return _through_the_gate(client, _Identity(uid, key, header, claims, override))


def as_nobody(client: ClientT, *, key: Optional[Key] = None, header: str = USER_HEADER) -> ClientT:
    """The same for a request without a token, which Postern lets through on public paths only."""
    return _through_the_gate(client, _Identity("", key, header, None, False))


class _Identity(NamedTuple):
    uid: str
    key: Optional[Key]
    header: str
    claims: Optional[Mapping[str, str]]
    override: bool

    def add_to(self, request: Any) -> None:
        fields = request.headers
        for name in (self.header, IDENTITY_HEADER, OVERRIDE_HEADER):
            fields.pop(name, None)
        if self.uid:
            fields[self.header] = self.uid
        fields.update(self.claims or {})
        if self.override:
            fields[OVERRIDE_HEADER] = "true"
        if self.key is not None:
            request_id = fields.setdefault(REQUEST_ID_HEADER, str(uuid.uuid4()))
            path, _, query = request.url.raw_path.decode("ascii").partition("?")
            fields[IDENTITY_HEADER] = sign_identity(
                self.key,
                uid=self.uid,
                method=request.method,
                target=f"{path}?{query}" if query else path,
                request_id=request_id,
                claims=self.claims,
                override=self.override,
            )


def _through_the_gate(client: ClientT, identity: _Identity) -> ClientT:
    async def add_in_time(request: Any) -> None:
        identity.add_to(request)

    hook: Any = add_in_time if inspect.iscoroutinefunction(client.send) else identity.add_to
    through = copy.copy(client)
    # A hook is run for each request that is sent, so that a redirected one is signed for its own target.
    through.event_hooks = {**client.event_hooks, "request": [*client.event_hooks["request"], hook]}
    return through
