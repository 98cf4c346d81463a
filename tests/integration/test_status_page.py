"""The status page: whoever sees only it can tell what is wrong, and a page of somebody else's cannot see it."""

import datetime
import signal
import socket
import time

import pytest
from admin import ask
from gate import PATIENCE, SECRET, sign, tampered, token
from issuer import ISSUER, IssuerServer, Key, response
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


def wait_for_page(gate, *parts):
    until = time.monotonic() + PATIENCE
    while any(part not in (shown := page(gate)) for part in parts):
        assert time.monotonic() < until, shown
        time.sleep(0.05)


@pytest.fixture
def issuer():
    server = IssuerServer(Key("k1"))
    yield server
    server.close()


def test_a_key_set_is_shown_with_its_issuer_and_what_became_of_its_last_fetch(start, issuer):
    gate = start(POSTERN_JWKS_URL=issuer.url + "?hidden=1", POSTERN_JWT_ISSUER=ISSUER, POSTERN_JWT_AUDIENCE=ISSUER)
    gate.wait_for_log(msg="key set fetched")
    shown = page(gate)
    for part in (issuer.url, f"issuer {ISSUER}", "1 key, fetched ", "BETTER_AUTH_SECRET", "Nothing wrong is seen"):
        assert part in shown, part
    issuer.answer = response({}, "500 Oops")
    gate.signal(signal.SIGHUP)
    gate.wait_for_log(msg="key set not fetched")
    assert "the last fetch failed: status 500" in page(gate)


def test_a_stale_key_set_is_seen(start, issuer):
    gate = start(BETTER_AUTH_SECRET=None, POSTERN_JWKS_URL=issuer.url, POSTERN_JWT_ISSUER=ISSUER,
                 POSTERN_JWT_AUDIENCE=ISSUER, POSTERN_JWKS_REFRESH="1s")
    gate.wait_for_log(msg="key set fetched")
    assert "BETTER_AUTH_SECRET</td>" not in page(gate).split("Configuration in force")[0]
    issuer.close()
    gate.wait_for_log(msg="key set is old, and serves on")
    wait_for_page(gate, f"The key set of {ISSUER} is stale: its last fetch went well", "Connection refused",
                  "Better Auth must be running")


def test_a_key_set_that_was_never_had_is_seen(start, issuer):
    issuer.close()
    gate = start(BETTER_AUTH_SECRET=None, POSTERN_JWKS_URL=issuer.url, POSTERN_JWT_ISSUER=ISSUER,
                 POSTERN_JWT_AUDIENCE=ISSUER)
    gate.wait_for_log(msg="key set not fetched")
    shown = page(gate)
    assert f"The key set of {ISSUER} was never fetched" in shown and "Connection refused" in shown


def test_shadow_mode_is_seen(start):
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3, hours=1)
    gate = start(POSTERN_SHADOW_UNTIL=until.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert "Shadow mode: what would be refused is forwarded without identity, for another 3 days" in page(gate)


def test_what_each_reason_means_is_on_the_page(gate):
    assert requests(gate, 2, "/api/alice/x", token("alice", ttl=-60)) == [401, 401]
    gate.wait_for_log(count=2, msg="request")
    shown = page(gate).split("Reasons of the last hour")[1].split("The last 50 refusals")[0]
    for part in ("<td>2</td><td>expired</td>", "The token has expired.", "Get a new one from GET /api/auth/token"):
        assert part in shown, part


def test_what_a_client_chooses_is_escaped(gate):
    with Client(gate.address) as client:
        client.get("/api/bob/x", "X-Request-Id: abc-DEF_1", token=ALICE)
        client.get("/api/alice/<script>", method="GET")
    gate.wait_for_log(count=2, msg="request")
    shown = page(gate)
    assert "abc-DEF_1" in shown and "/<script>" not in shown
