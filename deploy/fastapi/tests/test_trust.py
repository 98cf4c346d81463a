"""Claims, overrides, optional users and owners of other names: whose word each dependency takes."""

import asyncio
import logging
from typing import Any, Optional

import httpx
import pytest
from fastapi import Depends, FastAPI, HTTPException, WebSocket
from fastapi.testclient import TestClient
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

from postern_fastapi import RequireGate, RequireOwner, VerifiedClaims, VerifiedUser, claim_headers, require_owner
from postern_fastapi.testing import as_nobody, as_user

KEY = "identity-key-of-the-tests-0123456789"
CLAIMS = {"X-User-Role": "role", "X-User-Org": "org"}
ADMIN = {"X-User-Role": "admin"}


def service(key: Optional[str], known: Any = CLAIMS) -> FastAPI:
    app = FastAPI()
    app.add_middleware(
        RequireGate, public=["/feed", "/claims"], direct=["/ready"], keys=[key] if key else [], claims=known
    )

    @app.get("/feed")
    def feed(user: Optional[str] = Depends(VerifiedUser(auto_error=False))) -> Optional[str]:
        return user

    @app.get("/ready")
    def ready(
        user: Optional[str] = Depends(VerifiedUser(auto_error=False)),
        claims: dict[str, str] = Depends(VerifiedClaims(CLAIMS, auto_error=False)),
    ) -> Any:
        return [user, claims]

    @app.get("/claims")
    def claims(found: dict[str, str] = Depends(VerifiedClaims(CLAIMS))) -> dict[str, str]:
        return found

    @app.get("/users/{owner_id}")
    def owned(user: str = Depends(require_owner("owner_id"))) -> str:
        return user

    @app.get("/open/{user_id}")
    def opened(user_id: str, user: str = Depends(require_owner(allow_override=True))) -> list[str]:
        return [user, user_id]

    @app.get("/shut/{user_id}")
    def shut(user: str = Depends(require_owner)) -> str:
        return user

    @app.get("/both/{connection}/{user_id}")
    def both(user: str = Depends(RequireOwner(parameter="connection"))) -> str:
        return user

    @app.websocket("/live/{user_id}")
    async def live(socket: WebSocket, user: str = Depends(require_owner(allow_override=True))) -> None:
        await socket.accept()
        await socket.close()

    return app


@pytest.fixture(params=[None, KEY], ids=["without keys", "with keys"])
def key(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize(
    ("path", "options", "status", "answer", "why"),
    [
        ("/feed", {}, 200, "alice", "an optional user who is there"),
        ("/users/alice", {}, 200, "alice", "a parameter of another name"),
        ("/users/bob", {}, 403, None, "is compared"),
        ("/both/alice/bob", {}, 200, "alice", "any name, and that one alone"),
        ("/both/bob/alice", {}, 403, None, "that one alone"),
        ("/shut/bob", {"override": True}, 403, None, "an override passes only where it was asked for"),
        ("/users/bob", {"override": True}, 403, None, "nor by another name"),
        ("/open/bob", {"override": True}, 200, ["alice", "bob"], "where it was, the user stays who asks"),
        ("/open/bob", {}, 403, None, "and nobody else gets in"),
        ("/open/alice", {}, 200, ["alice", "alice"], "the owner does"),
        ("/claims", {"claims": ADMIN}, 200, {"role": "admin"}, "the claims by their names"),
        ("/claims", {"claims": {"X-User-Role": "a,b", "X-User-Org": "o 1"}}, 200, {"role": "a,b", "org": "o 1"}, "two"),
        ("/claims", {}, 200, {}, "a token without them"),
    ],
)
def test_what_the_gate_says_reaches_the_route(
    key: Any, path: str, options: Any, status: int, answer: Any, why: str
) -> None:
    response = as_user(TestClient(service(key)), "alice", key=key, **options).get(path)
    assert response.status_code == status, why
    assert answer is None or response.json() == answer, why


def test_without_a_user_there_is_none_and_no_claim(key: Any) -> None:
    client = TestClient(service(key))
    nobody = as_nobody(client, key=key)
    assert nobody.get("/feed").json() is None
    assert nobody.get("/claims").status_code == 401
    assert nobody.get("/claims", headers=ADMIN).status_code == 401
    assert client.get("/ready", headers={**ADMIN, "X-Postern-Override": "true"}).json() == [None, {}]
    twice = [("X-User-Id", "alice"), ("X-User-Id", "bob")]
    assert TestClient(service(None)).get("/feed", headers=twice).json() is None


@pytest.mark.parametrize(
    ("claims", "override", "forged", "why"),
    [
        (None, False, {"X-User-Role": "admin"}, "a claim that was not signed"),
        ({"X-User-Org": "o1"}, False, {"X-User-Role": "admin"}, "one more beside those that were"),
        (None, False, {"X-Postern-Override": "true"}, "an override that was not signed"),
        (ADMIN, False, {"X-Postern-Override": "true"}, "one beside claims"),
    ],
)
def test_a_stranger_who_has_somebodys_signature_adds_nothing_to_it(
    claims: Any, override: bool, forged: Any, why: str
) -> None:
    sent = httpx.Request("GET", "http://testserver/open/bob")
    as_user(TestClient(service(KEY)), "alice", key=KEY, claims=claims).event_hooks["request"][-1](sent)
    response = TestClient(service(KEY)).get("/open/bob", headers={**sent.headers, **forged})
    assert response.status_code == 401, why


def test_a_header_that_no_signature_covers_is_an_error_and_not_a_claim() -> None:
    # The gate removes from requests only the claim headers that it is configured to write: this one is a client's.
    careless = TestClient(service(KEY, known=["X-User-Org"]))
    with pytest.raises(RuntimeError, match="x-user-role is covered by no signature"):
        as_user(careless, "alice", key=KEY).get("/claims", headers=ADMIN)
    app = FastAPI()
    app.add_middleware(RequireGate, keys=[KEY])

    @app.get("/")
    def other(user: str = Depends(VerifiedUser("X-Other-User"))) -> str:
        return user

    with pytest.raises(RuntimeError, match="x-other-user"):
        as_user(TestClient(app), "alice", key=KEY).get("/", headers={"X-Other-User": "root"})


@pytest.mark.parametrize("values", [[b""], [b" "], ["caf\u00e9".encode()], [b"a\tb"], [b" a"], [b"a", b"a"]])
def test_a_claim_that_postern_cannot_have_written_is_refused(values: list[bytes]) -> None:
    headers = [(b"x-user-id", b"alice"), *((b"x-user-role", value) for value in values)]
    connection = HTTPConnection({"type": "http", "headers": headers})
    with pytest.raises(HTTPException) as refused:
        asyncio.run(VerifiedClaims(CLAIMS)(connection))
    assert refused.value.status_code == 401


def test_no_websocket_is_opened_by_an_override(key: Any) -> None:
    client = as_user(TestClient(service(key)), "alice", key=key, override=True)
    with client.websocket_connect("/live/alice"):
        pass
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/live/bob"):
        pass


def test_openapi_has_the_parameter_by_its_name_and_the_scheme() -> None:
    document = TestClient(service(None)).get("/openapi.json", headers={"X-User-Id": "alice"}).json()
    operation = document["paths"]["/users/{owner_id}"]["get"]
    assert [(one["name"], one["in"], one["required"]) for one in operation["parameters"]] == [("owner_id", "path", True)]
    assert operation["security"] == [{"bearerAuth": []}]
    assert document["paths"]["/claims"]["get"]["security"] == [{"bearerAuth": []}]


def test_dependencies_can_be_overridden_as_any() -> None:
    app = service(None)
    app.dependency_overrides[require_owner] = lambda: "somebody"
    assert as_user(TestClient(app), "alice").get("/shut/bob").json() == "somebody"


@pytest.mark.parametrize(
    ("headers", "key", "reason", "why"),
    [
        ({}, None, "no user, and the path is neither public nor direct", "no keys"),
        ({"X-User-Id": "alice"}, KEY, "no X-Postern-Identity", "round the gate"),
        ({"X-Postern-Identity": "v1.0.x", "X-Request-Id": "r"}, KEY, "not written as Postern writes it", "odd"),
        ({"X-Postern-Identity": f"v1.1.{'A' * 43}", "X-Request-Id": "r"}, KEY, "s old, and good for 30", "old"),
    ],
)
def test_why_a_request_was_refused_is_logged_and_not_answered(
    caplog: pytest.LogCaptureFixture, headers: Any, key: Any, reason: str, why: str
) -> None:
    with caplog.at_level(logging.WARNING, "postern_fastapi"):
        response = TestClient(service(key)).get("/shut/bob", headers=headers)
    assert response.json() == {"detail": "Not authenticated"}, why
    assert [record.levelname for record in caplog.records if record.name == "postern_fastapi"] == ["WARNING"]
    assert caplog.messages[-1].startswith("refused 'GET' '/shut/bob': ") and reason in caplog.messages[-1], why


def test_another_key_and_a_hostile_path_are_logged_in_one_line_without_secrets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = "another-key-of-the-tests-0123456789"
    response = as_user(TestClient(service(KEY)), "alice", key=other).get("/a%0Ab%1b/" + "c" * 400)
    assert response.status_code == 401
    (message,) = [record.getMessage() for record in caplog.records if record.name == "postern_fastapi"]
    assert "another key's" in message and len(message) < 500 and message.isprintable()
    assert other not in message and KEY not in message
    assert response.request.headers["X-Postern-Identity"] not in message


def test_an_async_client_is_a_user_too(key: Any) -> None:
    async def ask() -> list[int]:
        app: Any = service(key)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            alice, nobody = as_user(client, "alice", key=key, claims=ADMIN), as_nobody(client, key=key)
            assert (await alice.get("/claims")).json() == {"role": "admin"}
            answers = [await one.get(path) for one in (alice, nobody) for path in ("/shut/alice", "/shut/bob")]
            return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [200, 403, 401, 401]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("X-User-Role=role, X-User-Org=activeOrganizationId", {"X-User-Role": "role", "X-User-Org": "activeOrganizationId"}),
        ("X-User-Role=https://example.com/role=x", {"X-User-Role": "https://example.com/role=x"}),
        ("X-User-Role", None),
        ("X-User-Role=", None),
        ("=role", None),
        ("X User=role", None),
        ("X-User-Role=role,x_user_role=other", None),
    ],
)
def test_claim_headers_are_read_as_postern_reads_them(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: Any
) -> None:
    monkeypatch.setenv("POSTERN_CLAIM_HEADERS", text)
    if expected is None:
        with pytest.raises(ValueError):
            claim_headers()
        return
    assert claim_headers() == expected
