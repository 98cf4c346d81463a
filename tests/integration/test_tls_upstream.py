"""An upstream behind TLS: who is taken for it, who is not, and when a connection or a session is used again."""

import json
import socket
import ssl
import threading
import warnings

import pytest
from certificates import certificates
from gate import PATIENCE, check_in_time, token
from tls_wire import TlsUpstream
from wire import Client, ok, request

PATH = "/api/alice/x"
ALICE = token("alice")
TARDY = {"POSTERN_UPSTREAM_IDLE_TIMEOUT": "60s"}  # no idle connection is dropped by its age


@pytest.fixture
def behind(certificates):
    """behind(identity, ...) gives an upstream that shows that certificate."""
    upstreams = []

    def make(identity=None, **options):
        upstreams.append(TlsUpstream(certificates.server_context(identity), **options))
        return upstreams[-1]

    yield make
    for each in upstreams:
        each.close()


@pytest.fixture
def before(start, certificates):
    """before(upstream) gives a gate that trusts the authority, with one thread and so with one pool."""
    return lambda upstream, **settings: start(upstream.url, **{"POSTERN_UPSTREAM_CA": certificates.ca.cert,
                                                               "POSTERN_THREADS": "1", **TARDY, **settings})


def ask(gate, method="GET", body=None):
    with Client(gate.address) as client:
        client.send(request(method, PATH, token=ALICE, body=body))
        return client.read_response(method)


def readiness(gate):
    with Client(gate.admin) as client:
        response = client.get("/readyz")
        return response.status, response.body


def check_bad_gateway(gate, said):
    for count in (1, 2):
        with Client(gate.address) as client:
            response = client.get(PATH, token=ALICE)
            assert (response.status, json.loads(response.body)) == (502, {"detail": "Bad Gateway"})
            assert client.get(PATH).status == 401  # the connection stays
        reason = gate.wait_for_log(count, msg="request", status=502)["reason"]
        assert reason.startswith("upstream TLS") and said in reason
    assert readiness(gate) == (503, b"upstream unreachable\n")


# ---- Who it is

@pytest.mark.parametrize("name,asked", [("localhost", "localhost"), ("127.0.0.1", None)])
def test_a_verified_upstream_is_used_and_told_its_name_where_it_has_one(before, behind, name, asked):
    upstream = behind(name=name)
    names = []
    upstream.context.sni_callback = lambda _tls, wanted, _context: names.append(wanted)
    gate = before(upstream)
    assert ask(gate).body == b"ok"
    assert readiness(gate) == (200, b"ready\n")
    assert set(names) == {asked}
    (seen,) = upstream.requests
    assert (seen.head.one("Host"), seen.head.one("X-User-Id"), seen.head.one("X-Forwarded-Proto")) == ("gate", "alice", "http")


def test_a_chain_that_comes_along_is_followed(before, behind, certificates):
    assert ask(before(behind(certificates.chained_server))).status == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_either_version_will_do(before, behind, version):
    upstream = behind()
    upstream.context.minimum_version = upstream.context.maximum_version = version
    assert ask(before(upstream)).status == 200


def older(context):
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")


def weaker(context):
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")


UNTRUSTED = [  # (its certificate, its name, what the log says)
    ("wrong_name", "localhost", "hostname mismatch"),
    ("wrong_name", "127.0.0.1", "IP address mismatch"),
    ("expired", "localhost", "certificate has expired"),
    ("self_signed", "localhost", "self-signed certificate"),
    ("foreign", "localhost", "unable to get local issuer certificate"),
    ("only_client", "localhost", "certificate purpose"),
    ("client", "localhost", "hostname mismatch"),
]


@pytest.mark.parametrize("identity,name,said", UNTRUSTED, ids=[f"{row[0]} {row[1]}" for row in UNTRUSTED])
def test_an_upstream_that_cannot_be_trusted_hears_nothing(before, behind, certificates, identity, name, said):
    upstream = behind(getattr(certificates, identity), name=name)
    check_bad_gateway(before(upstream), said)
    assert upstream.requests == []


def test_the_other_authority_makes_the_difference(before, behind, certificates):
    upstream = behind(certificates.foreign)
    assert ask(before(upstream, POSTERN_UPSTREAM_CA=certificates.other_ca.cert)).status == 200


def test_without_an_authority_of_its_own_the_system_s_count(before, behind):
    upstream = behind()
    check_bad_gateway(before(upstream, POSTERN_UPSTREAM_CA=None), "unable to get local issuer certificate")
    assert upstream.requests == []


@pytest.mark.parametrize("change,said", [(older, "protocol"), (weaker, "handshake failure")])
def test_an_upstream_that_only_speaks_what_is_weak_is_not_used(before, behind, change, said):
    upstream = behind()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that is what is tried here
        change(upstream.context)
    check_bad_gateway(before(upstream), said)
    assert upstream.requests == []


def test_an_upstream_that_asks_for_a_certificate_does_without_or_is_502(before, behind, certificates):
    upstream = behind()
    upstream.context.load_verify_locations(certificates.ca.cert)
    upstream.context.verify_mode = ssl.CERT_OPTIONAL
    assert ask(before(upstream)).status == 200
    strict = behind()
    strict.context.load_verify_locations(certificates.ca.cert)
    strict.context.verify_mode = ssl.CERT_REQUIRED
    assert ask(before(strict)).status == 502
    assert strict.requests == []


SPEECHLESS = [  # (what a port without TLS does, what the log says)
    ("speaks HTTP", lambda connection: connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n").read_to_end(), ""),
    ("speaks garbage", lambda connection: connection.send(b"\x00garbage" * 10).read_to_end(), ""),
    ("closes", lambda connection: connection.read_until(b"\x01\x00"), ""),
    ("resets", lambda connection: connection.read_until(b"\x01\x00") and connection.reset(), ""),
    ("says nothing", lambda connection: connection.read_to_end(), "timed out"),
    ("stops in the handshake", lambda connection: connection.send(b"\x16\x03\x03\x00\x7a\x02\x00").read_to_end(), "timed out"),
]


@pytest.mark.parametrize("what,script,said", SPEECHLESS, ids=[row[0] for row in SPEECHLESS])
def test_an_upstream_that_speaks_no_tls_is_502(before, upstream, what, script, said):
    upstream.script = script
    upstream.url = f"https://127.0.0.1:{upstream.port}"
    check_bad_gateway(before(upstream, POSTERN_CONNECT_TIMEOUT="300ms"), said)
    upstream.wait_until_quiet()
    assert upstream.requests == []


def test_an_address_that_does_not_speak_tls_is_passed_over(before, behind):
    """localhost has two addresses; what answers on the other is not the service."""
    upstream = behind(name="localhost")
    try:
        impostor = socket.create_server(("::1", upstream.port), family=socket.AF_INET6)
    except OSError as error:
        pytest.fail(f"no IPv6 on loopback: sysctl -w net.ipv6.conf.lo.disable_ipv6=0 ({error})")
    with impostor:
        check_in_time(lambda timeout: ask(before(upstream, POSTERN_CONNECT_TIMEOUT=timeout)).status == 200)


def test_readiness_follows_what_the_upstream_shows(before, behind, certificates):
    upstream = behind(script=answer_all)
    gate = before(upstream, POSTERN_UPSTREAM_HEALTH_PATH="/health")
    good, bad = upstream.context, certificates.server_context(certificates.expired)
    for context, status in [(good, 200), (bad, 503), (good, 200)]:
        upstream.context = context
        assert readiness(gate)[0] == status
    assert [seen.target for seen in upstream.requests] == ["/health"] * 2


# ---- Connections and sessions that are used again

def test_a_connection_is_used_again(before, behind):
    upstream = behind()
    gate = before(upstream)
    for method, body in [("GET", None), ("POST", b"body"), ("HEAD", None), ("PUT", b"x" * 100_000), ("GET", None)]:
        upstream.script = answer_all
        assert ask(gate, method, body).status == 200
    assert [seen.connection for seen in upstream.requests] == [0] * 5


def answer_all(connection):
    while seen := connection.read_request():
        connection.send(ok(b"" if seen.method == "HEAD" else b"ok"))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_second_connection_resumes_the_session_of_the_first(before, behind, name, version):
    together = threading.Barrier(3)
    resumed = []

    def script(connection):
        while seen := connection.read_request():
            if seen.target.endswith("/together"):
                together.wait(PATIENCE)
            resumed.append((connection.number, connection.socket.tls.session_reused))
            connection.send(ok())

    upstream = behind(name=name, script=script)
    upstream.context.minimum_version = upstream.context.maximum_version = version
    gate = before(upstream)
    assert ask(gate).status == 200
    clients = [Client(gate.address).send(request("GET", f"{PATH}/together", token=ALICE)) for _ in range(3)]
    for client in clients:
        assert client.read_response().status == 200
        client.close()
    assert set(resumed) == {(0, False), (1, True), (2, True)}


IDLE_EVENTS = {
    "says goodbye and closes": lambda connection: connection.close(),
    "says goodbye": lambda connection: connection.finish_sending(),
    "cuts": lambda connection: connection.socket.plain.shutdown(socket.SHUT_WR),
    "resets": lambda connection: connection.socket.plain.close(),
    "says something": lambda connection: connection.send(ok(b"stray")),
}


@pytest.mark.parametrize("method,body", [("GET", None), ("POST", b"body")])
@pytest.mark.parametrize("event", IDLE_EVENTS)
def test_an_idle_connection_on_which_something_happened_is_not_used(before, behind, event, method, body):
    answered, happen, happened = (threading.Event() for _ in range(3))

    def script(connection):
        while connection.read_request():
            connection.send(ok(b"right"))
            if connection.number == 0:
                answered.set()
                assert happen.wait(PATIENCE)
                IDLE_EVENTS[event](connection)
                happened.set()
                if connection.socket.fileno() >= 0:
                    assert connection.is_closed()
                return

    upstream = behind(script=script)
    gate = before(upstream)
    assert ask(gate).body == b"right" and answered.wait(PATIENCE)
    gate.wait_for_log(msg="request", status=200)  # the connection is in the pool
    happen.set()
    assert happened.wait(PATIENCE)
    for _ in range(2):
        assert ask(gate, method, body).body == b"right"
    assert [seen.connection for seen in upstream.requests] == [0, 1, 1]
