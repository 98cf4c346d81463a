"""Rules with methods and conditions, optional paths and overrides: what each lets through, answers and logs."""

import pytest
from gate import token
from wire import Client

UPGRADE = ["Connection: Upgrade", "Upgrade: websocket"]
PREFLIGHT = ["Origin: https://app", "Access-Control-Request-Method: POST"]
SCOPE = 'Bearer error="insufficient_scope"'
RULES = {
    "POSTERN_USER_PATHS": "/api/{user_id}/**,DELETE /api/{user_id}/** role=owner,/team/{user_id}/{org_id}/** {org_id}=org",
    "POSTERN_TOKEN_PATHS": "GET /admin/** role=admin,POST /notes scope=notes:write,/orgs/{org_id}/** {org_id}=orgs,"
                           "/paid plan=pro,/paid trial=true",
    "POSTERN_OPTIONAL_PATHS": "GET /feed",
    "POSTERN_PUBLIC_PATHS": "GET /docs/**",
    "POSTERN_OVERRIDE": "role=admin,PUT|DELETE role=owner",
}


@pytest.fixture
def policed(start):
    return start(**RULES)


def alice(**claims):
    return token("alice", **claims)


ADMIN, OWNER = token("root", role="user,admin"), token("root", role="owner")
GET, HEAD, POST, PUT = "GET", "HEAD", "POST", "PUT"

FORWARDED = [  # (method, target, token, verdict, reason, rule, uid)
    (GET, "/api/alice/x", alice(), "forward", "ok", "/api/{user_id}/**", "alice"),
    (GET, "/admin/users", ADMIN, "forward", "ok", "GET /admin/** role=admin", "root"),
    (HEAD, "/admin/users", ADMIN, "forward", "ok", "GET /admin/** role=admin", "root"),
    (GET, "/admin/users", alice(role=["x", "admin"]), "forward", "ok", "GET /admin/** role=admin", "alice"),
    (POST, "/notes", alice(scope="notes:read notes:write"), "forward", "ok", "POST /notes scope=notes:write", "alice"),
    (GET, "/orgs/o1/members", alice(orgs=["o2", "o1"]), "forward", "ok", "/orgs/{org_id}/** {org_id}=orgs", "alice"),
    (GET, "/orgs/%6f1", alice(orgs="o1"), "forward", "ok", "/orgs/{org_id}/** {org_id}=orgs", "alice"),
    (GET, "/orgs/17", alice(orgs=17), "forward", "ok", "/orgs/{org_id}/** {org_id}=orgs", "alice"),
    (GET, "/paid", alice(plan="pro"), "forward", "ok", "/paid plan=pro", "alice"),
    (GET, "/paid", alice(trial=True), "forward", "ok", "/paid trial=true", "alice"),
    (GET, "/team/alice/o1/x", alice(org="o1"), "forward", "ok", "/team/{user_id}/{org_id}/** {org_id}=org", "alice"),
    (GET, "/feed", None, "forward", "optional", "GET /feed", None),
    (GET, "/feed", alice(), "forward", "ok", "GET /feed", "alice"),
    (HEAD, "/docs/a", None, "forward", "public", "GET /docs/**", None),
    (GET, "/api/alice/x", ADMIN, "override", "override", "/api/{user_id}/**", "root"),
    (HEAD, "/api/alice/x", ADMIN, "override", "override", "/api/{user_id}/**", "root"),
    (PUT, "/api/alice/x", OWNER, "override", "override", "/api/{user_id}/**", "root"),
    (GET, "/api/root/x", ADMIN, "forward", "ok", "/api/{user_id}/**", "root"),
]


@pytest.mark.parametrize("method,target,bearer,verdict,reason,rule,uid", FORWARDED)
def test_a_rule_lets_through_whom_it_names(policed, upstream, method, target, bearer, verdict, reason, rule, uid):
    with Client(policed.address) as client:
        client.get(target, "X-Postern-Override: true", "x_postern_override: yes", token=bearer, method=method)
    (seen,) = upstream.requests
    assert seen.head.all("X-User-Id") == ([uid] if uid else [])
    assert seen.head.all("X-Postern-Override") == (["true"] if verdict == "override" else [])
    assert b"_" not in b"".join(name for name, _ in seen.head.fields)
    line = policed.wait_for_log(msg="request")
    assert (line["verdict"], line["reason"], line["rule"], line.get("uid")) == (verdict, reason, rule, uid)


REFUSED = [  # (method, target, token, fields, status, challenge, reason)
    (GET, "/admin/users", alice(), [], 403, SCOPE, "condition not met"),
    (GET, "/admin/users", alice(role="administrator"), [], 403, SCOPE, "condition not met"),
    (GET, "/admin/users", alice(role="Admin"), [], 403, SCOPE, "condition not met"),
    (POST, "/admin/users", ADMIN, [], 404, None, "no rule"),
    (POST, "/admin/users", ADMIN, ["X-HTTP-Method-Override: GET"], 404, None, "no rule"),
    (POST, "/notes", alice(scope="notes:read"), [], 403, SCOPE, "condition not met"),
    (GET, "/notes", alice(scope="notes:write"), [], 404, None, "no rule"),
    (GET, "/orgs/o1", alice(orgs=["o2"]), [], 403, SCOPE, "condition not met"),
    (GET, "/orgs/O1", alice(orgs=["o1"]), [], 403, SCOPE, "condition not met"),
    (GET, "/orgs/o1", alice(), [], 403, SCOPE, "condition not met"),
    (GET, "/paid", alice(plan="free", trial=False), [], 403, SCOPE, "condition not met"),
    (GET, "/team/alice/o2/x", alice(org="o1"), [], 403, SCOPE, "condition not met"),
    (GET, "/team/bob/o1/x", alice(org="o1"), [], 403, None, "another user"),
    (GET, "/team/bob/o2/x", token("root", role="admin", org="o1"), [], 403, SCOPE, "condition not met"),
    (GET, "/feed", "garbage", [], 401, 'Bearer error="invalid_token", error_description="The token is invalid"', None),
    (GET, "/feed", None, ["Authorization: Basic eA=="], 401, "Bearer", None),
    (POST, "/feed", None, [], 401, "Bearer", None),
    ("get", "/docs/a", None, [], 401, "Bearer", None),
    # A service may fold the letters of a method: what guards DELETE is not escaped by another spelling.
    ("DELETE", "/api/alice/x", alice(), [], 403, SCOPE, "condition not met"),
    ("delete", "/api/alice/x", alice(), [], 404, None, "no rule"),
    ("Delete", "/api/alice/x", OWNER, [], 404, None, "no rule"),
    (POST, "/docs/a", None, [], 401, "Bearer", None),
    (POST, "/api/alice/x", ADMIN, [], 403, None, "another user"),
    (GET, "/api/alice/x", OWNER, [], 403, None, "another user"),
    (GET, "/api/alice/x", ADMIN, UPGRADE, 403, None, "another user"),
]


@pytest.mark.parametrize("method,target,bearer,fields,status,challenge,reason", REFUSED)
def test_a_rule_refuses_everybody_else(policed, upstream, method, target, bearer, fields, status, challenge, reason):
    with Client(policed.address) as client:
        response = client.get(target, *fields, token=bearer, method=method)
    assert (response.status, response.head.one("WWW-Authenticate")) == (status, challenge)
    assert upstream.requests == []
    line = policed.wait_for_log(msg="request")
    assert line["verdict"] == "refuse" and reason in (None, line["reason"])


@pytest.mark.parametrize("target,bearer,forwarded", [
    ("/admin/users", None, True), ("/notes", None, True), ("/docs/a", None, True), ("/feed", ADMIN, True), ("/nowhere", None, False),
])
def test_a_preflight_passes_on_every_path_that_a_rule_names_whatever_its_methods(policed, upstream, target, bearer, forwarded):
    with Client(policed.address) as client:
        status = client.get(target, *PREFLIGHT, token=bearer, method="OPTIONS").status
    assert (status == 200) == forwarded
    assert [(seen.head.all("X-User-Id"), seen.head.all("Authorization")) for seen in upstream.requests] == [([], [])] * forwarded


def test_user_paths_can_be_turned_off(start, upstream):
    gate = start(POSTERN_USER_PATHS="off", POSTERN_TOKEN_PATHS="/api/**")
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=token("bob")).status == 200
        assert client.get("/other", token=token("bob")).status == 404
    assert [seen.head.all("X-User-Id") for seen in upstream.requests] == [["bob"]]


def test_a_known_token_keeps_its_claims(policed, upstream):
    bearer = alice(orgs=["o1"])
    with Client(policed.address) as client:
        statuses = [client.get(f"/orgs/{org}", token=bearer).status for org in ("o1", "o2", "o1", "o2")]
    assert statuses == [200, 403, 200, 403]


UNTRUSTED = ["X-Real-IP: 1.2.3.4", "x_real_ip: 1.2.3.4", "X-Forwarded-User: root", "X_FORWARDED_USER: root",
             "X-Forwarded-Port: 1", "x-forwarded-prefix: /p", "Forwarded: for=1.2.3.4"]


@pytest.mark.parametrize("trusted,passes", [(None, []), ("127.0.0.1", ["Forwarded", "X-Forwarded-Port", "X-Forwarded-User",
                                                                        "X-Real-IP", "x-forwarded-prefix"])])
def test_only_a_trusted_proxy_says_whom_it_forwards_for(start, upstream, trusted, passes):
    gate = start(POSTERN_TRUSTED_PROXIES=trusted)
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", *UNTRUSTED, token=token("alice")).status == 200
    (seen,) = upstream.requests
    own = {b"X-Forwarded-For", b"X-Forwarded-Proto", b"X-Forwarded-Host"}
    told = [name for name, _ in seen.head.fields if name not in own and b"forwarded" in name.lower() or b"real" in name.lower()]
    assert sorted(name.decode() for name in told) == passes
