"""The example behind the real gate, by the fixture that a service's own tests would use."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from example.app import app
from postern_fastapi import RequireGate
from postern_fastapi.testing import Gate, gate_fixture, running_gate

KEY = "identity-key-of-the-tests-0123456789"
POLICY = {
    "POSTERN_TOKEN_PATHS": "/api/orgs/{org_id}/** {org_id}=activeOrganizationId,GET /admin/** role=admin",
    "POSTERN_CLAIM_HEADERS": "X-User-Role=role,X-User-Org=activeOrganizationId",
    "POSTERN_PUBLIC_PATHS": "/health",
    "POSTERN_OVERRIDE": "role=support",
}

gate = gate_fixture(app, POLICY)


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TASKS_DB", str(tmp_path / "tasks.db"))
    yield


def test_users_reach_their_own_tasks(gate: Gate) -> None:
    alice, bob = gate.as_user("alice"), gate.as_user("bob")
    added = alice.post("/api/alice/tasks", json={"title": "Buy milk"})
    assert (added.status_code, added.json()["title"]) == (201, "Buy milk")
    assert alice.get("/api/bob/tasks").status_code == 403
    assert bob.get("/api/bob/tasks").json() == []
    assert gate.as_nobody().get("/api/alice/tasks").status_code == 401
    assert gate.as_nobody().get("/api/alice/tasks", headers={"X-User-Id": "alice"}).status_code == 401
    assert gate.as_nobody().get("/health").json() == {"status": "ok"}


def test_an_organisations_tasks_are_for_whom_it_is_the_active_organisation(gate: Gate) -> None:
    alice = gate.as_user("alice", activeOrganizationId="o1")
    bob = gate.as_user("bob", activeOrganizationId="o2")
    assert alice.post("/api/orgs/o1/tasks", json={"title": "Ship it"}).status_code == 201
    assert [task["title"] for task in alice.get("/api/orgs/o1/tasks").json()] == ["Ship it"]
    assert bob.get("/api/orgs/o2/tasks").json() == []
    for stranger in (bob, gate.as_user("carol"), gate.as_user("dave", activeOrganizationId="O1")):
        refused = stranger.get("/api/orgs/o1/tasks")
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (
            403,
            'Bearer error="insufficient_scope"',
        )


def test_a_user_called_like_an_organisation_shares_nothing_with_it(gate: Gate) -> None:
    gate.as_user("alice", activeOrganizationId="o1").post("/api/orgs/o1/tasks", json={"title": "theirs"})
    assert gate.as_user("o1").get("/api/o1/tasks").json() == []


def test_the_admins_page_is_the_admins(gate: Gate) -> None:
    gate.as_user("alice").post("/api/alice/tasks", json={"title": "x"})
    counts = gate.as_user("root", role="user,admin").get("/admin/users")
    assert (counts.status_code, counts.json()) == (200, {"alice": 1})
    assert gate.as_user("alice").get("/admin/users").status_code == 403
    assert gate.as_user("alice", role="administrator").get("/admin/users").status_code == 403
    forged = gate.as_user("alice").get("/admin/users", headers={"X-User-Role": "admin"})
    assert forged.status_code == 403


def test_support_reads_a_users_tasks_and_changes_none(gate: Gate) -> None:
    gate.as_user("alice").post("/api/alice/tasks", json={"title": "Buy milk"})
    support = gate.as_user("sam", role="support")
    assert [task["title"] for task in support.get("/api/alice/tasks").json()] == ["Buy milk"]
    assert support.post("/api/alice/tasks", json={"title": "x"}).status_code == 403
    assert support.get("/api/sam/tasks").json() == []


def test_a_service_with_keys_takes_what_the_gate_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTERN_IDENTITY_KEY", KEY)
    guarded = FastAPI()
    guarded.add_middleware(RequireGate, keys=[KEY], claims=["X-User-Role"])

    @guarded.get("/api/{user_id}/x")
    def own(user_id: str) -> str:
        return user_id

    settings = {"POSTERN_CLAIM_HEADERS": "X-User-Role=role", "POSTERN_OVERRIDE": "role=admin"}
    with running_gate(guarded, settings) as gate:
        assert gate.as_user("alice", role="user").get("/api/alice/x").json() == "alice"
        assert gate.as_user("alice").get("/api/alice/x").json() == "alice"
        assert gate.as_user("root", role="admin").get("/api/alice/x").json() == "alice"
        # A client's field that the gate was not told of passes, and is covered by nothing.
        assert gate.as_user("alice").get("/api/alice/x", headers={"X-User-Role": "admin"}).status_code == 200
    with running_gate(guarded, {**settings, "POSTERN_CLAIM_HEADERS": "X-User-Plan=plan"}) as gate:
        assert gate.as_user("alice").get("/api/alice/x").json() == "alice"
        assert gate.as_user("alice").get("/api/alice/x", headers={"X-User-Role": "admin"}).status_code == 401


def test_an_application_can_be_named_and_issuer_and_audience_are_in_the_tokens() -> None:
    settings = {"POSTERN_JWT_ISSUER": "https://auth.test", "POSTERN_JWT_AUDIENCE": "api"}
    with running_gate("example.app:app", settings) as gate:
        assert gate.as_user("alice").get("/api/alice/tasks").json() == []
        assert gate.as_user("alice", aud="another").get("/api/alice/tasks").status_code == 401
    with pytest.raises(ValueError, match="module:name"), running_gate("example"):
        pass


@pytest.mark.parametrize(
    ("named", "path", "words"),
    [
        (None, "/nowhere", "no `postern` on the PATH"),
        ("/nowhere/postern", "/nowhere", "POSTERN_BIN names '/nowhere/postern'"),
    ],
)
def test_a_missing_binary_is_told_plainly(monkeypatch: pytest.MonkeyPatch, named: Any, path: str, words: str) -> None:
    monkeypatch.setenv("PATH", path)
    monkeypatch.setenv("POSTERN_BIN", named) if named else monkeypatch.delenv("POSTERN_BIN", raising=False)
    with pytest.raises(RuntimeError, match=words), running_gate(app):
        pass


def test_what_the_gate_says_of_wrong_settings_is_in_the_error() -> None:
    with pytest.raises(RuntimeError, match="POSTERN_USER_PATHS"), running_gate(app, {"POSTERN_USER_PATHS": "api"}):
        pass


@pytest.mark.parametrize("settings", [{"POSTERN_LOG_LEVEL": "error"}, {"POSTERN_LOG_FORMAT": "text"}], ids=["silent", "text"])
def test_a_gate_that_does_not_say_where_it_listens_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    monkeypatch.setattr("postern_fastapi.running_gate._SPEAKS_WITHIN", 1.0)
    with pytest.raises(RuntimeError, match="it has to log info, as JSON"), running_gate(app, settings):
        pass


def test_an_application_that_does_not_start_is_told() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "lifespan.startup"
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match="did not start"), running_gate(broken):
        pass
