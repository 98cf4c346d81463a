"""Better Auth as a process, with the jwt plugin as it comes or with the shared secret."""

import base64
import json
import os
import subprocess
import time
from pathlib import Path

import httpx
from backend import ROOT
from gate import PATIENCE, SECRET
from wire import Client

PINNED = ROOT / "deploy" / "better-auth"
NEWEST = Path(__file__).with_name("better_auth_newest")
OAUTH = Path(__file__).with_name("better_auth")
# tests/run installs the newest where the registry can be reached.
VERSIONS = {"pinned": PINNED} | ({"newest": NEWEST} if (NEWEST / "node_modules").is_dir() else {})


def require(folder):
    assert (folder / "node_modules").is_dir(), f"Better Auth is missing: npm ci --prefix {folder.relative_to(ROOT)}"
    return folder


class Issuer:
    """Its base URL names a host that only the configuration knows; it is reached at `url`."""

    path = "/api/auth"
    base = "http://auth.test"

    def __init__(self, command, folder, script=None, **environment):
        environment = {"PATH": os.environ["PATH"], "BETTER_AUTH_SECRET": SECRET, "PORT": "0"} | environment
        self.process = subprocess.Popen(command, cwd=require(folder), env=environment, stdin=script or subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        assert self.process.wait(PATIENCE) == 0
        self.process.stdout.close()

    @property
    def jwks(self):
        return f"{self.url}{self.path}/jwks"

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    def sign_up(self, name):
        """(user id, session)"""
        with httpx.Client(base_url=self.url + self.path, timeout=PATIENCE) as http:
            person = {"name": name, "email": f"{name}@example.com", "password": "correct horse battery"}
            answer = http.post("/sign-up/email", json=person)
            assert answer.status_code == 200, answer.text
            return answer.json()["user"]["id"], answer.headers["set-auth-token"]

    def token(self, session):
        answer = httpx.get(f"{self.url}{self.path}/token", headers={"Authorization": f"Bearer {session}"}, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        return answer.json()["token"]


class DefaultIssuer(Issuer):
    """The plugin as it comes."""

    def __init__(self, base=Issuer.base, path=Issuer.path, version="pinned", **environment):
        self.base, self.path = base, path
        with Path(__file__).with_name("default_issuer.mjs").open(encoding="utf-8") as script:
            super().__init__(["node", "--input-type=module"], VERSIONS[version], script, BASE_URL=base, **environment)

    def rotate(self, algorithm=None):
        """The next token is signed by a new key, which is published only then."""
        httpx.post(f"{self.url}/rotate" + (f"?alg={algorithm}" if algorithm else ""), timeout=PATIENCE)


class SecretIssuer(Issuer):
    """deploy/better-auth with the shared secret, which is that of these tests."""

    def __init__(self, **environment):
        super().__init__(["node", "server.mjs", "--shared-secret"], PINNED, BETTER_AUTH_URL=self.base, **environment)


def part_of(bearer, index):
    part = bearer.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def status(gate, bearer, uid):
    """What the gate answers. A fetch that a busy machine keeps waiting for more than two seconds is 503 with `Retry-After`:
    then it is asked again, as that says."""
    give_up = time.monotonic() + PATIENCE
    with Client(gate.address) as client:
        while True:
            answer = client.get(f"/api/{uid}/tasks", token=bearer)
            if answer.status != 503 or time.monotonic() > give_up:
                return answer.status
            time.sleep(int(answer.head.all("Retry-After")[0]))
