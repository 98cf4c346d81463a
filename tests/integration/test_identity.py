"""An identity header that the gate did not write never reaches the upstream: not in any spelling, place or kind of request."""

import pytest
from gate import token
from wire import Client, request


def foldable(name):
    """What a backend that folds case and '_' into '-' may read as that name."""
    return name.lower().replace("_", "-")


def identities(seen, header="X-User-Id"):
    """Everything in a request, trailers included, that may be read as the identity."""
    lines = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in seen.head.fields]
    lines += [tuple(line.decode("latin-1").split(": ", 1)) for line in seen.trailers]
    return [(name, value) for name, value in lines if foldable(name) == foldable(header)]


SPELLINGS = [
    ["X-User-Id: bob"], ["x-user-id: bob"], ["X-USER-ID: bob"], ["x-UsEr-iD: bob"], ["X_User_Id: bob"], ["x_user-id: bob"],
    ["X-User_Id: bob"], ["X_USER_ID: bob"], ["X-User-Id: bob", "X-User-Id: bob"], ["X-User-Id: alice", "x_user_id: bob"],
    ["X-User-Id: alice"], ["X-User-Id:bob"], ["X-User-Id:"], ["X-User-Id: alice, bob"], ["X-User-Id: \t bob \t"],
    ["Connection: X-User-Id"], ["Connection: x-user-id", "X-User-Id: bob"], ["Connection: X_User_Id, close", "X_User_Id: bob"],
    ["Connection: keep-alive, X-USER-ID", "Connection: x-user-id"],
]


@pytest.mark.parametrize("fields", SPELLINGS)
def test_the_identity_is_the_tokens_whatever_the_client_says(start, upstream, fields):
    gate = start(POSTERN_PUBLIC_PATHS="/health", POSTERN_TOKEN_PATHS="/shared")
    rows = [("GET", "/api/alice/x", token("alice"), [("X-User-Id", "alice")]),
            ("GET", "/shared", token("carol"), [("X-User-Id", "carol")]), ("GET", "/health", None, []),
            ("GET", "/health", token("alice"), []), ("GET", "/health", "garbage", [])]
    for method, target, bearer, _ in rows:
        with Client(gate.address) as client:
            assert client.get(target, *fields, token=bearer, method=method).status == 200
    assert [identities(seen) for seen in upstream.requests] == [expected for *_, expected in rows]


@pytest.mark.parametrize("fields", SPELLINGS)
def test_a_preflight_carries_no_identity(gate, upstream, fields):
    preflight = ["Origin: https://app", "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: x-user-id"]
    for bearer in (None, token("alice"), token("bob")):
        with Client(gate.address) as client:
            assert client.get("/api/alice/x", *preflight, *fields, token=bearer, method="OPTIONS").status == 200
    for seen in upstream.requests:
        assert identities(seen) == [] and seen.head.all("Authorization") == []


@pytest.mark.parametrize("fields", SPELLINGS[:6])
def test_http_1_0_and_websockets_are_no_way_around(gate, upstream, fields):
    bearer = f"Authorization: Bearer {token('alice')}"
    old = "\r\n".join(["GET /api/alice/x HTTP/1.0", bearer, *fields, "", ""]).encode()
    upgrade = request("GET", "/api/alice/x", bearer, "Connection: Upgrade, X-User-Id", "Upgrade: websocket", *fields)
    for raw in (old, upgrade):
        with Client(gate.address) as client:
            assert client.send(raw).read_response().status == 200
    assert [identities(seen) for seen in upstream.requests] == [[("X-User-Id", "alice")]] * 2


TRAILERS = [b"X-User-Id: bob", b"x-user-id: bob", b"X_User_Id: bob", b"x-USER_id: bob", b"X-User-Id:bob"]


@pytest.mark.parametrize("path,who,expected", [("/api/alice/x", "alice", [("X-User-Id", "alice")]), ("/health", None, [])])
def test_a_trailer_is_no_way_around(start, upstream, path, who, expected):
    gate = start(POSTERN_PUBLIC_PATHS="/health")
    other = [b"Authorization: Bearer x", b"Content_Length: 3", b"Host: other", b"X-Forwarded-For: 1.2.3.4",
             b"Transfer_Encoding: chunked"]
    section = b"".join(line + b"\r\n" for line in [*TRAILERS, b"X-Checksum: 1", *other])
    with Client(gate.address) as client:
        fields = ["Transfer-Encoding: chunked", "Trailer: X-User-Id, X-Checksum"]
        client.send(request("POST", path, *fields, token=who and token(who)))
        assert client.send(b"3\r\nabc\r\n0\r\n" + section + b"\r\n").read_response().status == 200
    (seen,) = upstream.requests
    assert identities(seen) == expected
    assert (seen.body, seen.trailers) == (b"abc", [b"X-Checksum: 1"])


CONFIGURED = ["X-Verified-User: bob", "x-verified-user: bob", "X_Verified_User: bob", "X-VERIFIED_user: bob",
              "Connection: X-Verified-User"]


def test_another_name_is_guarded_as_well(start, upstream):
    gate = start(POSTERN_USER_HEADER="X-Verified-User", POSTERN_PUBLIC_PATHS="/health")
    trailer = b"0\r\nx_verified_user: bob\r\n\r\n"
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", *CONFIGURED, token=token("alice")).status == 200
        assert client.get("/health", *CONFIGURED).status == 200
        client.send(request("POST", "/api/alice/x", "Transfer-Encoding: chunked", token=token("alice")) + trailer)
        assert client.read_response().status == 200
    written = [("X-Verified-User", "alice")]
    assert [identities(seen, "X-Verified-User") for seen in upstream.requests] == [written, [], written]


def test_one_connection_serves_many_users_and_mixes_none_up(start, upstream):
    gate = start(POSTERN_PUBLIC_PATHS="/health", POSTERN_THREADS="1")
    users = ["alice", "bob", None, "carol", "alice", None, "bob"]
    pipeline = b"".join(
        request("GET", f"/api/{user}/x", "X-User-Id: mallory", token=token(user)) if user
        else request("GET", "/health", "X-User-Id: mallory") for user in users)
    with Client(gate.address) as client:
        client.send(pipeline)
        assert [client.read_response().status for _ in users] == [200] * len(users)
    assert [identities(seen) for seen in upstream.requests] == [[("X-User-Id", user)] if user else [] for user in users]
    assert upstream.connections == 1


@pytest.mark.parametrize("uid", ["a", "x" * 128, "a+b@c.d", "!$&'()*;=:@~", "0", "null", "{user_id}", "a,b"])
def test_a_uid_reaches_the_upstream_as_the_token_has_it(start, upstream, uid):
    gate = start(POSTERN_TOKEN_PATHS="/me")
    with Client(gate.address) as client:
        assert client.get("/me", token=token(uid)).status == 200
    assert identities(upstream.requests[0]) == [("X-User-Id", uid)]


NO_UIDS = ["", "x" * 129, "a b", "a\r\nX-User-Id: bob", "a\nb", "a\x00", "\x7f", "caf\u00e9", " a", "a ", 7, True, ["a"], {}]


@pytest.mark.parametrize("uid", NO_UIDS)
def test_a_uid_that_could_be_read_otherwise_is_401(start, upstream, uid):
    gate = start(POSTERN_TOKEN_PATHS="/me")
    with Client(gate.address) as client:
        assert client.get("/me", token=token(uid)).status == 401
    assert upstream.requests == []
