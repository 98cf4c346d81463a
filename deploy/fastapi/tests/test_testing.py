"""What a service's own tests use in Postern's place."""

from collections.abc import Callable
from typing import Any, Optional

import pytest
from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from postern_fastapi import RequireGate, VerifiedUser, require_owner
from postern_fastapi.testing import as_nobody, as_user

KEY = "identity-key-of-the-tests-0123456789"


def service(key: Optional[str]) -> FastAPI:
    app = FastAPI()
    app.add_middleware(RequireGate, public=["/public"], keys=[key] if key else [])

    @app.get("/public")
    def public() -> str:
        return "public"

    @app.api_route("/api/{user_id}/tasks", methods=["GET", "POST"])
    def tasks(request: Request, user: str = Depends(require_owner)) -> list[str]:
        return [user, request.method, request.headers.get("x-request-id", "")]

    @app.get("/api/{user_id}/files/{path:path}")
    def files(path: str, user: str = Depends(VerifiedUser()), q: str = "") -> list[str]:
        return [user, path, q]

    @app.websocket("/api/{user_id}/live")
    async def live(socket: WebSocket, user: str = Depends(require_owner)) -> None:
        await socket.accept()
        await socket.send_text(user)
        await socket.close()

    return app


@pytest.fixture(params=[None, KEY], ids=["without keys", "with keys"])
def key(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def client(key: Any) -> TestClient:
    return TestClient(service(key))


@pytest.mark.parametrize(
    ("method", "target", "options", "status", "answer", "why"),
    [
        ("GET", "/api/alice/tasks", {}, 200, "alice", "her own"),
        ("POST", "/api/alice/tasks", {"json": {"a": 1}}, 200, "alice", "with a body"),
        ("GET", "/api/bob/tasks", {}, 403, None, "somebody else's"),
        ("GET", "/api/alice/tasks/", {}, 200, "alice", "a redirected request is signed again"),
        ("GET", "/api/alice/tasks?a=1&b=%20", {}, 200, "alice", "a query"),
        ("GET", "/api/alice/tasks?", {}, 200, "alice", "an empty query"),
        ("GET", "/api/alice/tasks", {"params": {"a": "é /?"}}, 200, "alice", "a query as parameters"),
        ("GET", "/api/alice/files/a b/ü", {}, 200, "alice", "a path that has to be encoded"),
        ("GET", "/api/alice/files/a%20b/%C3%BC", {}, 200, "alice", "one that is"),
        ("GET", "/api/alice/tasks", {"headers": {"x-user-id": "bob"}}, 200, "alice", "Postern's word counts"),
        ("GET", "/api/alice/tasks", {"headers": {"x-postern-identity": "v1.0.x"}}, 200, "alice", "here too"),
        ("GET", "/public", {}, 200, None, "a public path"),
    ],
)
def test_a_client_as_a_user_is_that_user(
    client: TestClient, key: Any, method: str, target: str, options: Any, status: int, answer: Any, why: str
) -> None:
    response = as_user(client, "alice", key=key).request(method, target, **options)
    assert response.status_code == status, why
    assert answer is None or response.json()[0] == answer, why


def test_the_client_itself_stays_nobody_and_several_users_do_not_meet(client: TestClient, key: Any) -> None:
    alice, bob = as_user(client, "alice", key=key), as_user(client, "bob", key=key)
    for _ in range(2):
        assert alice.get("/api/alice/tasks").json()[0] == "alice"
        assert bob.get("/api/bob/tasks").json()[0] == "bob"
        assert alice.get("/api/bob/tasks").status_code == bob.get("/api/alice/tasks").status_code == 403
        assert client.get("/api/alice/tasks").status_code == 401


def test_nobody_sees_what_is_public(client: TestClient, key: Any) -> None:
    nobody = as_nobody(client, key=key)
    assert nobody.get("/public").json() == "public"
    assert nobody.get("/api/alice/tasks").status_code == 401
    assert as_nobody(as_user(client, "alice", key=key), key=key).get("/api/alice/tasks").status_code == 401
    assert client.get("/public").status_code == (401 if key else 200), "round the gate"


def test_the_wrong_key_is_refused_and_so_is_none(client: TestClient, key: Any) -> None:
    for other in ("another-key-of-the-tests-0123456789", None):
        expected = 401 if key else 200
        assert as_user(client, "alice", key=other).get("/api/alice/tasks").status_code == expected


def test_a_request_id_of_the_tests_own_is_kept(client: TestClient, key: Any) -> None:
    response = as_user(client, "alice", key=key).get("/api/alice/tasks", headers={"X-Request-Id": "mine"})
    assert response.json()[2] == "mine"


def test_a_signature_of_the_tests_own_is_taken_away(client: TestClient, key: Any) -> None:
    forged = {"X-Postern-Identity": "forged"}
    sent = as_user(client, "alice", key=key).get("/api/alice/tasks", headers=forged).request.headers
    assert sent.get("X-Postern-Identity", "").startswith("v1." if key else "")
    assert "forged" not in sent.values()


def test_websockets_work_too(client: TestClient, key: Any) -> None:
    with as_user(client, "alice", key=key).websocket_connect("/api/alice/live") as socket:
        assert socket.receive_text() == "alice"
    refused: list[Callable[[], Any]] = [
        lambda: client.websocket_connect("/api/alice/live"),
        lambda: as_user(client, "bob", key=key).websocket_connect("/api/alice/live"),
        lambda: as_nobody(client, key=key).websocket_connect("/api/alice/live"),
    ]
    for connect in refused:
        with pytest.raises(WebSocketDisconnect), connect():
            pass


def test_it_works_within_the_lifespan_of_the_application(key: Any) -> None:
    with TestClient(service(key)) as client:
        assert as_user(client, "alice", key=key).get("/api/alice/tasks").status_code == 200


def test_the_header_can_have_another_name() -> None:
    app = FastAPI()
    app.add_middleware(RequireGate, header="X-Verified-User", keys=[KEY])

    @app.get("/me")
    def me(user: str = Depends(VerifiedUser("X-Verified-User"))) -> str:
        return user

    client = TestClient(app)
    assert as_user(client, "alice", key=KEY, header="X-Verified-User").get("/me").json() == "alice"
    assert as_user(client, "alice", key=KEY).get("/me").status_code == 401


def test_a_user_without_an_id_is_an_error(client: TestClient) -> None:
    with pytest.raises(ValueError):
        as_user(client, "")
