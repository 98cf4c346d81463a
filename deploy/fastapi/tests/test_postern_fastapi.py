"""The dependencies: what they give a route, what they answer otherwise, how they document themselves."""

from typing import Any

import fastapi
import pytest
from fastapi import Depends, FastAPI, WebSocket
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from postern_fastapi import RequireOwner, VerifiedUser, require_owner

app = FastAPI()


@app.get("/me")
def me(user: str = Depends(VerifiedUser())) -> dict[str, str]:
    return {"user": user}


@app.get("/renamed/{user_id}")
def renamed(user: str = Depends(RequireOwner("X-Verified-User"))) -> dict[str, str]:
    return {"user": user}


@app.get("/api/{user_id}/tasks")
def tasks(user: str = Depends(require_owner)) -> dict[str, str]:
    return {"user": user}


@app.get("/nobody")
def nobody(user: str = Depends(require_owner)) -> dict[str, str]:
    return {"user": user}


@app.websocket("/api/{user_id}/live")
async def live(socket: WebSocket, user: str = Depends(require_owner)) -> None:
    await socket.accept()
    await socket.send_text(user)
    await socket.close()


if tuple(int(part) for part in fastapi.__version__.split(".")[:2]) >= (0, 95):
    from typing import Annotated

    @app.get("/annotated")
    def annotated(user: Annotated[str, Depends(VerifiedUser())]) -> dict[str, str]:
        return {"user": user}

    forms = ["/me", "/annotated"]
else:
    forms = ["/me"]

client = TestClient(app)
ALICE = ("X-User-Id", "alice")
BOB = ("X-User-Id", "bob")
REFUSED = {"detail": "Not authenticated"}


@pytest.mark.parametrize(
    ("path", "headers", "status", "answer", "why"),
    [
        *[(form, [ALICE], 200, {"user": "alice"}, "both ways to write the dependency") for form in forms],
        *[(form, [], 401, REFUSED, "no header") for form in forms],
        ("/me", [("X-User-Id", "")], 401, REFUSED, "an empty header"),
        ("/me", [ALICE, ALICE], 401, REFUSED, "twice"),
        ("/me", [("X_User_Id", "bob")], 401, REFUSED, "underscores"),
        ("/me", [("Authorization", "Bearer token")], 401, REFUSED, "the token itself is not looked at"),
        ("/api/alice/tasks", [ALICE], 200, {"user": "alice"}, "the owner"),
        ("/api/%61lice/tasks", [ALICE], 200, {"user": "alice"}, "the path is compared decoded"),
        ("/api/alice/tasks", [BOB], 403, {"detail": "Forbidden"}, "another user"),
        ("/api/Alice/tasks", [ALICE], 403, {"detail": "Forbidden"}, "ids are case-sensitive"),
        ("/api/alice%20/tasks", [ALICE], 403, {"detail": "Forbidden"}, "byte for byte"),
        ("/api/alice/tasks?user_id=bob", [BOB], 403, {"detail": "Forbidden"}, "the query has no say"),
        ("/api/alice/tasks", [], 401, REFUSED, "nobody"),
        (
            "/renamed/alice",
            [("X-Verified-User", "alice")],
            200,
            {"user": "alice"},
            "a header of another name",
        ),
        ("/renamed/alice", [ALICE], 401, REFUSED, "then the default one does not count"),
    ],
)
def test_a_route_runs_for_its_verified_user_only(
    path: str, headers: Any, status: int, answer: Any, why: str
) -> None:
    response = client.get(path, headers=headers)
    assert (response.status_code, response.json()) == (status, answer), why
    assert response.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None), why


def test_an_owner_without_a_user_id_in_the_path_is_always_refused() -> None:
    assert client.get("/nobody?user_id=alice", headers=[ALICE]).status_code == 422


@pytest.mark.parametrize(("headers", "why"), [([], "nobody"), ([BOB], "another user")])
def test_a_websocket_is_closed_before_it_opens(headers: Any, why: str) -> None:
    with pytest.raises(WebSocketDisconnect) as closed:
        with client.websocket_connect("/api/alice/live", headers=dict(headers)):
            pass
    assert closed.value.code == 1008, why


def test_a_websocket_opens_for_its_owner() -> None:
    with client.websocket_connect("/api/alice/live", headers=dict([ALICE])) as socket:
        assert socket.receive_text() == "alice"


def test_openapi_asks_clients_for_a_bearer_token_and_not_for_the_header() -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"]["/api/{user_id}/tasks"]["get"]
    scheme = document["components"]["securitySchemes"]["bearerAuth"]
    assert (scheme["type"], scheme["scheme"], scheme["bearerFormat"]) == ("http", "bearer", "JWT")
    assert operation["security"] == [{"bearerAuth": []}]
    assert [(parameter["name"], parameter["in"]) for parameter in operation["parameters"]] == [
        ("user_id", "path")
    ]
