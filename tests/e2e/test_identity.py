"""The backend sees the identity that Postern wrote, and no other, whichever server stands behind."""

import json

import pytest
from backend import RECORDER
from gate import token
from wire import Client, request

SPOOFS = [
    ["X-User-Id: bob"],
    ["x-user-id: bob"],
    ["X_User_Id: bob"],
    ["x_user_id: bob"],
    ["X-User_Id: bob"],
    ["X-USER-ID: bob", "x-user-id: bob"],
    ["X-User-Id: bob", "Connection: X-User-Id"],
    ["Connection: x-user-id, close"],
    ["X-User-Id:"],
    ["X-User-Id: bob", "X_User_Id: bob", "Connection: X_User_Id"],
    ["X-Forwarded-User: bob", "Remote-User: bob", "X-User-Id: alice, bob"],
]


@pytest.fixture(scope="module")
def backend(start_on_each_server):
    return start_on_each_server(RECORDER)


@pytest.fixture(scope="module")
def gate(start_gate, backend):
    return start_gate(backend, POSTERN_PUBLIC_PATHS="/health")


def identities_of_the_only_call(backend):
    """The identity header in every spelling that a backend could fold into it."""
    with Client(backend.address) as client:
        (call,) = json.loads(client.get("/seen").body)
    return [value for name, value in call["fields"] if name.replace("_", "-") == "x-user-id"]


@pytest.mark.parametrize("fields", SPOOFS, ids=" + ".join)
def test_a_spoofed_identity_never_arrives(gate, backend, fields):
    with Client(gate.address) as client:
        assert client.get("/api/alice/tasks", *fields, token=token("alice")).status == 200
    assert identities_of_the_only_call(backend) == ["alice"]


@pytest.mark.parametrize("fields", SPOOFS, ids=" + ".join)
def test_nor_does_it_on_a_public_path(gate, backend, fields):
    with Client(gate.address) as client:
        assert client.get("/health", *fields).status == 200
    assert identities_of_the_only_call(backend) == []


def test_nor_as_a_trailer(gate, backend):
    fields = ["Transfer-Encoding: chunked", "Trailer: X-User-Id"]
    with Client(gate.address) as client:
        client.send(request("POST", "/api/alice/tasks", *fields, token=token("alice")))
        client.send(b"5\r\nhello\r\n0\r\nX-User-Id: bob\r\nx_user_id: bob\r\n\r\n")
        response = client.read_response()
    assert response.status == 200 and json.loads(response.body) == {"user_id": "alice", "body": "hello"}
    assert identities_of_the_only_call(backend) == ["alice"]


def test_a_preflight_carries_no_identity_and_reaches_the_cors_middleware(gate):
    fields = ["Origin: https://app.example.com", "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization"]
    with Client(gate.address) as client:
        response = client.get("/api/alice/tasks", *fields, "X-User-Id: bob", method="OPTIONS")
    assert response.status == 200
    assert response.head.one("Access-Control-Allow-Origin") == "https://app.example.com"
