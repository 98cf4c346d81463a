"""A bad configuration: every problem at once, a line each, exit 2. A good one that cannot be used: one line, exit 1."""

import re
import socket

import pytest
from gate import SECRET, Gate, run, token
from wire import Client

GOOD = {"BETTER_AUTH_SECRET": SECRET}


def starts(**settings):
    """A start that is expected to fail: (exit code, standard output, lines of standard error)."""
    code, out, err = run(**settings)
    assert "terminate" not in err and "Sanitizer" not in err, err
    return code, out, err.splitlines()


MISTAKES = {
    "BETTER_AUTH_SECRET": "too-short-hidden",
    "POSTERN_LISTEN": "localhost",
    "POSTERN_UPSTREAM": "ftp://backend",
    "POSTERN_USER_PATHS": "/api/{user_id}/{user_id}",
    "POSTERN_TOKEN_PATHS": "no-slash",
    "POSTERN_USER_HEADER": "Content-Length",
    "POSTERN_CLOCK_LEEWAY": "1h",
    "POSTERN_MAX_HEADER_BYTES": "lots",
    "POSTERN_THREADS": "0",
    "POSTERN_LOG_LEVEL": "loud",
    "POSTERN_UPSTRAEM": "http://backend:1",
}


def test_all_mistakes_are_reported_at_once_a_line_each():
    code, out, lines = starts(**MISTAKES)
    assert (code, out, len(lines)) == (2, "", len(MISTAKES))
    by_variable = dict(line.split(": ", 1) for line in lines)
    assert set(by_variable) == set(MISTAKES)
    for variable, text in by_variable.items():
        assert "e.g. " in text, f"{variable}: no example in {text}"
    assert "hidden" not in str(lines)


@pytest.mark.parametrize("variable,value", MISTAKES.items(), ids=MISTAKES)
def test_each_mistake_alone_is_one_line(variable, value):
    code, out, lines = starts(**(GOOD | {variable: value}))
    assert (code, out, len(lines)) == (2, "", 1)
    assert lines[0].startswith(f"{variable}: ")


REFUSED = {
    "POSTERN_LISTEN": ["127.0.0.1:65536", "127.0.0.1:-1", ":8080 ",
                       "::1:80", "unix:", "unix:relative", "unix:/" + "x" * 120],
    "POSTERN_UPSTREAM": ["http://", "http://u:p@h:1", "http://h:1/prefix", "127.0.0.1:8000"],
    "POSTERN_ADMIN_LISTEN": ["no"],
    "POSTERN_USER_PATHS": ["/api/x"],
    "POSTERN_TOKEN_PATHS": ["/a/**/b"],
    "POSTERN_PUBLIC_PATHS": ["/a/{user_id}", "/api/{anybody}/**,/a//b"],
    "POSTERN_USER_HEADER": ["X User", "Host"],
    "POSTERN_UID_CLAIM": ["exp"],
    "POSTERN_CLOCK_LEEWAY": ["301s", "-1s"],
    "POSTERN_MAX_TOKEN_LIFETIME": ["0s"],
    "POSTERN_SUB_MUST_MATCH": ["maybe"],
    "POSTERN_THREADS": ["1.5"],
    "POSTERN_MAX_CONNECTIONS": ["0"],
    "POSTERN_MAX_BODY_BYTES": ["10 MB", "99999999999999999999"],
    "POSTERN_HEADER_TIMEOUT": ["0s", "10"],
    "POSTERN_TRUSTED_PROXIES": ["10.0.0.0/33", "proxy.local"],
    "POSTERN_CORS_ORIGINS": ["https://a/path"],
    "POSTERN_CORS_PREFLIGHT": ["no"],
    "POSTERN_WEBSOCKET_TOKEN": ["query"],
    "POSTERN_LOG_FORMAT": ["xml"],
    "BETTER_AUTH_SECRET": ["better-auth-secret-12345678901234567890"],
    "BETTER_AUTH_SECRETS": [f"new:{SECRET}", f"2:{SECRET},1:short"],
    "BETTER_AUTH_SECRET_FILE": ["/no/such/file"],
}


@pytest.mark.parametrize("variable,value", [(variable, value) for variable, values in REFUSED.items() for value in values])
def test_a_value_that_cannot_be_meant_is_refused(variable, value):
    code, out, lines = starts(**({} if variable == "BETTER_AUTH_SECRET_FILE" else GOOD) | {variable: value})
    assert (code, out, len(lines)) == (2, "", 1), lines
    assert lines[0].startswith(f"{variable}: ")
    assert SECRET not in lines[0] and "u:p@" not in lines[0]


@pytest.mark.parametrize("name,nearest", [
    ("POSTERN_UPSTRAEM", "POSTERN_UPSTREAM"),
    ("POSTERN_LISTEN_ADDRESS", "POSTERN_LISTEN"),
    ("POSTERN_USER_PATH", "POSTERN_USER_PATHS"),
    ("POSTERN_JWT_ISSUERS", "POSTERN_JWT_ISSUER"),
    ("POSTERN_Log_Level", "POSTERN_LOG_LEVEL"),
])
def test_an_unknown_name_is_an_error_with_the_nearest_known_one(name, nearest):
    code, out, lines = starts(**GOOD, **{name: "hidden"})
    assert (code, out, len(lines)) == (2, "", 1)
    assert lines[0].startswith(f"{name}: ") and nearest in lines[0] and "hidden" not in lines[0]


def test_what_kubernetes_injects_and_what_is_empty_is_no_error(upstream):
    injected = {"POSTERN_SERVICE_HOST": "10.0.0.1", "POSTERN_SERVICE_PORT_HTTP": "80", "POSTERN_PORT": "tcp://10.0.0.1:80",
                "POSTERN_PORT_80_TCP_ADDR": "10.0.0.1"}
    empty = dict.fromkeys(["POSTERN_TOKEN_PATHS", "POSTERN_THREADS", "POSTERN_UPSTRAEM", "BETTER_AUTH_SECRET_FILE",
                           "BETTER_AUTH_SECRETS", "POSTERN_LOG_LEVEL", "POSTERN_USER_PATHS", "POSTERN_CORS_ORIGINS"], "")
    gate = Gate(upstream.url, **injected, **empty).wait_until_listening()
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=token("alice")).status == 200
    assert gate.stop() == 0
    assert gate.errors == "" and [line for line in gate.lines if line["level"] != "info"] == []


def test_without_a_secret_nothing_starts():
    for missing in ({}, {"BETTER_AUTH_SECRET": ""}):
        code, out, lines = starts(**missing)
        assert (code, out, len(lines)) == (2, "", 1)
        assert lines[0].startswith("BETTER_AUTH_SECRET: ")


@pytest.mark.parametrize("content,secret", [
    (SECRET, SECRET),
    (f"{SECRET}\n", SECRET),
    (f"{SECRET}\n\n", f"{SECRET}\n"),
    (f" {SECRET}", f" {SECRET}"),
    (f"{SECRET}é", f"{SECRET}é"),
])
def test_the_secret_file_is_taken_byte_for_byte_but_for_one_newline(upstream, tmp_path, content, secret):
    (tmp_path / "secret").write_bytes(content.encode())
    gate = Gate(upstream.url, BETTER_AUTH_SECRET=None, BETTER_AUTH_SECRET_FILE=str(tmp_path / "secret")).wait_until_listening()
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=token("alice", secret=secret)).status == 200
        assert client.get("/api/alice/x", token=token("alice", secret=secret + "x")).status == 401
    assert gate.stop() == 0
    warned = any(line["level"] == "warn" and "BETTER_AUTH_SECRET_FILE" in line["warning"] for line in gate.lines)
    assert warned == (secret != secret.strip())
    assert SECRET not in str(gate.lines)


@pytest.mark.parametrize("content,why", [
    ("short", "5 bytes"),
    ("", "0 bytes"),
    ("x" * 40 + "\0", "NUL"),
    (None, "Is a directory"),
])
def test_a_secret_file_that_will_not_do_is_one_line(tmp_path, content, why):
    path = tmp_path / "secret"
    path.mkdir() if content is None else path.write_text(content)
    code, out, lines = starts(BETTER_AUTH_SECRET_FILE=str(path))
    assert (code, out, len(lines)) == (2, "", 1)
    assert lines[0].startswith("BETTER_AUTH_SECRET_FILE: ") and why in lines[0]


def test_two_single_secrets_are_one_too_many(tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    code, _, lines = starts(**GOOD, BETTER_AUTH_SECRET_FILE=str(tmp_path / "secret"))
    assert (code, len(lines)) == (2, 1)


@pytest.mark.parametrize("threads", ["1", "4"])
def test_a_port_in_use_is_one_line_and_exit_1(threads):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = starts(**GOOD, POSTERN_LISTEN=address, POSTERN_ADMIN_LISTEN="off", POSTERN_THREADS=threads)
    assert result == (1, "", [f"postern: cannot listen on {address}: Address already in use"])


def test_an_address_that_cannot_be_listened_on_is_one_line_and_exit_1(tmp_path):
    (tmp_path / "file").write_text("not a socket")
    for address, why in [(f"unix:{tmp_path}/none/gate", "No such file or directory"),
                         (f"unix:{tmp_path}/file", "Address already in use"),
                         ("no-such-host.invalid:80", "the host name has no address"),
                         ("192.0.2.1:80", "Cannot assign requested address")]:
        result = starts(**GOOD, POSTERN_LISTEN=address, POSTERN_ADMIN_LISTEN="off")
        assert result == (1, "", [f"postern: cannot listen on {address}: {why}"])
    assert (tmp_path / "file").read_text() == "not a socket"


def test_a_unix_socket_left_over_is_replaced_and_one_in_use_is_not(start, tmp_path):
    path = tmp_path / "gate"
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))
    gate = start(POSTERN_LISTEN=f"unix:{path}")
    code, _, lines = starts(**GOOD, POSTERN_LISTEN=f"unix:{path}", POSTERN_ADMIN_LISTEN="off")
    assert (code, len(lines)) == (1, 1) and re.search("Address already in use$", lines[0])
    with Client(str(path)) as client:
        assert client.get("/api/alice/x", token=token("alice")).status == 200
    assert gate.stop() == 0
    assert not path.exists()
