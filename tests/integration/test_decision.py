"""The decision, step by step, and the answers that Postern gives itself."""

import json
import time

import pytest
from gate import LASTING, SECRET, sign, tampered, token
from wire import Client, request


def check_own_answer(response, status, detail):
    assert response.status == status
    assert json.loads(response.body) == {"detail": detail}
    assert response.head.one("Content-Type") == "application/json"
    assert response.head.one("Cache-Control") == "no-store"
    assert response.head.one("Content-Length") == str(len(response.body))
    assert response.head.one("X-Request-Id")
    assert response.head.one("Date")


def test_the_owner_gets_through_with_a_verified_identity(gate, upstream):
    with Client(gate.address) as client:
        assert client.get("/api/alice/tasks?x=1", token=token("alice")).status == 200
    (seen,) = upstream.requests
    assert seen.target == "/api/alice/tasks?x=1"
    assert seen.head.all("X-User-Id") == ["alice"]


NOW = int(time.time())
GOOD = {"uid": "alice", "sub": "alice", "iat": NOW, "exp": NOW + LASTING}
HEADER = {"alg": "HS256", "typ": "JWT"}

REFUSED = [
    ("no token", None, "Not authenticated", None),
    ("expired", token(ttl=-60), "Token expired", "invalid_token"),
    ("another secret", token(secret="another-secret-0123456789abcdefghij"), "Invalid token", "invalid_token"),
    ("tampered", tampered(token()), "Invalid token", "invalid_token"),
    ("alg none", sign({"alg": "none"}, GOOD).rsplit(".", 1)[0] + ".", "Invalid token", "invalid_token"),
    ("no exp", token(exp=None), "Invalid token", "invalid_token"),
    ("no uid", token(uid=None), "Invalid token", "invalid_token"),
    ("sub of somebody else", token("alice", sub="bob"), "Invalid token", "invalid_token"),
    ("milliseconds", token(exp=NOW * 1000), "Invalid token", "invalid_token"),
    ("e-mail verification", sign({"alg": "HS256"}, {"email": "a@b.c", "iat": NOW, "exp": NOW + LASTING}), "Invalid token",
     "invalid_token"),
    ("session cache", sign({"alg": "HS256", "typ": "better-auth.session-cache+jwt"}, GOOD), "Invalid token",
     "invalid_token"),
    ("opaque session token", "abcdefgh.ijklmnop", "Invalid token", "invalid_token"),
]


@pytest.mark.parametrize("why,bearer,detail,error", REFUSED, ids=[row[0] for row in REFUSED])
def test_a_bad_token_is_401_and_never_reaches_the_upstream(gate, upstream, why, bearer, detail, error):
    with Client(gate.address) as client:
        response = client.get("/api/alice/tasks", token=bearer)
        check_own_answer(response, 401, detail)
        challenge = response.head.one("WWW-Authenticate")
        assert challenge.startswith("Bearer")
        assert ("error_description=" in challenge) == (error is not None)
        assert (f'error="{error}"' in challenge) == (error is not None)
        # The connection goes on: a refusal is no reason to make an honest client connect again.
        assert client.get("/api/alice/tasks", token=token("alice")).status == 200
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("target", ["/api/bob/tasks", "/api/Alice/tasks", "/api/alice2/tasks", "/api/alic%65%65/tasks"])
def test_another_users_path_is_403(gate, upstream, target):
    with Client(gate.address) as client:
        response = client.get(target, token=token("alice"))
    check_own_answer(response, 403, "Forbidden")
    assert upstream.requests == []


def test_an_unknown_path_is_404_only_for_whom_the_gate_knows(gate):
    with Client(gate.address) as client:
        check_own_answer(client.get("/elsewhere", token=token()), 404, "Not Found")
        check_own_answer(client.get("/elsewhere"), 401, "Not authenticated")


@pytest.mark.parametrize("target", ["/api%2Fbob/x", "/api/bob/../alice/x", "/api/alice/%2e%2e/bob", "/api//alice", "/api/alice\\x",
                                    "/api/alice/x%00", "/api/al%zzice", "/api/%ff", "*", "api/alice"])
def test_a_target_with_two_readings_is_400_whatever_the_token(gate, upstream, target):
    for bearer in (token("alice"), token("bob"), None):
        with Client(gate.address) as client:
            check_own_answer(client.get(target, token=bearer), 400, "Bad Request")
            assert client.is_closed()
    assert upstream.requests == []


def test_the_most_specific_rule_counts(start, upstream):
    gate = start(POSTERN_USER_PATHS="/api/{user_id}/**", POSTERN_TOKEN_PATHS="/api/search,/shared/{room}/**",
                 POSTERN_PUBLIC_PATHS="/health,/docs/**,/api/search/public")
    with Client(gate.address) as client:
        assert client.get("/health").status == 200
        assert client.get("/docs").status == 200
        assert client.get("/docs/a/b/").status == 200
        assert client.get("/api/search/public").status == 200
        assert client.get("/api/search", token=token("bob")).status == 200
        assert client.get("/api/search").status == 401
        assert client.get("/shared/1/x/y", token=token("bob")).status == 200
        assert client.get("/api/bob", token=token("bob")).status == 200
        assert client.get("/api/search/x", token=token("bob")).status == 403
    identities = [seen.head.all("X-User-Id") for seen in upstream.requests]
    assert identities == [[], [], [], [], ["bob"], ["bob"], ["bob"]]


def test_a_public_path_is_public_even_with_a_bad_token(start, upstream):
    gate = start(POSTERN_PUBLIC_PATHS="/health")
    with Client(gate.address) as client:
        assert client.get("/health", token="garbage").status == 200
    assert upstream.requests[0].head.all("X-User-Id") == []


@pytest.mark.parametrize("fields", [["Authorization: Basic YTpi"], ["Authorization: Bearer"], ["Authorization: Bearer  {token}"],
                                    ["Authorization: Bearer {token} "[:-1] + ",x"], ["Authorization: Bearer\t{token}"],
                                    ["Authorization: Bearer {token}", "Authorization: Bearer {token}"],
                                    ["authorization: Bearer {token}", "Authorization: Basic YTpi"]])
def test_credentials_must_be_one_bearer_token(gate, upstream, fields):
    good = token("alice")
    with Client(gate.address) as client:
        client.send(request("GET", "/api/alice/x", *[field.format(token=good) for field in fields]))
        check_own_answer(client.read_response(), 401, "Not authenticated")
    assert upstream.requests == []


def test_the_scheme_is_case_insensitive(gate):
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", f"Authorization: bEARER {token('alice')}").status == 200


def test_head_gets_the_same_head_without_a_body(gate):
    with Client(gate.address) as client:
        got = client.get("/api/alice/x")
        head = client.get("/api/alice/x", method="HEAD")
        # Still in step: nothing of a body was sent.
        assert client.get("/api/alice/x", token=token("alice")).status == 200

    def comparable(response):
        return [field for field in response.head.fields if field[0] not in (b"Date", b"X-Request-Id")]

    assert head.status == 401 and comparable(head) == comparable(got)


def test_the_uid_is_compared_decoded_and_byte_for_byte(gate, upstream):
    with Client(gate.address) as client:
        assert client.get("/api/%61lice/x", token=token("alice")).status == 200
        assert client.get("/api/a%2Bb@c/x", token=token("a+b@c")).status == 200
    # The very bytes that were judged go upstream.
    assert [seen.target for seen in upstream.requests] == ["/api/%61lice/x", "/api/a%2Bb@c/x"]


def test_issuer_audience_and_uid_claim_are_configurable(start):
    gate = start(POSTERN_JWT_ISSUER="https://auth", POSTERN_JWT_AUDIENCE="https://api", POSTERN_UID_CLAIM="sub")
    rows = [({"iss": "https://auth", "aud": "https://api"}, 200), ({"iss": "https://auth", "aud": ["x", "https://api"]}, 200),
            ({"iss": "https://auth"}, 401), ({"aud": "https://api"}, 401), ({"iss": "https://auth/", "aud": "https://api"}, 401)]
    with Client(gate.address) as client:
        for claims, status in rows:
            assert client.get("/api/alice/x", token=token("alice", **claims)).status == status, claims


def test_every_secret_of_a_rotation_verifies(start):
    old, new = "old-secret-0123456789abcdef-0123456789", "new-secret-0123456789abcdef-0123456789"
    gate = start(BETTER_AUTH_SECRET=None, BETTER_AUTH_SECRETS=f"2:{new},1:{old}")
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=token("alice", secret=new)).status == 200
        assert client.get("/api/alice/x", token=token("alice", secret=old)).status == 200
        assert client.get("/api/alice/x", token=token("alice", secret=SECRET)).status == 401
