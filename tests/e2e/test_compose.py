"""deploy/compose.yaml, and the same with a unix socket: what they start answers as promised, and has the one way in."""

import json
import secrets
import shutil

import pytest
from compose_file import load
from composition import DEPLOY, Composition

FILES = {"port": ["compose.yaml"], "unix socket": ["compose.yaml", "compose.unix.yaml"]}


@pytest.fixture(scope="module", params=FILES)
def running(request, tmp_path_factory):
    assert (DEPLOY / "better-auth/node_modules").is_dir(), "Better Auth is missing: npm ci --prefix deploy/better-auth"
    folder = tmp_path_factory.mktemp("compose")
    own = DEPLOY / "secrets"  # the files name it; a developer's own secrets are left as they are
    made = [] if own.exists() else [own]
    for name in load(DEPLOY / "compose.yaml")["secrets"]:
        path = own / name
        if not path.exists():
            own.mkdir(exist_ok=True)
            path.write_text(secrets.token_hex(32) + "\n")
            made.append(path)
    composition = None
    try:
        composition = Composition(folder, *FILES[request.param])
        composition.services["postern"].wait_until_healthy()
        yield composition
    finally:
        codes = composition.stop() if composition else {}
        for path in reversed(made):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    assert codes["postern"] == 0, codes


@pytest.fixture(scope="module")
def alice(running):
    """(user id, token) from Better Auth, by the command that the file itself names."""
    signed_up = running.services["auth"].execute("node", "token.mjs", "alice@example.com")
    return signed_up.stderr.split(": ")[1].strip(), signed_up.stdout.strip()


def ask(running, path, token=None, *options):
    """From outside, on the published port: (status, body)."""
    published = running.file["services"]["postern"]["ports"]
    assert published == ["8080:8080"]
    url = f"http://{running.address('postern', 'outside')}:8080{path}"
    authorization = ["-H", f"Authorization: Bearer {token}"] if token else []
    answer = running.host.run("curl", "-sS", "--path-as-is", "-w", "\n%{http_code}", *authorization, *options, url)
    body, status = answer.stdout.rsplit("\n", 1)
    return int(status), json.loads(body) if body else None


def test_the_service_answers_its_users_and_nobody_else(running, alice):
    uid, token = alice
    assert ask(running, f"/api/{uid}/tasks", token, "--json", '{"title": "water the plants"}')[0] == 201
    assert ask(running, f"/api/{uid}/tasks", token) == (200, [{"id": 1, "title": "water the plants", "done": False}])
    assert ask(running, f"/api/{uid}/tasks") == (401, {"detail": "Not authenticated"})
    assert ask(running, "/api/bob/tasks", token) == (403, {"detail": "Forbidden"})
    assert ask(running, "/health") == (200, {"status": "ok"})


def test_a_user_signs_in_again_and_stays_the_same(running, alice):
    again = running.services["auth"].execute("node", "token.mjs", "alice@example.com")
    assert again.stderr == f"user id: {alice[0]}\n"
    refused = running.services["auth"].execute("node", "token.mjs", "alice@example.com", "another password", check=False)
    assert refused.returncode == 1 and refused.stdout == ""


def test_postern_is_the_one_way_to_the_service(running):
    file = running.file
    assert [name for name, service in file["services"].items() if "ports" in service] == ["postern"]
    members = {name: set(service.networks()) for name, service in running.services.items()}
    assert members["api"] & members["auth"] == set()
    assert all(file["networks"][network].get("internal") for name in ("api", "auth") for network in members[name])
    if not members["api"]:
        links = running.services["api"].execute("ip", "-brief", "link").stdout.splitlines()
        assert [line.split()[0] for line in links] == ["lo"]
        return
    direct = f"http://{running.address('api', 'inside')}:8000/health"
    curl = ["curl", "-sS", "--max-time", "5", "-o", "/dev/null", direct]
    assert running.host.run(*curl, check=False).returncode != 0
    assert running.services["auth"].execute(*curl, check=False).returncode != 0
    assert running.services["auth"].execute("curl", "-sS", "http://api:8000/health", check=False).returncode != 0
    assert running.services["postern"].execute(*curl).returncode == 0


def test_what_goes_round_the_gate_is_refused_by_the_service(running, alice):
    uid, token = alice
    target = ["--unix-socket", "/run/api/socket", f"http://api/api/{uid}/tasks"]
    if running.services["api"].networks():
        target = [f"http://127.0.0.1:8000/api/{uid}/tasks"]
    forged = ["-H", f"X-User-Id: {uid}", "-H", f"Authorization: Bearer {token}", "-H", "X-Request-Id: r",
              "-H", "X-Postern-Identity: v1.1700000000." + 43 * "A"]
    answer = running.services["api"].execute("curl", "-sS", "-w", "%{http_code}", *forged, *target)
    assert answer.stdout == '{"detail":"Not authenticated"}401'


def test_postern_has_the_issuers_keys_and_not_its_secret(running):
    postern = running.file["services"]["postern"]
    assert postern["secrets"] == ["postern-identity"] and postern["environment"]["BETTER_AUTH_URL"] == "http://localhost:3000"
    assert "BETTER_AUTH_URL" in running.file["services"]["auth"]["environment"]


def test_every_container_is_confined(running):
    for name, service in running.services.items():
        settings = service.settings
        assert settings["read_only"] and settings["cap_drop"] == ["ALL"] and settings["security_opt"] == ["no-new-privileges:true"], name
        assert settings["image"] == "postern" or int(settings["user"].split(":")[0]) > 0, name
        assert "healthcheck" in settings, name
