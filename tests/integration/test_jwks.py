"""Keys that an issuer publishes over HTTP: fetched beside the traffic, renewed for an unknown key, kept while it is away."""

import concurrent.futures
import json
import signal
import threading
import time

import pytest
from admin import labelled, metrics
from certificates import certificates  # noqa: F401 (a fixture)
from gate import run, token
from issuer import ISSUER, IssuerServer, Key, chunked, response
from wire import Client, request


@pytest.fixture
def keys():
    return Key("one"), Key("two"), Key("three")


@pytest.fixture
def issuer(keys):
    server = IssuerServer(keys[0])
    yield server
    server.close()


@pytest.fixture
def start_by_url(start, issuer):
    def start_it(**settings):
        defaults = {"BETTER_AUTH_SECRET": None, "POSTERN_JWKS_URL": issuer.url,
                    "POSTERN_JWT_ISSUER": ISSUER, "POSTERN_JWT_AUDIENCE": ISSUER}
        return start(**(defaults | settings))

    return start_it


def status(client, bearer, path="/api/alice/x"):
    return client.get(path, token=bearer).status


def statuses(gate, *bearers):
    with Client(gate.address) as client:
        return [status(client, bearer) for bearer in bearers]


def settle(gate, bearer, expected=200):
    """Until each thread has its turn at what the log has told."""
    with Client(gate.address) as client:
        deadline = time.monotonic() + 60
        while status(client, bearer) != expected:
            assert time.monotonic() < deadline


def ready(gate):
    with Client(gate.admin) as client:
        answer = client.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").read_response()
        return answer.status, answer.body


def test_the_set_is_fetched_at_start(start_by_url, issuer, keys):
    gate = start_by_url()
    assert gate.wait_for_log(msg="key set fetched")["keys"] == "1"
    settle(gate, keys[0].token())
    assert statuses(gate, keys[0].token(), keys[0].token("bob"), keys[0].token(aud="other")) == [200, 403, 401]
    head = issuer.heads[0].lower()
    assert head.startswith(b"get /api/auth/jwks http/1.1\r\n") and f"host: 127.0.0.1:{issuer.port}".encode() in head
    assert ready(gate) == (200, b"ready\n")


def test_an_unknown_key_is_fetched_while_its_request_waits(start_by_url, issuer, keys):
    gate = start_by_url()
    gate.wait_for_log(msg="key set fetched")
    settle(gate, keys[0].token())
    issuer.keys(keys[1], keys[0])
    # The new key signs at once: nobody who uses it is refused.
    assert statuses(gate, keys[1].token(), keys[0].token()) == [200, 200]
    assert issuer.fetches == 2


def test_fetches_and_unknown_keys_are_counted(start_by_url, issuer, keys):
    gate = start_by_url(POSTERN_ADMIN_LISTEN="127.0.0.1:0")
    gate.wait_for_log(msg="key set fetched")
    settle(gate, keys[0].token())
    seen = metrics(gate)
    assert labelled(seen, "jwks_keys", issuer="1") == {"EdDSA": 1}
    assert labelled(seen, "jwks_fetches_total", issuer="1", result="success") == {"start": 1}
    assert seen["postern_jwks_last_success_timestamp_seconds", ('issuer="1"',)] > 0
    # A thread that has its turn late waits for its first set as for any key.
    before = labelled(seen, "jwks_unknown_kid_total", issuer="1")
    issuer.keys(keys[1], keys[0])
    assert statuses(gate, keys[1].token(), keys[2].token()) == [200, 401]
    seen = metrics(gate)
    assert labelled(seen, "jwks_keys", issuer="1") == {"EdDSA": 2}
    fetches = labelled(seen, "jwks_fetches_total", issuer="1", result="success")
    assert fetches == {"start": 1, "unknown_kid": issuer.fetches - 1}
    assert labelled(seen, "jwks_unknown_kid_total", issuer="1") == {"found": before.get("found", 0) + 1, "missing": 1}


def test_many_requests_wait_for_one_fetch(start_by_url, issuer, keys):
    gate = start_by_url()
    gate.wait_for_log(msg="key set fetched")
    settle(gate, keys[0].token())
    asked, go = threading.Event(), threading.Event()
    body = response({"keys": [keys[0].jwk(), keys[1].jwk()]})

    def slow(connection):
        asked.set()
        go.wait(60)
        connection.sendall(body)

    issuer.answer = slow
    bearer = keys[1].token()
    clients = [Client(gate.address) for _ in range(20)]
    for client in clients:
        client.send(request("GET", "/api/alice/x", token=bearer))
    assert asked.wait(60)
    # Others are not held up.
    assert statuses(gate, keys[0].token()) == [200]
    go.set()
    assert [client.read_response().status for client in clients] == [200] * 20
    for client in clients:
        client.close()
    # Who joined the fetch after it began may need one more to be told for certain, and these found their key in it.
    assert issuer.fetches == 2


def test_a_key_that_a_fetch_did_not_bring_is_401_and_the_bucket_bounds_fetches(start_by_url, issuer, keys):
    gate = start_by_url(POSTERN_JWKS_COOLDOWN="1h")
    gate.wait_for_log(msg="key set fetched")
    settle(gate, keys[0].token())
    stranger = keys[1].token()
    assert statuses(gate, stranger, stranger) == [401, 401]
    with Client(gate.address) as client:
        answer = client.get("/api/alice/x", token=stranger)
    assert (answer.status, answer.head.all("Retry-After")) == (503, ["1"])
    assert issuer.fetches == 3

    def flood(number):
        with Client(gate.address) as client:
            return {status(client, keys[0].token(kid=f"{number}-{i}")) for i in range(250)}

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set().union(*pool.map(flood, range(8))) == {503}
    assert issuer.fetches == 3
    # What no key could save costs no fetch and is 401.
    assert statuses(gate, keys[1].token(exp=1), keys[1].token(iss="x"), keys[0].token()) == [401, 401, 200]


def test_without_any_set_the_gate_is_not_ready_and_then_it_is(start_by_url, issuer, keys):
    issuer.close()
    gate = start_by_url()
    failure = gate.wait_for_log(msg="key set not fetched")
    assert "refused" in failure["problem"] and "container" in failure["remedy"]
    assert ready(gate) == (503, b"no key set yet\n")
    with Client(gate.address) as client:
        answer = client.get("/api/alice/x", token=keys[0].token())
        assert (answer.status, answer.head.all("Retry-After")) == (503, ["1"])
        assert status(client, keys[0].token(exp=1)) == 401
    issuer.open()
    gate.wait_for_log(msg="key set fetched")
    settle(gate, keys[0].token())
    assert ready(gate) == (200, b"ready\n")


def test_a_secret_beside_the_set_makes_ready(start_by_url, issuer):
    issuer.close()
    gate = start_by_url(BETTER_AUTH_SECRET="integration-secret-0123456789abcdef")
    assert ready(gate) == (200, b"ready\n")
    assert statuses(gate, token("alice", iss=ISSUER, aud=ISSUER)) == [200]


def test_an_old_set_serves_until_it_is_too_old_and_comes_back(start_by_url, issuer, keys):
    gate = start_by_url(POSTERN_JWKS_REFRESH="1s", POSTERN_JWKS_MAX_STALE="4s")
    gate.wait_for_log(msg="key set fetched")
    settle(gate, keys[0].token())
    issuer.close()
    gate.wait_for_log(msg="key set not fetched")
    remembered = keys[0].token()
    assert statuses(gate, remembered) == [200]
    gate.wait_for_log(msg="key set is old, and serves on")
    gate.wait_for_log(msg="key set is too old: its tokens are answered 503")
    settle(gate, remembered, 503)
    issuer.open()
    gate.wait_for_log(msg="key set can be fetched again")
    settle(gate, remembered)


def bad_answers(key):
    good = json.dumps({"keys": [key.jwk()]}).encode()
    return {
        "status 500": (response(good, "500 Internal Server Error"), "status 500"),
        "redirect": (response(good, "302 Found", "Location: /elsewhere"), "redirects are not followed"),
        "no JSON": (response(b"<html>"), "JSON"),
        "an error": (response({"error": "x"}), "keys"),
        "empty": (response({"keys": []}), "no usable key"),
        "a secret": (response({"keys": [{"kty": "oct", "k": "AAAA"}]}), "no usable key"),
        "too large": (response(b" " * (1 << 20) + good), "too large"),
        "cut": (response(good)[:-5], "closed early"),
        "no HTTP": (b"SSH-2.0-x\r\n\r\n", "malformed"),
    }


@pytest.mark.parametrize("name", bad_answers(Key("x")))
def test_what_is_no_set_leaves_the_old_one(start_by_url, issuer, keys, name):
    gate = start_by_url()
    gate.wait_for_log(msg="key set fetched")
    settle(gate, keys[0].token())
    issuer.answer, problem = bad_answers(keys[1])[name]
    gate.signal(signal.SIGHUP)
    assert problem in gate.wait_for_log(msg="key set not fetched")["problem"]
    assert statuses(gate, keys[0].token()) == [200]
    # A failed fetch says nothing of a key.
    assert statuses(gate, keys[1].token()) == [503]


def test_a_chunked_set_and_odd_keys_beside_good_ones(start_by_url, issuer, keys):
    odd = [{"kty": "oct", "k": "AAAA", "kid": "secret"}, {"kty": "new"}, 7]
    issuer.answer = chunked(json.dumps({"keys": odd + [keys[0].jwk()]}).encode())
    gate = start_by_url()
    assert gate.wait_for_log(msg="key set fetched")["keys"] == "1"
    assert gate.wait_for_log(msg="key skipped", count=3)
    settle(gate, keys[0].token())


def test_a_key_that_left_the_set_ends_with_its_remembered_tokens(start_by_url, issuer, keys):
    gate = start_by_url()
    gate.wait_for_log(msg="key set fetched")
    remembered = keys[0].token()
    settle(gate, remembered)
    issuer.keys(keys[1])
    gate.signal(signal.SIGHUP)
    gate.wait_for_log(msg="key set fetched", count=2)
    settle(gate, keys[1].token())
    assert statuses(gate, remembered) in ([401], [503])


def test_each_issuer_signs_with_its_own_keys(start, issuer, keys):
    other = Key("one", "https://other.example")
    second = IssuerServer(other)
    try:
        gate = start(BETTER_AUTH_SECRET=None, POSTERN_JWKS_URL=f"{issuer.url} iss={ISSUER} aud={ISSUER},"
                     f"{second.url} iss={other.issuer} aud={other.issuer}")
        gate.wait_for_log(msg="key set fetched", count=2)
        settle(gate, keys[0].token())
        settle(gate, other.token())
        forged = other.token(iss=ISSUER, aud=ISSUER)
        assert statuses(gate, forged) == [401]
    finally:
        second.close()


def test_who_leaves_while_waiting_is_missed(start_by_url, issuer, keys):
    gate = start_by_url()
    gate.wait_for_log(msg="key set fetched")
    settle(gate, keys[0].token())
    asked, go = threading.Event(), threading.Event()

    def slow(connection):
        asked.set()
        go.wait(60)

    issuer.answer = slow
    with Client(gate.address) as client:
        client.send(request("GET", "/api/alice/gone", token=keys[1].token()))
        assert asked.wait(60)
    assert gate.wait_for_log(msg="request", path="/api/alice/gone")["reason"] == "client went away"
    go.set()


def test_a_request_waits_two_seconds_at_the_most(start_by_url, issuer, keys):
    gate = start_by_url()
    gate.wait_for_log(msg="key set fetched")
    settle(gate, keys[0].token())
    go = threading.Event()
    issuer.answer = lambda connection: go.wait(60)
    with Client(gate.address) as client:
        answer = client.get("/api/alice/x", token=keys[1].token())
        assert (answer.status, answer.head.all("Retry-After")) == (503, ["1"])
        assert status(client, keys[0].token()) == 200
    go.set()


def test_check_prints_what_better_auths_url_stands_for():
    code, out, err = run("check", BETTER_AUTH_URL="HTTPS://Auth.Example:443/base/")
    assert code == 0, err
    lines = out.splitlines()
    origin = "https://auth.example"
    assert f"POSTERN_JWT_ISSUER={origin}" in lines and f"POSTERN_JWT_AUDIENCE={origin}" in lines
    assert any(line.startswith("POSTERN_JWKS_URL=") and "/base/jwks" in line and f"iss={origin}" in line for line in lines)


def test_an_https_set_is_held_to_its_authorities_which_may_change(start, upstream, issuer, keys, certificates, tmp_path):  # noqa: F811
    authorities = tmp_path / "ca.crt"
    authorities.write_text(open(certificates.other_ca.cert).read())
    issuer.context = certificates.server_context()
    gate = start(BETTER_AUTH_SECRET=None, POSTERN_JWKS_CA=str(authorities),
                 POSTERN_JWKS_URL=f"{issuer.url.replace('http:', 'https:')} iss={ISSUER} aud={ISSUER}")
    assert "TLS" in gate.wait_for_log(msg="key set not fetched")["problem"]
    authorities.write_text(open(certificates.ca.cert).read())
    gate.wait_for_log(msg="keys reloaded")
    gate.wait_for_log(msg="key set fetched")  # at the next try
    settle(gate, keys[0].token())


def test_a_slow_set_is_given_up_after_five_seconds(start_by_url, issuer, keys):
    gone = threading.Event()

    def trickle(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            while not gone.wait(0.2):
                connection.sendall(b" ")
        except OSError:
            gone.set()

    issuer.answer = trickle
    gate = start_by_url()
    assert "timed out" in gate.wait_for_log(msg="key set not fetched")["problem"]
    assert gone.wait(60)
    issuer.keys(keys[0])
    gate.wait_for_log(msg="key set fetched")
    settle(gate, keys[0].token())


def test_a_drain_ends_with_requests_that_wait(start_by_url, issuer, keys):
    gate = start_by_url()
    gate.wait_for_log(msg="key set fetched")
    settle(gate, keys[0].token())
    asked, go = threading.Event(), threading.Event()
    body = response({"keys": [keys[1].jwk()]})

    def slow(connection):
        asked.set()
        go.wait(60)
        connection.sendall(body)

    issuer.answer = slow
    with Client(gate.address) as client:
        client.send(request("GET", "/api/alice/x", token=keys[1].token()))
        assert asked.wait(60)
        gate.signal(signal.SIGTERM)
        gate.wait_for_log(msg="draining")
        go.set()
        assert client.read_response().status in (200, 503)
    assert gate.wait() == 0
