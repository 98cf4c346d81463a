"""Version 2 of the signature: it covers the claim headers that the gate writes, and the override."""

from typing import Any, Optional

import pytest

from postern_fastapi.signature import sign, signed_user

KEY = b"identity-key-0123456789abcdef-0123"
NOW = 1_767_225_600
CLAIMS = [b"x-user-role", b"x-user-org"]
MORE = [b"true", b"x-user-org:o1,o2", b"x-user-role:admin"]
PROOF = sign(KEY, NOW, "alice", "GET", b"/api/bob/t", b"r-1", MORE)
V1 = sign(KEY, NOW, "alice", "GET", b"/api/bob/t", b"r-1")
ORG, ROLE = (b"x-user-org", b"o1,o2"), (b"x-user-role", b"admin")
OVERRIDE = (b"x-postern-override", b"true")


def user(*more: tuple[bytes, bytes], proof: bytes = PROOF, claims: Any = CLAIMS) -> Optional[str]:
    headers = [(b"x-user-id", b"alice"), (b"x-request-id", b"r-1"), (b"x-postern-identity", proof), *more]
    scope = {"type": "http", "method": "GET", "path": "/api/bob/t", "raw_path": b"/api/bob/t", "headers": headers}
    return signed_user(scope, b"x-user-id", [KEY], NOW, claims)


def test_the_gate_writes_the_same() -> None:
    # tests/unit/gate/identity_signer_test.cpp has the same value.
    assert PROOF == b"v2.1767225600.kDZ2gF0A56Au45-j_I3EqsNvhZcviGRi_GO1TA-jUh8"


@pytest.mark.parametrize(
    ("headers", "expected", "why"),
    [
        ([ORG, ROLE, OVERRIDE], "alice", "as Postern sent it"),
        ([ROLE, OVERRIDE, ORG], "alice", "in any order"),
        ([ORG, ROLE], None, "the override taken away"),
        ([ORG, OVERRIDE], None, "a claim taken away"),
        ([ORG, (b"x-user-role", b"root"), OVERRIDE], None, "another claim"),
        ([ORG, ROLE, ROLE, OVERRIDE], None, "a claim twice"),
        ([ORG, ROLE, OVERRIDE, OVERRIDE], None, "the override twice"),
        ([ORG, ROLE, (b"x-postern-override", b"1")], None, "another override"),
    ],
)
def test_what_is_covered_cannot_be_changed(headers: Any, expected: Optional[str], why: str) -> None:
    assert user(*headers) == expected, why


def test_a_service_has_to_know_the_claim_headers() -> None:
    assert user(ORG, ROLE, OVERRIDE, claims=[b"x-user-role"]) is None
    assert user(ORG, ROLE, OVERRIDE, (b"x-plan", b"free"), claims=[*CLAIMS, b"x-plan"]) is None
    assert user(ORG, ROLE, OVERRIDE, claims=[*CLAIMS, b"x-plan"]) == "alice"


def test_version_1_is_read_as_ever_and_vouches_for_no_claim() -> None:
    assert user(proof=V1) == "alice"
    assert user(proof=V1, claims=()) == "alice"
    assert user(ROLE, proof=V1) is None
    assert user(OVERRIDE, proof=V1) is None


def test_one_version_does_not_pass_for_the_other() -> None:
    assert user(proof=V1.replace(b"v1.", b"v2.")) is None
    empty = sign(KEY, NOW, "alice", "GET", b"/api/bob/t", b"r-1", [b""])
    assert user(proof=empty) == "alice"
    assert user(proof=empty.replace(b"v2.", b"v1.")) is None
