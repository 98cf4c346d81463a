"""Better Auth signs users up over HTTP and hands out tokens; Postern lets them through to FastAPI, each to their own."""

import json
import os
import subprocess

import pytest
from backend import EXAMPLE
from gate import PATIENCE, SECRET, sign, token
from issuers import PINNED, part_of
from wire import Client, request


@pytest.fixture(scope="module")
def accounts(issuer):
    """Two people with the tokens that Better Auth gave them."""
    return {name: sign_up(issuer, name) for name in ("alice", "bob")}


def sign_up(issuer, name):
    uid, session = issuer.sign_up(name)
    bearer = issuer.token(session)
    assert part_of(bearer, 1)["uid"] == uid
    return {"session": session, "token": bearer, "id": uid}


def claims_of(bearer):
    return part_of(bearer, 1)


@pytest.fixture(scope="module", params=["socket", "port"])
def service(request, start_backend, start_gate, tmp_path_factory):
    """The to-do service behind Postern."""
    tcp = request.param == "port"
    backend = start_backend(EXAMPLE, tcp=tcp, TASKS_DB=str(tmp_path_factory.mktemp("todo") / "tasks.db"))
    return start_gate(backend, POSTERN_PUBLIC_PATHS="/health", POSTERN_JWT_ISSUER="http://auth.test",
                      POSTERN_JWT_AUDIENCE="http://auth.test", POSTERN_MAX_TOKEN_LIFETIME="15m")


def ask(service, method, target, bearer=None, body=None):
    with Client(service.address) as client:
        fields = ["Content-Type: application/json"] if body is not None else []
        data = json.dumps(body).encode() if body is not None else None
        client.send(request(method, target, *fields, token=bearer, body=data))
        response = client.read_response(method)
    return response.status, json.loads(response.body) if response.body else None


def test_better_auths_token_holds_what_the_recipe_says(accounts):
    claims = claims_of(accounts["alice"]["token"])
    assert claims["uid"] == claims["sub"]
    assert set(claims) == {"uid", "sub", "iat", "exp", "iss", "aud"}
    assert claims["exp"] - claims["iat"] == 900


def test_everybody_works_with_their_own_tasks_and_nobody_elses(service, accounts):
    for name, person in accounts.items():
        own = f"/api/{person['id']}/tasks"
        status, task = ask(service, "POST", own, person["token"], {"title": f"{name}'s task"})
        assert status == 201
        assert ask(service, "GET", own, person["token"])[1] == [task]
        assert ask(service, "PATCH", f"{own}/{task['id']}", person["token"], {"done": True})[1]["done"] is True
        for other in accounts.values():
            if other is person:
                continue
            for method, target, body in [("GET", "tasks", None), ("POST", "tasks", {"title": "x"}), ("DELETE", "tasks/1", None)]:
                status, answer = ask(service, method, f"/api/{other['id']}/{target}", person["token"], body)
                assert (status, answer) == (403, {"detail": "Forbidden"})
        assert ask(service, "DELETE", f"{own}/{task['id']}", person["token"])[0] == 204
        assert ask(service, "GET", own, person["token"]) == (200, [])


def test_the_public_path_needs_no_token(service):
    assert ask(service, "GET", "/health") == (200, {"status": "ok"})


def test_tampered_expired_and_foreign_tokens_are_401(service, accounts):
    alice = accounts["alice"]
    target = f"/api/{alice['id']}/tasks"
    claims = claims_of(alice["token"])
    header, payload, tag = alice["token"].split(".")
    bobs_payload = accounts["bob"]["token"].split(".")[1]
    late = {**claims, "iat": claims["iat"] - 2000, "exp": claims["exp"] - 2000}
    rows = [
        ("no token", None, "Not authenticated"),
        ("expired", sign({"alg": "HS256", "typ": "JWT"}, late), "Token expired"),
        ("foreign secret", sign({"alg": "HS256", "typ": "JWT"}, claims, "another-secret-0123456789abcdefghij"), "Invalid token"),
        ("foreign issuer", token(alice["id"], iss="http://elsewhere", aud="http://auth.test"), "Invalid token"),
        ("another payload", f"{header}.{bobs_payload}.{tag}", "Invalid token"),
        ("cut", alice["token"][:-1], "Invalid token"),
        ("the session token", alice["session"], "Invalid token"),
    ]
    for why, bearer, detail in rows:
        assert ask(service, "GET", target, bearer) == (401, {"detail": detail}), why
    for position in range(0, len(tag), 7):
        other = "A" if tag[position] != "A" else "B"
        tampered = f"{header}.{payload}.{tag[:position]}{other}{tag[position + 1:]}"
        assert ask(service, "GET", target, tampered) == (401, {"detail": "Invalid token"}), position


@pytest.fixture(scope="module")
def other_tokens(issuer):
    script = (os.path.dirname(__file__) or ".") + "/other_tokens.mjs"
    with open(script, encoding="utf-8") as source:
        ran = subprocess.run(["node", "--input-type=module"], stdin=source, cwd=PINNED, capture_output=True, text=True,
                             timeout=PATIENCE, check=False, env={"PATH": os.environ["PATH"], "BETTER_AUTH_SECRET": SECRET})
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("uid_claim", ["uid", "uid,sub"])
def test_better_auths_other_tokens_under_the_same_secret_are_401(start_backend, start_gate, other_tokens, uid_claim):
    """E-mail verification, the cached session and the rest: signed with the secret, made for something else."""
    assert {"e-mail verification", "session cache, jwt", "session", "EdDSA by default"} <= set(other_tokens)
    backend = start_backend(EXAMPLE, TASKS_DB=":memory:")
    gate = start_gate(backend, POSTERN_UID_CLAIM=uid_claim, POSTERN_TOKEN_PATHS="/openapi.json")
    assert ask(gate, "GET", "/openapi.json", token("alice"))[0] == 200
    for why, bearer in other_tokens.items():
        status, answer = ask(gate, "GET", "/openapi.json", bearer)
        assert status == 401, why
        assert answer["detail"] in ("Invalid token", "Not authenticated"), why
