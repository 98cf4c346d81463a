"""POSTERN_IDENTITY_KEY: every forwarded request carries one signature of what it is, and nobody else's."""

import base64
import hashlib
import hmac
import os
import time

import pytest
from gate import token
from wire import Client, request

KEY = "identity-key-0123456789abcdef-0123"
NEXT_KEY = "another-identity-key-0123456789abc"
PREFLIGHT = ["Origin: https://app", "Access-Control-Request-Method: GET"]


def signature(seconds, uid, method, target, request_id, key=KEY):
    message = "\n".join(["postern-identity-v1", seconds, uid, method, target, request_id])
    tag = hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(tag).rstrip(b"=").decode()


def check_signed(seen, key=KEY, target=None):
    """One signature, recent, and of this very request."""
    value = seen.head.one("X-Postern-Identity")
    version, seconds, tag = value.split(".")
    assert version == "v1" and seconds == str(int(seconds)) and abs(int(seconds) - time.time()) < 30
    uid = seen.head.one("X-User-Id") or ""
    assert tag == signature(seconds, uid, seen.method, target or seen.target, seen.head.one("X-Request-Id"), key)


def foldable(name):
    return name.decode("latin-1").lower().replace("_", "-")


ROWS = [  # (method, target, token, fields, uid, why)
    ("GET", "/api/alice/x", token("alice"), [], "alice", "a user's request"),
    ("DELETE", "/api/alice/x?a=1&b=%20", token("alice"), ["X-Request-Id: mine"], "alice", "a query, a request id of the client's"),
    ("GET", "/api/%61lice/x", token("alice"), [], "alice", "an encoded path is signed as it is sent"),
    ("GET", "http://gate/api/alice/x", token("alice"), [], "alice", "an absolute-form target becomes what is sent"),
    ("GET", "/shared", token("carol"), [], "carol", "any valid token"),
    ("GET", "/health", None, [], "", "public, signed without identity"),
    ("OPTIONS", "/api/alice/x", None, PREFLIGHT, "", "a preflight carries no identity"),
    ("GET", "/api/alice/x", token("alice"), ["X-Postern-Identity: v1.1.forged"], "alice", "a forged one"),
    ("GET", "/health", None, ["X_Postern-identity: v1.1.f", "X-POSTERN-IDENTITY: g"], "", "forged spellings"),
    ("GET", "/health", None, ["Connection: X-Postern-Identity"], "", "a nominated one"),
]


@pytest.mark.parametrize("method,target,bearer,fields,uid,why", ROWS, ids=[row[-1] for row in ROWS])
def test_what_is_forwarded_is_signed_once(start, upstream, method, target, bearer, fields, uid, why):
    gate = start(POSTERN_IDENTITY_KEY=KEY, POSTERN_PUBLIC_PATHS="/health", POSTERN_TOKEN_PATHS="/shared")
    with Client(gate.address) as client:
        assert client.get(target, *fields, token=bearer, method=method).status == 200
    (seen,) = upstream.requests
    assert [name for name, _ in seen.head.fields if foldable(name) == "x-postern-identity"] == [b"X-Postern-Identity"]
    assert (seen.head.one("X-User-Id") or "") == uid
    check_signed(seen)


def test_an_empty_query_is_signed_like_none(start, upstream):
    gate = start(POSTERN_IDENTITY_KEY=KEY)
    with Client(gate.address) as client:
        assert client.get("/api/alice/x?", token=token("alice")).status == 200
    assert upstream.requests[0].target == "/api/alice/x?"
    check_signed(upstream.requests[0], target="/api/alice/x")


def test_a_websocket_and_a_body_with_trailers_are_signed_by_their_head(start, upstream):
    gate = start(POSTERN_IDENTITY_KEY=KEY)
    bearer = f"Authorization: Bearer {token('alice')}"
    upgrade = request("GET", "/api/alice/ws", bearer, "Connection: Upgrade", "Upgrade: websocket")
    chunked = request("POST", "/api/alice/x", bearer, "Transfer-Encoding: chunked") + (
        b"2\r\nhi\r\n0\r\nX-Postern-Identity: v1.1.f\r\nX_Postern_Identity: f\r\n\r\n")
    for raw in (upgrade, chunked):
        with Client(gate.address) as client:
            assert client.send(raw).read_response().status == 200
    for seen in upstream.requests:
        check_signed(seen)
        assert seen.trailers == []


def test_without_a_key_nothing_is_signed_and_a_forged_one_still_removed(gate, upstream):
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", "X-Postern-Identity: v1.1.f", "x_postern_identity: f", token=token("alice")).status == 200
    assert [name for name, _ in upstream.requests[0].head.fields if foldable(name) == "x-postern-identity"] == []


def test_a_replaced_key_file_signs_what_comes_after(start, upstream, tmp_path):
    file = tmp_path / "identity"
    file.write_text(KEY + "\n")
    gate = start(POSTERN_IDENTITY_KEY_FILE=str(file))
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=token("alice")).status == 200
        (tmp_path / "new").write_text(NEXT_KEY)
        os.replace(tmp_path / "new", file)
        gate.wait_for_log(msg="keys reloaded")
        assert client.get("/api/alice/x", token=token("alice")).status == 200
    check_signed(upstream.requests[0])
    check_signed(upstream.requests[1], NEXT_KEY)


def test_neither_key_nor_signature_is_logged(start, upstream):
    gate = start(POSTERN_IDENTITY_KEY=KEY, POSTERN_LOG_LEVEL="debug")
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=token("alice")).status == 200
    gate.wait_for_log(msg="request")
    tag = upstream.requests[0].head.one("X-Postern-Identity").split(".")[2]
    assert not any(secret in str(line) for line in gate.lines for secret in (KEY, tag))
