"""The to-do service: what it answers, and that users never meet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from example.app import LARGEST_ID, app
from postern_fastapi.testing import as_user


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The service with one task, number 1, of alice."""
    monkeypatch.setenv("TASKS_DB", str(tmp_path / "tasks.db"))
    with TestClient(app) as client:
        added = as_user(client, "alice").post("/api/alice/tasks", json={"title": "Buy milk"})
        assert (added.status_code, added.json()) == (201, MILK)
        yield client


MILK: Any = {"id": 1, "title": "Buy milk", "done": False}
DONE = {"done": True}


@pytest.mark.parametrize(
    ("user", "method", "path", "body", "status", "answer", "why"),
    [
        ("alice", "GET", "/api/alice/tasks", None, 200, [MILK], "her list"),
        (
            "alice",
            "POST",
            "/api/alice/tasks",
            {"title": "x"},
            201,
            {"id": 2, "title": "x", "done": False},
            "a new one",
        ),
        ("alice", "PATCH", "/api/alice/tasks/1", DONE, 200, {**MILK, "done": True}, "done"),
        ("alice", "PATCH", "/api/alice/tasks/1", {"done": False}, 200, MILK, "open again"),
        ("alice", "PATCH", "/api/alice/tasks/2", DONE, 404, {"detail": "Not Found"}, "no such task"),
        ("alice", "DELETE", "/api/alice/tasks/1", None, 204, None, "gone"),
        ("alice", "DELETE", "/api/alice/tasks/2", None, 404, {"detail": "Not Found"}, "no such task"),
        ("bob", "GET", "/api/bob/tasks", None, 200, [], "another user's list is another list"),
        (
            "bob",
            "PATCH",
            "/api/bob/tasks/1",
            DONE,
            404,
            {"detail": "Not Found"},
            "alice's number in bob's path",
        ),
        (
            "bob",
            "DELETE",
            "/api/bob/tasks/1",
            None,
            404,
            {"detail": "Not Found"},
            "alice's number in bob's path",
        ),
        ("bob", "GET", "/api/alice/tasks", None, 403, {"detail": "Forbidden"}, "alice's path"),
        ("bob", "DELETE", "/api/alice/tasks/1", None, 403, {"detail": "Forbidden"}, "alice's path"),
        (None, "GET", "/api/alice/tasks", None, 401, {"detail": "Not authenticated"}, "nobody"),
        (
            None,
            "POST",
            "/api/alice/tasks",
            {"bad": 1},
            401,
            {"detail": "Not authenticated"},
            "before the body is read",
        ),
        (
            None,
            "GET",
            "/not/there",
            None,
            401,
            {"detail": "Not authenticated"},
            "nobody learns which routes exist",
        ),
        (None, "GET", "/health", None, 200, {"status": "ok"}, "public"),
    ],
)
def test_users_see_and_change_their_own_tasks_only(
    client: TestClient, user: Any, method: str, path: str, body: Any, status: int, answer: Any, why: str
) -> None:
    sender = as_user(client, user) if user else client
    response = sender.request(method, path, json=body)
    assert (response.status_code, response.json() if response.content else None) == (status, answer), why
    kept = as_user(client, "alice").get("/api/alice/tasks").json()
    assert user == "alice" or kept == [MILK], why


@pytest.mark.parametrize(
    ("method", "path", "body", "why"),
    [
        ("POST", "/api/alice/tasks", {}, "no title"),
        ("POST", "/api/alice/tasks", {"title": ""}, "an empty title"),
        ("POST", "/api/alice/tasks", {"title": "x" * 201}, "a title too long"),
        ("PATCH", "/api/alice/tasks/1", {}, "no change"),
        ("PATCH", "/api/alice/tasks/0", DONE, "no number of a task"),
        ("PATCH", f"/api/alice/tasks/{LARGEST_ID + 1}", DONE, "more than SQLite can hold"),
        ("DELETE", "/api/alice/tasks/one", None, "not a number"),
    ],
)
def test_bad_input_is_answered_with_422(
    client: TestClient, method: str, path: str, body: Any, why: str
) -> None:
    response = as_user(client, "alice").request(method, path, json=body)
    assert response.status_code == 422, why


def test_tasks_are_still_there_after_a_restart(client: TestClient) -> None:
    with TestClient(app) as again:
        assert as_user(again, "alice").get("/api/alice/tasks").json() == [MILK]


def test_every_operation_but_the_probe_is_documented_as_guarded(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            guarded = path != "/health"
            assert operation.get("security") == ([{"bearerAuth": []}] if guarded else None)
            assert {"401", "403"} <= operation["responses"].keys() or not guarded
    users, shared = "/api/{user_id}/tasks", "/api/orgs/{org_id}/tasks"
    assert set(document["paths"]) == {"/health", "/admin/users", users, users + "/{task_id}", shared}


@pytest.mark.parametrize(
    ("path", "claims", "override", "status", "why"),
    [
        ("/api/orgs/o1/tasks", {"X-User-Org": "o1"}, False, 200, "the active organisation"),
        ("/api/orgs/o2/tasks", {"X-User-Org": "o1"}, False, 403, "another one"),
        ("/api/orgs/o1/tasks", {"X-User-Org": "o1,o2"}, False, 403, "a list is not split"),
        ("/api/orgs/o1/tasks", {}, False, 403, "none"),
        ("/admin/users", {"X-User-Role": "user,admin"}, False, 200, "an admin"),
        ("/admin/users", {"X-User-Role": "administrator"}, False, 403, "nearly one"),
        ("/admin/users", {}, True, 403, "an override is no role"),
        ("/api/bob/tasks", {}, True, 200, "another user's list, where the gate allows it"),
        ("/api/bob/tasks", {}, False, 403, "and where it does not"),
    ],
)
def test_the_service_compares_the_claims_once_more(
    client: TestClient, path: str, claims: Any, override: bool, status: int, why: str
) -> None:
    assert as_user(client, "alice", claims=claims, override=override).get(path).status_code == status, why
    assert client.get(path, headers=claims).status_code == 401, why


def test_an_override_changes_nothing(client: TestClient) -> None:
    support = as_user(client, "sam", override=True)
    assert support.post("/api/alice/tasks", json={"title": "x"}).status_code == 403
    assert support.delete("/api/alice/tasks/1").status_code == 403
