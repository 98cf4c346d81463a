"""The commands beside serve: what they print where, and their exit codes."""

import base64
import json
import re

import pytest
from gate import SECRET, run, token
from wire import Client

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
    shown = dict(line.split("=", 1) for line in out.splitlines())
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
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[-1].split(None, 1) == ["answer", answer]
    refused = answer[0].isdigit()
    words = lines[-2].split()
    assert words[0] == step and (words[1] == "failed") == refused, out
    assert bearer is None or bearer not in out
    method, target = arguments if len(arguments) == 2 else ("GET", *arguments)
    with Client(start(**settings).address) as client:
        assert client.get(target, token=bearer, method=method).status == (int(answer[:3]) if refused else 200)


def test_explain_reads_the_token_from_standard_input():
    code, out, err = run("explain", "--token", "-", "GET", "/api/alice/x", input=f" {token('alice')} \n", **GOOD)
    assert (code, err) == (0, "") and out.endswith("forwarded as alice\n")


@pytest.mark.parametrize("arguments", [
    ["G ET", "/"], ["GET", "/a b"], ["GET", "/a\r\nX-User-Id: bob"], ["GET\r\n", "/"], ["GET", ""],
    ["--token", "a\r\nX: y", "GET", "/api/alice/x"],
])
def test_explain_takes_no_more_than_one_request(arguments):
    code, out, err = run("explain", *arguments, **GOOD)
    assert (code, err) == (0, "") and re.search(r"^answer +40[01] ", out, re.MULTILINE)
