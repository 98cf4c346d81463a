"""Better Auth as it comes, with the keys that it publishes: `BETTER_AUTH_URL` is what Postern needs to know."""

import pytest
from issuers import VERSIONS, part_of, status

ALGORITHMS = ["EdDSA", "ES256", "ES512", "RS256", "PS256"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_default_better_auth_needs_its_url_alone(start_issuer, gate_for, algorithm, version):
    issuer = start_issuer(version=version, **({} if algorithm == "EdDSA" else {"ALG": algorithm}))
    alice, session = issuer.sign_up("alice")
    bob, _ = issuer.sign_up("bob")
    gate = gate_for(issuer)
    bearer = issuer.token(session)
    assert part_of(bearer, 0)["alg"] == algorithm
    assert [status(gate, bearer, alice), status(gate, bearer, alice), status(gate, bearer, bob)] == [200, 200, 403]


@pytest.mark.parametrize("version", VERSIONS)
def test_one_set_mixes_keys_of_all_algorithms(start_issuer, gate_for, version):
    issuer = start_issuer(version=version)
    alice, session = issuer.sign_up("alice")
    bearers = [issuer.token(session)]
    gate = gate_for(issuer)
    assert status(gate, bearers[0], alice) == 200
    for algorithm in ALGORITHMS[1:]:
        issuer.rotate(algorithm)
        bearers.append(issuer.token(session))
    assert [part_of(bearer, 0)["alg"] for bearer in bearers] == ALGORITHMS
    # The first of the new ones brings them all.
    assert [status(gate, bearer, alice) for bearer in reversed(bearers)] == [200] * len(bearers)


def test_only_the_uid_travels_where_the_payload_says_so(start_issuer, gate_for):
    issuer = start_issuer(ONLY_UID="1")
    alice, session = issuer.sign_up("alice")
    gate = gate_for(issuer)
    bearer = issuer.token(session)
    assert set(part_of(bearer, 1)) == {"uid", "sub", "iat", "exp", "iss", "aud"}
    assert status(gate, bearer, alice) == 200


@pytest.mark.parametrize("base,path", [("http://Auth.Test/", "/api/auth"), ("http://auth.test:80/base/auth", "/base/auth"),
                                       ("http://auth.test/base/auth/", "/base/auth")])
def test_issuer_and_audience_are_the_origin_of_the_base_url(start_issuer, gate_for, base, path):
    issuer = start_issuer(base=base, path=path)
    alice, session = issuer.sign_up("alice")
    bearer = issuer.token(session)
    assert status(gate_for(issuer), bearer, alice) == 200, part_of(bearer, 1)
