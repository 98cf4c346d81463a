"""The status page: whoever sees only it can tell what is wrong, and a page of somebody else's cannot see it."""

import socket
import time

import pytest
from admin import ask
from gate import SECRET, sign, tampered, token
from wire import Client

ALICE = token("alice")


def requests(gate, count, target, bearer):
    statuses = []
    for _ in range(count):
        with Client(gate.address) as client:
            statuses.append(client.get(target, token=bearer).status)
    return statuses


def page(gate):
    response = ask(gate, "/")
    assert response.status == 200
    return response.body.decode()


def test_the_page_says_what_goes_on_and_no_secret(gate):
    assert requests(gate, 1, "/api/alice/private?q=1", ALICE) == [200]
    assert requests(gate, 1, "/api/bob/private", ALICE) == [403]
    gate.wait_for_log(count=2, msg="request")
    shown = page(gate)
    for part in ("another user", "/api/{user_id}/**", "ready", "POSTERN_USER_PATHS", f"set ({len(SECRET)} bytes)"):
        assert part in shown, part
    for part in (SECRET, ALICE, "private"):
        assert part not in shown, part


def test_a_browser_may_use_nothing_but_the_page_itself(gate):
    response = ask(gate, "/")
    policy = response.head.one("Content-Security-Policy")
    for part in ("default-src 'none'", "frame-ancestors 'none'", "sha256-"):
        assert part in policy
    assert "unsafe" not in policy
    assert response.head.one("Content-Type") == "text/html; charset=utf-8"
    assert response.head.one("Cache-Control") == "no-store"
    assert response.head.one("X-Content-Type-Options") == "nosniff"
    assert response.head.one("Referrer-Policy") == "no-referrer"
    assert "http://" not in page(gate).replace("http://127.0.0.1", "")


@pytest.mark.parametrize("host,status", [
    ("localhost", 200), ("LOCALHOST:9090", 200), ("127.0.0.1:9090", 200), ("[::1]:9090", 200), ("10.1.2.3", 200),
    ("evil.example", 403), ("localhost.evil.example", 403), ("127.0.0.1.evil.example", 403), ("127.1", 403), ("[evil]", 403),
])
def test_only_an_address_or_localhost_is_its_host(gate, host, status):
    assert ask(gate, "/", host=host).status == status


def test_methods_and_head(gate):
    assert ask(gate, "/", method="POST").status == 405
    for path in ("/", "/metrics"):
        response = ask(gate, path, method="HEAD")
        assert (response.status, response.body) == (200, b"")


def test_the_backend_down_is_seen(start):
    with socket.socket() as bound:  # and not listening: nobody else gets the port
        bound.bind(("127.0.0.1", 0))
        gate = start(upstream_url=f"http://127.0.0.1:{bound.getsockname()[1]}")
        shown = page(gate)
    assert "The backend does not answer" in shown and "Connection refused" in shown
    assert "not ready" in shown


def test_an_attack_of_guesses_is_seen(start):
    gate = start(POSTERN_FAILED_AUTH_RATE="1/h burst 5")
    statuses = requests(gate, 20, "/api/alice/x", tampered(ALICE))
    assert statuses == [401] * 5 + [429] * 15
    gate.wait_for_log(count=20, msg="request")
    assert "Somebody is guessing tokens" in page(gate)


def test_a_wrong_secret_is_seen(gate):
    other = token("alice", secret="not the secret that the gate knows!!")
    assert set(requests(gate, 10, "/api/alice/x", other)) == {401}
    gate.wait_for_log(count=10, msg="request")
    assert "secret is probably not the one" in page(gate)


def test_a_clock_that_is_behind_is_seen(gate):
    now = int(time.time())
    early = sign({"alg": "HS256", "typ": "JWT"}, {"uid": "alice", "iat": now + 600, "exp": now + 1200})
    assert set(requests(gate, 10, "/api/alice/x", early)) == {401}
    gate.wait_for_log(count=10, msg="request")
    assert "clock is behind" in page(gate)


def test_what_a_client_chooses_is_escaped(gate):
    with Client(gate.address) as client:
        client.get("/api/bob/x", "X-Request-Id: abc-DEF_1", token=ALICE)
        client.get("/api/alice/<script>", method="GET")
    gate.wait_for_log(count=2, msg="request")
    shown = page(gate)
    assert "abc-DEF_1" in shown and "/<script>" not in shown
