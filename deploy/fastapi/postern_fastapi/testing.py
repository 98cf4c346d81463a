"""For a service's own tests: a TestClient that stands where Postern stands.

    client = TestClient(app)
    assert as_user(client, "alice").get("/api/alice/tasks").status_code == 200
    assert as_nobody(client).get("/docs").status_code == 200
    assert client.get("/api/alice/tasks").status_code == 401

A service that gives RequireGate keys gives the tests one of them: `as_user(client, "alice", key=KEY)`.
"""

import copy
import time
import uuid
from typing import Any, Optional

from starlette.testclient import TestClient

from .identity import USER_HEADER
from .signature import IDENTITY_HEADER, REQUEST_ID_HEADER, Key, sign, usable_keys


def sign_identity(
    key: Key,
    *,
    uid: str = "",
    method: str = "GET",
    target: str,
    request_id: str,
    seconds: Optional[int] = None,
) -> str:
    """The X-Postern-Identity of a request, signed now or at those unix seconds.

    `target` is what the request line says: the path still percent-encoded, and `?` with the query if there is
    one.
    """
    (usable,) = usable_keys([key])
    moment = int(time.time()) if seconds is None else seconds
    return sign(usable, moment, uid, method, target.encode(), request_id.encode()).decode()


def as_user(
    client: TestClient, uid: str, *, key: Optional[Key] = None, header: str = USER_HEADER
) -> TestClient:
    """That client, but what it sends arrives as if Postern had verified the user's token.

    The client itself stays as it was: both can be used in turn, and several users' at once. They share
    cookies. Each request, a redirected one and a websocket too, gets `header`, and with a key X-Request-Id
    and a signature. Those fields of the test's own are overwritten, as Postern does, but for X-Request-Id.
    """
    if not uid:
        raise ValueError("a user has an id; as_nobody() is for requests without one")
    return _through_the_gate(client, uid, key, header)


def as_nobody(client: TestClient, *, key: Optional[Key] = None, header: str = USER_HEADER) -> TestClient:
    """The same for a request without a token, which Postern lets through on public paths only."""
    return _through_the_gate(client, "", key, header)


def _through_the_gate(client: TestClient, uid: str, key: Optional[Key], header: str) -> TestClient:
    def add_identity(request: Any) -> None:
        fields = request.headers
        for name in (header, IDENTITY_HEADER):
            fields.pop(name, None)
        if uid:
            fields[header] = uid
        if key is not None:
            request_id = fields.setdefault(REQUEST_ID_HEADER, str(uuid.uuid4()))
            path, _, query = request.url.raw_path.decode("ascii").partition("?")
            target = f"{path}?{query}" if query else path
            method = request.method
            fields[IDENTITY_HEADER] = sign_identity(
                key, uid=uid, method=method, target=target, request_id=request_id
            )

    through = copy.copy(client)
    # A hook is run for each request that is sent, so that a redirected one is signed for its own target.
    through.event_hooks = {**client.event_hooks, "request": [*client.event_hooks["request"], add_identity]}
    return through
