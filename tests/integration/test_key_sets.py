"""Tokens that an issuer's published keys verify: from a file, replaced while serving, and revoked."""

import base64
import json
import signal
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from gate import run, token
from wire import Client

ISSUER = "https://auth.example"


def encode(part):
    data = part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    def __init__(self, kid):
        self.kid, self.private = kid, Ed25519PrivateKey.generate()

    def jwk(self):
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"alg": "EdDSA", "crv": "Ed25519", "kty": "OKP", "kid": self.kid, "x": encode(raw)}

    def token(self, uid="alice", **claims):
        now = int(time.time())
        payload = {"sub": uid, "iss": ISSUER, "aud": ISSUER, "iat": now, "exp": now + 900, **claims}
        text = encode({"alg": "EdDSA", "kid": self.kid}) + "." + encode(payload)
        return text + "." + encode(self.private.sign(text.encode()))


@pytest.fixture(scope="module")
def keys():
    return Key("one"), Key("two")


@pytest.fixture
def jwks(tmp_path, keys):
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [keys[0].jwk()]}))
    return path


def status(client, bearer, path="/api/alice/x"):
    return client.get(path, token=bearer).status


def test_better_auths_url_and_a_file_of_keys_are_the_whole_configuration(start, upstream, jwks, keys):
    gate = start(BETTER_AUTH_SECRET=None, BETTER_AUTH_URL=ISSUER, POSTERN_JWKS_FILE=str(jwks))
    known, unknown = keys
    with Client(gate.address) as client:
        for _ in range(2):  # the second time from memory
            assert status(client, known.token()) == 200
            assert status(client, known.token("bob")) == 403
        for wrong in (unknown.token(), known.token(aud="https://stranger.example"), known.token(iss=ISSUER + "/api/auth"),
                      known.token(nonce="n"), known.token(cnf={"jkt": "x"}), known.token(client_id="alice"), token("alice")):
            assert status(client, wrong) == 401
    assert {line for seen in upstream.requests for line in seen.head.all("X-User-Id")} == {"alice"}


def test_a_key_that_left_the_file_ends_with_the_tokens_that_it_verified(start, jwks, keys):
    gate = start(POSTERN_JWKS_FILE=f"{jwks} iss={ISSUER} aud={ISSUER}")
    old, new = keys
    remembered, by_secret = old.token(), token("alice")
    with Client(gate.address) as client:
        assert [status(client, one) for one in (remembered, by_secret, new.token())] == [200, 200, 401]
        jwks.write_text(json.dumps({"keys": [new.jwk()]}))
        gate.signal(signal.SIGHUP)
        gate.wait_for_log(msg="keys reloaded")
        while status(client, new.token()) != 200:  # the log tells of a reload before each thread has its turn at it
            pass
        while status(client, remembered) != 401:
            pass
        assert status(client, by_secret) == 200


@pytest.mark.parametrize("damage", ["{", '{"keys": []}', None], ids=["no JSON", "no key", "gone"])
def test_a_spoilt_file_of_keys_keeps_its_old_ones_and_nothing_else_from_changing(start, tmp_path, jwks, keys, damage):
    secret = tmp_path / "secret"
    secret.write_text("the-first-secret-0123456789abcdefgh")
    gate = start(BETTER_AUTH_SECRET=None, BETTER_AUTH_SECRET_FILE=str(secret),
                 POSTERN_JWKS_FILE=f"{jwks} iss={ISSUER} aud={ISSUER}")
    old, new = keys
    by_new_secret = token("alice", secret="the-other-secret-0123456789abcdefgh")
    secret.write_text("the-other-secret-0123456789abcdefgh")
    if damage is None:
        jwks.unlink()
    else:
        jwks.write_text(damage)
    gate.signal(signal.SIGHUP)
    problem = gate.wait_for_log(msg="key set file not read again, its old keys stay")["problem"]
    assert problem.startswith("POSTERN_JWKS_FILE: ")
    with Client(gate.address) as client:
        while status(client, by_new_secret) != 200:
            pass
        assert [status(client, old.token()), status(client, new.token())] == [200, 401]
        jwks.write_text(json.dumps({"keys": [new.jwk()]}))
        gate.signal(signal.SIGHUP)
        while status(client, new.token()) != 200:
            pass
        assert status(client, old.token()) == 401


def test_a_revocation_wins_over_remembered_tokens(start, tmp_path):
    path = tmp_path / "revoked"
    path.write_text("# nobody yet\n")
    gate = start(POSTERN_REVOKED_FILE=str(path))
    stolen, kept = token("alice", jti="stolen"), token("alice", jti="kept")
    with Client(gate.address) as client:
        assert [status(client, one) for one in (stolen, stolen, kept)] == [200, 200, 200]
        path.write_text("# nobody yet\njti stolen\n")
        gate.signal(signal.SIGHUP)
        gate.wait_for_log(msg="keys reloaded")
        while status(client, stolen) != 401:
            pass
        assert status(client, kept) == 200
        assert gate.wait_for_log(reason="revoked")


def test_without_a_set_its_tokens_are_503_and_the_secrets_are_not(start, keys):
    gate = start(POSTERN_JWKS_URL=f"http://127.0.0.1:9/jwks iss={ISSUER} aud={ISSUER}")
    with Client(gate.address) as client:
        answer = client.get("/api/alice/x", token=keys[0].token())
        assert (answer.status, answer.head.all("Retry-After")) == (503, ["1"])
        assert status(client, keys[0].token(exp=1)) == 401
        assert status(client, token("alice")) == 200


def test_token_says_that_there_is_nothing_to_sign_with(jwks):
    code, out, err = run("token", "--uid", "alice", BETTER_AUTH_URL=ISSUER, POSTERN_JWKS_FILE=str(jwks))
    assert (code, out) == (2, "") and "no secret to sign with" in err
