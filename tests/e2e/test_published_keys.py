"""Better Auth as it comes, with the keys that it publishes: `BETTER_AUTH_URL` is what Postern needs to know."""

import base64
import json
import os
import subprocess
import threading
from pathlib import Path

import httpx
import pytest
from backend import EXAMPLE, ROOT
from gate import PATIENCE, SECRET
from wire import Client

PACKAGES = ROOT / "deploy" / "better-auth"
SCRIPT = Path(__file__).with_name("default_issuer.mjs")
KINDS = {  # by the algorithm that they sign with
    "EdDSA": None,
    "ES256": {"alg": "ES256"},
    "ES512": {"alg": "ES512"},
    "RS256": {"alg": "RS256"},
    "PS256": {"alg": "PS256"},
}


class DefaultIssuer:
    """Its base URL names a host that only the configuration knows; it is reached at `url`."""

    def __init__(self, base="http://auth.test", port=0, **environment):
        assert (PACKAGES / "node_modules").is_dir(), "Better Auth is missing: npm ci --prefix deploy/better-auth"
        self.base, self._environment = base, environment
        with open(SCRIPT, encoding="utf-8") as script:
            self.process = subprocess.Popen(
                ["node", "--input-type=module"], stdin=script, cwd=PACKAGES, stdout=subprocess.PIPE, text=True,
                env={"PATH": os.environ["PATH"], "BETTER_AUTH_SECRET": SECRET, "BASE_URL": base, "PORT": str(port), **environment})
        self.url = json.loads(self.process.stdout.readline())["url"]
        self.path = "/api/auth"

    def stop(self):
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0
        self.process.stdout.close()

    def sign_up(self, name):
        with httpx.Client(base_url=self.url + self.path, timeout=PATIENCE) as http:
            person = {"name": name, "email": f"{name}@example.com", "password": "correct horse battery"}
            answer = http.post("/sign-up/email", json=person)
            assert answer.status_code == 200, answer.text
            return answer.json()["user"]["id"], answer.headers["set-auth-token"]

    def token(self, session):
        answer = httpx.get(f"{self.url}{self.path}/token", headers={"Authorization": f"Bearer {session}"}, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        return answer.json()["token"]

    def rotate(self):
        httpx.post(self.url + "/rotate", timeout=PATIENCE)


@pytest.fixture
def start_issuer():
    issuers = []

    def start(**settings):
        issuers.append(DefaultIssuer(**settings))
        return issuers[-1]

    yield start
    for issuer in issuers:
        if issuer.process.poll() is None:
            issuer.stop()


@pytest.fixture(scope="module")
def backend(start_backend, tmp_path_factory):
    return start_backend(EXAMPLE, TASKS_DB=str(tmp_path_factory.mktemp("todo") / "tasks.db"))


def gate_for(start_gate, backend, issuer, **settings):
    url = f"{issuer.url}{issuer.path}/jwks"
    return start_gate(backend, **{"BETTER_AUTH_SECRET": None, "BETTER_AUTH_URL": issuer.base, "POSTERN_JWKS_URL": url, **settings})


def part_of(bearer, index):
    part = bearer.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def status(gate, bearer, uid):
    with Client(gate.address) as client:
        return client.get(f"/api/{uid}/tasks", token=bearer).status


@pytest.mark.parametrize("algorithm", KINDS)
def test_a_default_better_auth_needs_its_url_alone(start_issuer, start_gate, backend, algorithm):
    kind = KINDS[algorithm]
    issuer = start_issuer(**({"KEY": json.dumps(kind)} if kind else {}))
    alice, session = issuer.sign_up("alice")
    bob, _ = issuer.sign_up("bob")
    gate = gate_for(start_gate, backend, issuer)
    bearer = issuer.token(session)
    assert part_of(bearer, 0)["alg"] == algorithm
    assert [status(gate, bearer, alice), status(gate, bearer, alice), status(gate, bearer, bob)] == [200, 200, 403]


def test_only_the_uid_travels_where_the_payload_says_so(start_issuer, start_gate, backend):
    issuer = start_issuer(ONLY_UID="1")
    alice, session = issuer.sign_up("alice")
    gate = gate_for(start_gate, backend, issuer)
    bearer = issuer.token(session)
    assert set(part_of(bearer, 1)) == {"uid", "sub", "iat", "exp", "iss", "aud"}
    assert status(gate, bearer, alice) == 200


def test_no_honest_request_fails_while_keys_are_rotated(start_issuer, start_gate, backend):
    issuer = start_issuer()
    alice, session = issuer.sign_up("alice")
    gate = gate_for(start_gate, backend, issuer, POSTERN_JWKS_COOLDOWN="1s")
    current, done, answers = [issuer.token(session)], threading.Event(), []

    def ask():
        with Client(gate.address) as client:
            while not done.is_set():
                answers.append(client.get(f"/api/{alice}/tasks", token=current[0]).status)

    assert status(gate, current[0], alice) == 200
    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    kids = {part_of(current[0], 0)["kid"]}
    old = current[0]
    for _ in range(2):  # as many as the bucket holds
        issuer.rotate()
        current[0] = issuer.token(session)
        kids.add(part_of(current[0], 0)["kid"])
        assert status(gate, current[0], alice) == 200
    assert status(gate, old, alice) == 200
    done.set()
    for asker in askers:
        asker.join(PATIENCE)
    assert len(kids) == 3 and set(answers) == {200}


@pytest.mark.parametrize("base,path", [("http://Auth.Test/", "/api/auth"), ("http://auth.test:80/base/auth", "/base/auth")])
def test_issuer_and_audience_are_the_origin_of_the_base_url(start_issuer, start_gate, backend, base, path):
    issuer = start_issuer(base=base)
    issuer.path = path
    alice, session = issuer.sign_up("alice")
    bearer = issuer.token(session)
    gate = gate_for(start_gate, backend, issuer)
    assert status(gate, bearer, alice) == 200, part_of(bearer, 1)
