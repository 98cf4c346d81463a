"""What Better Auth and its OAuth provider sign beside a user's access token: refused, whichever keys it signs with."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from gate import PATIENCE, SECRET
from issuers import OAUTH, PINNED, part_of, require, status

BASE, API = "https://auth.test", "https://api.test"
PROVIDER = f"{BASE}/api/auth"
OWN = "own client's access token"


@pytest.fixture(scope="module", params=["published keys", "shared secret"])
def signed(request, tmp_path_factory):
    """What Better Auth printed, and how Postern verifies it."""
    shared = request.param == "shared secret"
    recipe = {"SHARED_SECRET": str(PINNED / "package" / "index.mjs")} if shared else {}
    with Path(__file__).with_name("oauth_tokens.mjs").open(encoding="utf-8") as script:
        ran = subprocess.run(["node", "--input-type=module"], stdin=script, cwd=require(OAUTH), capture_output=True, text=True,
                             timeout=PATIENCE, check=False, env={"PATH": os.environ["PATH"], "BETTER_AUTH_SECRET": SECRET, **recipe})
    assert ran.returncode == 0, ran.stderr
    made = json.loads(ran.stdout)
    keys = tmp_path_factory.mktemp("keys") / "jwks.json"
    keys.write_text(json.dumps(made["keys"]))

    def settings(issuer, audience):
        if shared:
            return {"POSTERN_JWT_ISSUER": issuer, "POSTERN_JWT_AUDIENCE": audience}
        # The secret beside the set, as a shared .env has it: what only the secret signs must not pass either.
        return {"POSTERN_JWKS_FILE": f"{keys} iss={issuer} aud={audience}"}

    return made["user"], made["tokens"], settings, shared, made["openid"]


def test_none_of_them_is_a_token_of_better_auths_own(signed, todo, start_gate):
    user, tokens, settings, _, _ = signed
    gate = start_gate(todo, **settings(BASE, BASE))
    assert {name: status(gate, bearer, user) for name, bearer in tokens.items()} == dict.fromkeys(tokens, 401)


@pytest.mark.parametrize("uid_claim", ["uid,sub", "sub"])
def test_only_ones_own_clients_access_tokens_pass_where_their_audience_is_demanded(signed, todo, start_gate, uid_claim):
    user, tokens, settings, shared, _ = signed
    gate = start_gate(todo, POSTERN_UID_CLAIM=uid_claim, **settings(PROVIDER, API))
    names = {OWN, "a stranger's access token", "bound by DPoP", "client_credentials", "session cache", "e-mail verification"}
    assert set(tokens) == names | (set() if shared else {"ID token", "logout"})
    assert {name: status(gate, bearer, user) for name, bearer in tokens.items()} == dict.fromkeys(tokens, 401) | {OWN: 200}
    machine = part_of(tokens["client_credentials"], 1)["sub"]
    assert status(gate, tokens["client_credentials"], machine) == 401
    for reason in ("wrong audience", "bound to a key", "client's own token"):
        gate.wait_for_log(reason=reason)


def test_without_an_audience_sub_names_nobody(signed, todo, start_gate):
    user, tokens, settings, _, _ = signed
    gate = start_gate(todo, **settings(PROVIDER, "any"))
    assert {name: status(gate, bearer, user) for name, bearer in tokens.items()} == dict.fromkeys(tokens, 401)


def test_the_recipe_for_the_shared_secret_breaks_the_openid_flow(signed):
    """As its README says."""
    *_, shared, openid = signed
    assert openid.startswith("/oauth2/token: 500") if shared else openid == "works"
