"""The commands beside serve: what they print where, and their exit codes."""

import base64
import json
import pathlib
import re
import shlex
import subprocess

import pytest
from gate import SECRET, run, token
from issuer import ISSUER, IssuerServer, Key, response
from wire import Client, ok

GOOD = {"BETTER_AUTH_SECRET": SECRET}


def payload(compact):
    part = compact.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["serve", "--help"], ["token", "--help"], ["explain", "-h"]])
def test_help_needs_no_configuration(arguments):
    code, out, err = run(*arguments, POSTERN_THREADS="none")
    assert (code, err) == (0, "")
    for word in ("check", "token", "explain", "SIGTERM", "POSTERN_LISTEN", "BETTER_AUTH_SECRET", "exit codes"):
        assert word in out


def test_version_is_one_line():
    code, out, err = run("--version")
    assert (code, err) == (0, "") and re.fullmatch(
        r"postern \d+\.\d+\.\d+, commit ([0-9a-f]{12}(-dirty)?|unknown), OpenSSL 3\.\d+\.\d+\n", out
    )


@pytest.mark.parametrize("arguments", [
    ["srve"], ["--serve"], [""], ["--version="],
    ["serve", "now"], ["check", "it"],
    ["token"], ["token", "--uid"], ["token", "--uid", ""], ["token", "--uid", "a b"], ["token", "--uid", "x" * 129],
    ["token", "--uid", "a", "--ttl", "soon"], ["token", "--uid", "a", "--ttl", "0s"], ["token", "--uid", "a", "--ttl", "500ms"],
    ["token", "--uid", "a", "--claim", "novalue"], ["token", "--uid", "a", "--claim", "=v"],
    ["token", "--uid", "a", "b"], ["token", "--user", "a"],
    ["explain", "GET", "/", "/extra"], ["explain", "--token"], ["explain", "--jwt", "x"],
])
def test_wrong_usage_is_one_line_on_standard_error_and_exit_2(arguments):
    code, out, err = run(*arguments, **GOOD)
    assert (code, out) == (2, "")
    assert err.startswith("postern: ") and err.endswith("; see postern --help\n") and err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["check"], ["token", "--uid", "alice"], ["explain", "GET", "/"], [], ["serve"]])
def test_a_bad_configuration_is_exit_2_for_every_command(arguments):
    code, out, err = run(*arguments, BETTER_AUTH_SECRET="short-hidden", POSTERN_THREADS="none")
    assert (code, out) == (2, "")
    assert sorted(line.split(":")[0] for line in err.splitlines()) == ["BETTER_AUTH_SECRET", "POSTERN_THREADS"]
    assert "hidden" not in err


def test_check_prints_what_is_in_force_and_no_secret():
    code, out, err = run("check", **GOOD, POSTERN_THREADS="3", POSTERN_USER_PATHS="/u/{user_id}", POSTERN_HEADER_TIMEOUT="250ms")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    shown = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    assert lines[-2:] == ["# rules, most specific first", "# user  *  /u/{user_id}"]
    assert SECRET not in out and shown["BETTER_AUTH_SECRET"] == f"set ({len(SECRET)} bytes)"
    expected = {"POSTERN_THREADS": "3", "POSTERN_USER_PATHS": "/u/{user_id}", "POSTERN_HEADER_TIMEOUT": "250ms",
                "POSTERN_LISTEN": "0.0.0.0:8080", "POSTERN_UID_CLAIM": "uid,sub", "POSTERN_DRAIN_TIMEOUT": "25s",
                "POSTERN_MAX_TOKEN_LIFETIME": "30d"}
    assert expected.items() <= shown.items()
    # What it prints is a configuration again, and the same one.
    again = {name: value for name, value in shown.items() if name.startswith("POSTERN_") and value}
    assert run("check", **GOOD, **again) == (0, out, "")


def test_check_warns_and_is_content():
    code, out, err = run("check", BETTER_AUTH_SECRET=f"'{SECRET}'", POSTERN_UPSTREAM_IDLE_TIMEOUT="5s")
    assert code == 0 and out
    assert [line.split(": ")[:2] for line in err.splitlines()] == [["warning", "BETTER_AUTH_SECRET"],
                                                                   ["warning", "POSTERN_UPSTREAM_IDLE_TIMEOUT"]]


def test_the_development_token_opens_the_running_gate(start, upstream):
    settings = {"POSTERN_JWT_ISSUER": "https://auth", "POSTERN_JWT_AUDIENCE": "https://api", "POSTERN_UID_CLAIM": "id"}
    gate = start(**settings)
    code, out, err = run("token", "--uid", "alice", "--ttl", "1h", "--claim", "role=admin", "--claim", "n=3", **GOOD, **settings)
    assert (code, err) == (0, "")
    claims = payload(out.strip())
    expected = {"id": "alice", "sub": "alice", "iss": "https://auth", "aud": "https://api", "role": "admin", "n": 3}
    assert expected.items() <= claims.items()
    assert claims["exp"] - claims["iat"] == 3600
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=out.strip()).status == 200
        assert client.get("/api/bob/x", token=out.strip()).status == 403
    assert upstream.requests[0].head.all("X-User-Id") == ["alice"]


@pytest.mark.parametrize("arguments,why", [
    (["--ttl", "31d"], "lifetime"),
    (["--claim", "exp=1"], "expired"),
    (["--claim", "sub=bob"], "subject"),
    (["--claim", "uid=7"], "uid"),
])
def test_a_token_that_the_gate_would_refuse_is_made_with_a_note(gate, arguments, why):
    code, out, err = run("token", "--uid", "alice", *arguments, **GOOD)
    assert code == 0 and err.startswith("note: ") and why in err and err.count("\n") == 1
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=out.strip()).status == 401


EXPLAINED = [
    # token, method and target, the last step, what became of it
    (token("alice"), ["GET", "/api/alice/x?q=1"], "forward", "forwarded as alice"),
    (token("alice"), ["/api/alice/x"], "forward", "forwarded as alice"),
    (token("alice"), ["DELETE", "/api/bob/x"], "owner", "403 Forbidden"),
    (token("alice"), ["GET", "/elsewhere"], "route", "404 Not Found"),
    (token("alice", ttl=-60), ["GET", "/api/alice/x"], "token", "401 Token expired"),
    (token("alice", secret="x" * 32), ["GET", "/api/alice/x"], "token", "401 Invalid token"),
    (None, ["GET", "/api/alice/x"], "credentials", "401 Not authenticated"),
    (None, ["GET", "/open"], "rule", "forwarded without identity (public)"),
    (None, ["GET", "/api/alice/../bob"], "target", "400 Bad Request"),
    (None, ["TRACE", "/api/alice"], "head", "405 Method Not Allowed"),
]


@pytest.mark.parametrize("bearer,arguments,step,answer", EXPLAINED, ids=[row[3] + " " + row[1][-1] for row in EXPLAINED])
def test_explain_says_what_the_gate_would_do(start, bearer, arguments, step, answer):
    settings = {"POSTERN_PUBLIC_PATHS": "/open"}
    code, out, err = run("explain", *(["--token", bearer] if bearer else []), *arguments, **GOOD, **settings)
    refused = answer[0].isdigit()
    assert (code, err) == (1 if refused else 0, "")
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["cause", "remedy"]
    assert lines[-1].split(None, 1) == ["answer", answer]
    words = [line for line in lines[:-1] if not line.startswith(" ")][-1].split()
    assert words[0] == step and (words[1] == "failed") == refused, out
    assert bearer is None or bearer not in out
    method, target = arguments if len(arguments) == 2 else ("GET", *arguments)
    with Client(start(**settings).address) as client:
        assert client.get(target, token=bearer, method=method).status == (int(answer[:3]) if refused else 200)


DEPLOY = pathlib.Path(__file__).parents[2] / "deploy"


def test_the_example_of_a_policy_holds():
    words = shlex.split((DEPLOY / "policy/policy.env").read_text(), comments=True)
    policy = dict(word.split("=", 1) for word in words)
    code, out, err = run("explain", "--batch", str(DEPLOY / "policy/policy.cases"), **GOOD, **policy)
    assert (code, out, err) == (0, "31 requests, 0 judged otherwise\n", "")
    code, out, err = run("explain", "--batch", str(DEPLOY / "policy/policy.cases"), **GOOD)
    assert code == 1 and "policy.cases:22: GET /api/orgs/o1/members as alice activeOrganizationId=o1 -> 200: it is 403" in out


DOCUMENTS = pathlib.Path(__file__).parents[1] / "unit/openapi/documents"


@pytest.mark.parametrize("name,before", [("tidy", 1), ("holes", 9), ("nested", 6)])
def test_what_routes_suggests_leaves_no_hole(name, before):
    file = str(DOCUMENTS / f"{name}.json")
    code, out, err = run("routes", "--openapi", file, "--json", **GOOD)
    assert (code, err, json.loads(out)["holes"]) == (1, "", before)
    code, out, _ = run("routes", "--openapi", file, "--suggest", **GOOD)
    assert code == 1
    policy = dict(line.split("=", 1) for line in out.splitlines())
    code, out, err = run("routes", "--openapi", "-", **GOOD, **policy, input=(DOCUMENTS / f"{name}.json").read_text())
    assert (code, err) == (0, "") and out.endswith(" 0 holes\n")


def test_the_routes_are_those_of_the_documents_that_this_fastapi_writes(tmp_path):
    """Word for word they differ from one FastAPI to the next."""
    subprocess.run([DOCUMENTS / "generate", tmp_path], check=True)
    for name in ("tidy", "holes", "nested"):
        kept, written = (run("routes", "--openapi", str(folder / f"{name}.json"), "--json", **GOOD) for folder in (DOCUMENTS, tmp_path))
        assert kept == written, name


@pytest.mark.parametrize("source", [[], ["--openapi", "{url}/openapi.json"], ["--openapi", "{url}/deep/doc?v=1"]])
def test_routes_asks_the_service(upstream, source):
    document = (DOCUMENTS / "tidy.json").read_bytes()

    def script(connection):
        connection.read_request()
        connection.send(ok(document, "Content-Type: application/json"))

    upstream.script = script
    code, out, err = run("routes", *(word.format(url=upstream.url) for word in source), "--json", **GOOD,
                         POSTERN_UPSTREAM=upstream.url)
    assert (code, err) == run("routes", "--openapi", str(DOCUMENTS / "tidy.json"), "--json", **GOOD)[::2]
    assert out == run("routes", "--openapi", str(DOCUMENTS / "tidy.json"), "--json", **GOOD)[1]
    (seen,) = upstream.requests
    assert seen.target == (source[1].removeprefix("{url}") if source else "/openapi.json")
    assert seen.head.one("Host") == upstream.url.removeprefix("http://") and seen.head.one("Authorization") is None


@pytest.mark.parametrize("answer,word", [
    (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answers 404"),
    (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "answers 302"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "closed early"),
    (b"garbage\r\n\r\n", "malformed response"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "response too large"),
])
def test_routes_says_why_it_has_no_document(upstream, answer, word):
    def script(connection):
        connection.read_request()
        connection.send(answer)

    upstream.script = script
    code, out, err = run("routes", **GOOD, POSTERN_UPSTREAM=upstream.url)
    assert (code, out) == (1, "") and word in err and upstream.url.removeprefix("http://") in err


def test_routes_tells_of_a_service_that_is_not_there(upstream):
    upstream.stop_listening()
    code, out, err = run("routes", **GOOD, POSTERN_UPSTREAM=upstream.url)
    assert (code, out) == (1, "") and "unreachable" in err


def test_explain_reads_the_token_from_standard_input():
    code, out, err = run("explain", "--token", "-", "GET", "/api/alice/x", input=f" {token('alice')} \n", **GOOD)
    assert (code, err) == (0, "") and out.endswith("forwarded as alice\n")


@pytest.mark.parametrize("arguments", [
    ["G ET", "/"], ["GET", "/a b"], ["GET", "/a\r\nX-User-Id: bob"], ["GET\r\n", "/"], ["GET", ""],
    ["--token", "a\r\nX: y", "GET", "/api/alice/x"],
])
def test_explain_takes_no_more_than_one_request(arguments):
    code, out, err = run("explain", *arguments, **GOOD)
    assert (code, err) == (1, "") and re.search(r"^answer +40[01] ", out, re.MULTILINE)


def test_explain_reads_the_token_from_a_file(tmp_path):
    file = tmp_path / "alice.jwt"
    file.write_text(token("alice") + "\n")
    code, out, err = run("explain", "--token", str(file), "/api/alice/x", **GOOD)
    assert (code, err) == (0, "") and out.endswith("forwarded as alice\n")


def first_lines(out):
    cause, remedy = out.splitlines()[:2]
    return cause.removeprefix("cause").strip(), remedy.removeprefix("remedy").strip()


def test_explain_fetches_the_set_of_the_issuer_once():
    key, stranger = Key("k1"), Key("k2")
    server = IssuerServer(key)
    settings = {"POSTERN_JWKS_URL": server.url, "POSTERN_JWT_ISSUER": ISSUER, "POSTERN_JWT_AUDIENCE": ISSUER}
    try:
        code, out, err = run("explain", "--token", key.token(), "/api/alice/x", **settings)
        assert (code, err) == (0, "") and "1 key, fetched just now" in out and server.fetches == 1
        code, out, _ = run("explain", "--token", stranger.token(), "/api/alice/x", **settings)
        assert code == 1 and first_lines(out)[0] == \
            "The issuer's key set has no key of the token's kid: kid 'k2', the set has 'k1'"
        assert server.fetches == 2
        # Whose keys would count is known before anything is fetched.
        code, out, _ = run("explain", "--token", Key("k1", issuer="https://evil.example").token(), "/api/alice/x", **settings)
        assert code == 1 and "expected 'https://auth.example', found 'https://evil.example'" in first_lines(out)[0]
        assert server.fetches == 2
    finally:
        server.close()


@pytest.mark.parametrize("answer,problem", [
    (response({"keys": []}), "no usable key"), (response({}, "404 Not Found"), "status 404"), (None, "refused"),
])
def test_explain_says_why_it_has_no_set(answer, problem):
    key = Key("k1")
    server = IssuerServer(key)
    server.answer = answer
    if answer is None:
        server.close()
    try:
        code, out, err = run("explain", "--token", key.token(), "/api/alice/x", POSTERN_JWKS_URL=server.url,
                             POSTERN_JWT_ISSUER=ISSUER, POSTERN_JWT_AUDIENCE=ISSUER)
    finally:
        server.close()
    assert (code, err) == (1, "") and out.endswith("answer      503 Service Unavailable\n")
    cause, remedy = first_lines(out)
    assert cause.startswith("The issuer's key set could not be had: " + server.url) and problem in cause
    assert "200 and a JWK Set" in remedy
