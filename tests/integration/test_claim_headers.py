"""POSTERN_CLAIM_HEADERS: verified claims reach the service as headers, and nobody else's word does."""

import base64
import hashlib
import hmac

import pytest
from gate import token
from wire import Client, request

KEY = "identity-key-0123456789abcdef-0123"
HEADERS = {"POSTERN_CLAIM_HEADERS": "X-User-Role=role,x-user-org=org,From=mail", "POSTERN_PUBLIC_PATHS": "/health"}
FORGED = ["X-User-Role: root", "x_user_role: root", "X-USER_Role: root", "X-User-Org: o9", "X_User_Org: o9", "From: eve",
          "from: eve", "Connection: X-User-Role, x-user-org, From", "X-Postern-Override: true", "x_postern_override: true"]
NAMES = {"x-user-role", "x-user-org", "from", "x-postern-override"}


def told(seen):
    """Everything in a request, trailers included, that may be read as a claim or an override."""
    lines = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in seen.head.fields]
    lines += [tuple(line.decode("latin-1").split(": ", 1)) for line in seen.trailers]
    return [(name, value) for name, value in lines if name.lower().replace("_", "-") in NAMES]


CLAIMS = [  # (claims, the headers, why)
    ({"role": "admin", "org": "o1"}, [("x-user-org", "o1"), ("X-User-Role", "admin")], "strings"),
    ({"role": ["a", "b c", 7, True]}, [("X-User-Role", "a,b c,7,true")], "an array is joined"),
    ({"role": 7, "org": True}, [("x-user-org", "true"), ("X-User-Role", "7")], "an integer, a boolean"),
    ({"mail": "a@b.c"}, [("From", "a@b.c")], "a name that HTTP knows"),
    ({}, [], "no claims"),
    ({"role": None, "org": {}}, [], "an object"),
    ({"role": "a\r\nX-User-Id: bob", "org": "o\n1"}, [], "line breaks"),
    ({"role": " a", "org": "a "}, [], "outer spaces"),
    ({"role": "caf\u00e9", "org": "a\x7f"}, [], "not printable ASCII"),
    ({"role": ["a,b"], "org": ["a", ["b"]]}, [], "a comma in a member, a nested array"),
    ({"role": "", "org": [], "mail": 1.5}, [], "nothing, and a fraction"),
]


@pytest.mark.parametrize("claims,expected,why", CLAIMS, ids=[row[-1] for row in CLAIMS])
def test_claims_are_told_as_they_stand(start, upstream, claims, expected, why):
    gate = start(**HEADERS)
    with Client(gate.address) as client:
        for _ in range(2):  # new, then known
            assert client.get("/api/alice/x", *FORGED, token=token("alice", **claims)).status == 200
    assert [sorted(told(seen)) for seen in upstream.requests] == [sorted(expected)] * 2


@pytest.mark.parametrize("target,bearer,expected", [
    ("/api/alice/x", token("alice", role="user"), [("X-User-Role", "user")]), ("/health", None, []),
    ("/health", token("alice", role="user"), []),
])
def test_no_claim_comes_from_the_client_in_trailers_either(start, upstream, target, bearer, expected):
    gate = start(**HEADERS)
    section = "".join(f"{line}\r\n" for line in [*FORGED, "X-Checksum: 1"] if not line.startswith("Connection")).encode()
    with Client(gate.address) as client:
        client.send(request("POST", target, "Transfer-Encoding: chunked", *FORGED, token=bearer))
        assert client.send(b"3\r\nabc\r\n0\r\n" + section + b"\r\n").read_response().status == 200
    (seen,) = upstream.requests
    assert told(seen) == expected
    assert seen.trailers == [b"X-Checksum: 1"]


def test_override_is_guarded_though_nothing_is_configured(gate, upstream):
    with Client(gate.address) as client:
        client.send(request("POST", "/api/alice/x", "Transfer-Encoding: chunked", "X_Postern_Override: true",
                            token=token("alice")) + b"0\r\nX-Postern-Override: true\r\n\r\n")
        assert client.read_response().status == 200
    assert told(upstream.requests[0]) == []


def test_pipelined_requests_mix_no_claims_up(start, upstream):
    gate = start(**HEADERS, POSTERN_THREADS="1")
    users = [("alice", "a"), ("bob", "b"), (None, None), ("alice", "c"), ("bob", None)]
    with Client(gate.address) as client:
        client.send(b"".join(request("GET", f"/api/{user}/x", token=token(user, role=role)) if user
                             else request("GET", "/health") for user, role in users))
        assert [client.read_response().status for _ in users] == [200] * len(users)
    assert [told(seen) for seen in upstream.requests] == [[("X-User-Role", role)] if role else [] for _, role in users]


def check_signed_v2(seen):
    """By the rule that services follow: the override's line, then the claim headers by name."""
    version, seconds, tag = seen.head.one("X-Postern-Identity").split(".")
    assert version == "v2"
    lines = ["postern-identity-v2", seconds, seen.head.one("X-User-Id") or "", seen.method, seen.target,
             seen.head.one("X-Request-Id"), seen.head.one("X-Postern-Override") or ""]
    lines += sorted(f"{name.lower()}:{value}" for name, value in told(seen) if name.lower() != "x-postern-override")
    mac = hmac.new(KEY.encode(), "\n".join(lines).encode(), hashlib.sha256).digest()
    assert tag == base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def test_the_signature_covers_claims_and_override(start, upstream):
    gate = start(**HEADERS, POSTERN_IDENTITY_KEY=KEY, POSTERN_OVERRIDE="role=admin")
    requests = [("/api/alice/x", token("alice", role="user", org="o1")), ("/api/alice/x", token("root", role="admin")),
                ("/api/alice/x", token("alice")), ("/health", None)]
    with Client(gate.address) as client:
        for target, bearer in requests:
            assert client.get(target, *FORGED, token=bearer).status == 200
    for seen in upstream.requests:
        check_signed_v2(seen)
    assert [seen.head.all("X-Postern-Override") for seen in upstream.requests] == [[], ["true"], [], []]


@pytest.mark.parametrize("settings,version", [({}, "v1"), ({"POSTERN_OVERRIDE": "role=admin"}, "v2")])
def test_version_2_is_for_gates_with_claims_or_overrides(start, upstream, settings, version):
    gate = start(POSTERN_IDENTITY_KEY=KEY, **settings)
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=token("alice")).status == 200
    assert upstream.requests[0].head.one("X-Postern-Identity").startswith(version + ".")
