"""The invariant: no handler ever runs with a user_id that differs from the verified uid."""

import json
import sys
from pathlib import Path

import pytest
from backend import RECORDER
from gate import token
from wire import Client, Closed, request

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "attack" / "targets"))

import targets  # noqa: E402

# Beside the table: what FACTS of peers and of uvicorn's parsers say is dangerous, aimed at bob.
MORE = [
    "/api%2Fbob%2Ffiles/alice",
    "/api/bob/files/../../alice/x",
    "/api/bob/files/%2e%2e/%2e%2e/alice/x",
    "/api/alice\\..\\bob/tasks",
    "/api/alice%00/tasks",
    "/api/al%E9/tasks",
    "/api/alice%zz/tasks",
    "/api/alice/tasks#x",
    "/api/bob/tasks#/api/alice/tasks",
    "http://h/api/bob/tasks",
    "http://h/api/alice/../bob/tasks",
    "//api/bob/tasks",
    "/api//alice/tasks",
    "/api/alice/../bob/tasks",
    "/m/alice/tree/../../bob/tasks",
    "/api/v2/bob/notes?user_id=alice",
    "/api/bob/tasks;/api/alice",
    "/api/bob;alice/tasks",
    "/api/alice/tasks?x=/../../bob/tasks",
]


def all_targets():
    return targets.read() + [target.encode() for target in MORE]


def send_target(address, target, bearer, method="GET"):
    """The status, or None when the server just closed."""
    with Client(address) as client:
        head = request(method, "TARGET", token=bearer).replace(b"TARGET", target, 1).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        client.send(head)
        try:
            return client.read_response(method).status
        except (Closed, ConnectionResetError):
            return None


def seen_by(backend):
    with Client(backend.address) as client:
        return json.loads(client.get("/seen").body)


RULES = {"POSTERN_USER_PATHS": "/api/{user_id}/**,/api/v2/{user_id}/**,/m/{user_id}/**", "POSTERN_PUBLIC_PATHS": "/health"}


@pytest.fixture(scope="module")
def backend(start_on_each_server):
    return start_on_each_server(RECORDER)


@pytest.fixture(scope="module")
def gate(start_gate, backend):
    return start_gate(backend, **RULES)


def test_no_target_leads_alices_token_to_anybody_else(gate, backend):
    bearer = token("alice")
    seen_by(backend)
    reached = 0
    for target in all_targets():
        status = send_target(gate.address, target, bearer)
        for call in seen_by(backend):
            reached += 1
            user = call["given"].get("user_id", "alice")
            identities = [value for name, value in call["fields"] if name == "x-user-id"]
            assert user == "alice", f"{target!r} ({status}) ran with user_id={user!r}"
            assert identities == ["alice"] or "user_id" not in call["given"], f"{target!r}: {identities}"
    # Honest targets of alice are among them; a gate that lets nothing through would prove nothing.
    assert reached >= 5


def test_the_same_targets_do_reach_bob_without_the_gate(backend):
    seen_by(backend)
    for target in all_targets():
        send_target(backend.address, target, None)
    users = {call["given"].get("user_id") for call in seen_by(backend)}
    assert {"alice", "bob"} <= users and len(users) > 5


@pytest.mark.parametrize("target", ["/api%2Fbob%2Ffiles/alice", "/api/bob/files/../../alice/x"])
def test_the_usual_bypasses_are_real(backend, target):
    seen_by(backend)
    assert send_target(backend.address, target.encode(), None) == 200
    assert seen_by(backend)[0]["given"]["user_id"] == "bob"
