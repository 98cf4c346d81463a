"""TLS towards clients: which handshakes succeed, which do not, and who is asked for a certificate."""

import ssl
import subprocess
import warnings

import pytest
from certificates import certificates, openssl, serving
from gate import PATIENCE, token
from tls_wire import TlsClient, TlsFailure
from wire import Client, request

PATH = "/api/alice/x"
ALICE = token("alice")
VERSIONS = {"TLS 1.0": ssl.TLSVersion.TLSv1, "TLS 1.1": ssl.TLSVersion.TLSv1_1, "TLS 1.2": ssl.TLSVersion.TLSv1_2,
            "TLS 1.3": ssl.TLSVersion.TLSv1_3}


@pytest.fixture
def secure(start, certificates):
    """A gate behind TLS that tells at debug level whom it refused."""
    return start(**serving(certificates.server, POSTERN_LOG_LEVEL="debug"))


def only(context, version, ciphers=None):
    """The context, held to one version of TLS, and willing to use what is weak."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that is what is tried here
        context.minimum_version = context.maximum_version = VERSIONS[version]
    context.set_ciphers(f"{ciphers or 'ALL'}:@SECLEVEL=0")
    return context


def check_served(gate, context, **options):
    with TlsClient(gate.address, context, **options) as client:
        assert client.get(PATH, token=ALICE).status == 200
        assert client.get(PATH).status == 401
        return client


def check_refused(gate, upstream, context, alert):
    """In TLS 1.3 a client hears of it only when it reads."""
    with pytest.raises(TlsFailure, match=f"alert {alert}"), TlsClient(gate.address, context) as client:
        client.read_to_end()
    gate.wait_for_log(msg="connection refused", level="debug", peer="127.0.0.1")
    assert upstream.connections == 0 and gate.requests() == []


@pytest.mark.parametrize("version", ["TLS 1.2", "TLS 1.3"])
def test_this_version_is_spoken(secure, certificates, version):
    client = check_served(secure, only(certificates.client_context(), version))
    assert client.tls.version() == version.replace(" ", "v")


@pytest.mark.parametrize("version", ["TLS 1.0", "TLS 1.1"])
def test_this_version_is_refused(secure, upstream, certificates, version):
    context = only(certificates.client_context(), version)
    check_refused(secure, upstream, context, "protocol version")
    check_served(secure, certificates.client_context())


CIPHERS = [  # (certificate, what the client offers on TLS 1.2, whether that will do)
    ("server", "ECDHE-ECDSA-AES128-GCM-SHA256", True),
    ("server", "ECDHE-ECDSA-AES256-GCM-SHA384", True),
    ("server", "ECDHE-ECDSA-CHACHA20-POLY1305", True),
    ("rsa_server", "ECDHE-RSA-AES128-GCM-SHA256", True),
    ("rsa_server", "ECDHE-RSA-AES256-GCM-SHA384", True),
    ("rsa_server", "ECDHE-RSA-CHACHA20-POLY1305", True),
    ("server", "ECDHE-ECDSA-AES128-SHA", False),
    ("server", "ECDHE-ECDSA-AES256-SHA384", False),
    ("server", "ECDHE-ECDSA-AES128-CCM", False),
    ("server", "ECDHE-ECDSA-AES128-CCM8", False),
    ("server", "ECDHE-ECDSA-NULL-SHA", False),
    ("rsa_server", "AES128-GCM-SHA256", False),
    ("rsa_server", "AES256-SHA", False),
    ("rsa_server", "DHE-RSA-AES128-GCM-SHA256", False),
    ("rsa_server", "DHE-RSA-CHACHA20-POLY1305", False),
    ("rsa_server", "ECDHE-RSA-AES128-SHA256", False),
    ("rsa_server", "NULL-SHA256", False),
    ("rsa_server", "AECDH-AES128-SHA", False),
]


@pytest.mark.parametrize("identity,cipher,will_do", CIPHERS, ids=[row[1] for row in CIPHERS])
def test_only_authenticated_encryption_with_forward_secrecy_will_do(start, upstream, certificates, identity, cipher, will_do):
    gate = start(**serving(getattr(certificates, identity), POSTERN_LOG_LEVEL="debug"))
    context = only(certificates.client_context(), "TLS 1.2", cipher)
    if will_do:
        assert check_served(gate, context).tls.cipher()[0] == cipher
    else:
        check_refused(gate, upstream, context, "handshake failure")


@pytest.mark.parametrize("name", [None, "gate", "another.test", "xn--bcher-kva.example", "127.0.0.1"])
def test_whatever_name_a_client_asks_for_it_is_served(secure, certificates, name):
    check_served(secure, certificates.client_context(), name=name)


@pytest.mark.parametrize("offered,chosen", [([], None), (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"),
                                            (["http/1.0", "h3", "http/1.1"], "http/1.1")])
def test_of_the_protocols_that_a_client_offers_http_1_1_is_chosen(secure, certificates, offered, chosen):
    context = certificates.client_context()
    if offered:
        context.set_alpn_protocols(offered)
    assert check_served(secure, context).tls.selected_alpn_protocol() == chosen


@pytest.mark.parametrize("offered", [["h2"], ["h2", "h3"], ["http/1.0"], ["HTTP/1.1"]])
def test_a_client_that_offers_only_other_protocols_is_refused(secure, upstream, certificates, offered):
    context = certificates.client_context()
    context.set_alpn_protocols(offered)
    check_refused(secure, upstream, context, "no application protocol")


def test_the_whole_chain_of_the_file_is_shown(start, certificates):
    gate = start(**serving(certificates.chained_server))
    check_served(gate, certificates.client_context())


@pytest.mark.parametrize("version", ["TLS 1.2", "TLS 1.3"])
def test_a_client_that_comes_again_resumes_its_session_on_any_thread(secure, certificates, version):
    context = only(certificates.client_context(), version)
    with TlsClient(secure.address, context) as first:
        assert first.get(PATH, token=ALICE).status == 200
        session = first.tls.session
    for _ in range(8):
        assert check_served(secure, context, session=session).tls.session_reused


def s_client(gate, *arguments, input=b"", succeeds=True):
    host, port = gate.address
    return openssl("s_client", "-connect", f"{host}:{port}", *arguments, input=input, succeeds=succeeds)


def test_a_handshake_cannot_be_done_again(secure, upstream):
    said = s_client(secure, "-tls1_2", input=b"R\n", succeeds=False)
    assert "RENEGOTIATING" in said and "no renegotiation" in said
    assert upstream.connections == 0


def test_no_request_is_taken_before_the_handshake_is_over(secure, upstream, certificates, tmp_path):
    """Early data can be replayed by whoever recorded it (RFC 8446 8)."""
    session, early = str(tmp_path / "session"), tmp_path / "early"
    early.write_bytes(request("GET", PATH, token=ALICE))
    said = s_client(secure, "-tls1_3", "-sess_out", session, "-ign_eof",
                    input=request("GET", PATH, "Connection: close", token=ALICE))
    assert "200 OK" in said and "Max Early Data: 0" in said
    said = s_client(secure, "-tls1_3", "-sess_in", session, "-early_data", str(early), "-ign_eof",
                    input=request("GET", "/api/bob/x", "Connection: close", token=ALICE))
    assert "Early data was accepted" not in said and "403 Forbidden" in said
    assert [seen.target for seen in upstream.requests] == [PATH]


@pytest.mark.parametrize("command", ["k", "K"], ids=["its own", "both sides'"])
def test_a_client_may_renew_the_keys(secure, command):
    """s_client takes a line that comes alone for a command."""
    host, port = secure.address
    with subprocess.Popen(["openssl", "s_client", "-connect", f"{host}:{port}", "-tls1_3"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        for line, reply in [(request("GET", PATH, token=ALICE), b"\r\n\r\nok"), (f"{command}\n".encode(), b"KEYUPDATE"),
                            (request("GET", PATH, "Connection: close", token=ALICE), b"\r\n\r\nok")]:
            client.stdin.write(line)
            client.stdin.flush()
            said = b""
            while reply not in said:
                said += (received := client.stdout.read1(65536))
                assert received, said
        client.stdin.close()
        assert client.wait(PATIENCE) == 0


def test_the_upstream_is_told_that_the_client_came_by_tls(secure, upstream, certificates):
    with TlsClient(secure.address, certificates.client_context()) as client:
        for claim in ([], ["X-Forwarded-Proto: http"], ["X-Forwarded-Proto: ftp", "X-Forwarded-Proto: http"]):
            assert client.get(PATH, *claim, token=ALICE).status == 200
    assert [seen.head.all("X-Forwarded-Proto") for seen in upstream.requests] == [["https"]] * 3
    assert [seen.head.all("X-Forwarded-For") for seen in upstream.requests] == [["127.0.0.1"]] * 3


def test_tls_works_on_a_unix_socket_too(start, certificates, tmp_path):
    gate = start(**serving(certificates.server, POSTERN_LISTEN=f"unix:{tmp_path}/gate"))
    with TlsClient(str(tmp_path / "gate"), certificates.client_context()) as client:
        assert client.get(PATH, token=ALICE).status == 200


# ---- Certificates of clients

NEEDED = [  # (the client's certificate, what it hears on TLS 1.2 and on 1.3)
    ("none", "handshake failure", "certificate required"),
    ("foreign", "unknown ca", "unknown ca"),
    ("self_signed", "unknown ca", "unknown ca"),
    ("expired", "certificate expired", "certificate expired"),
    ("only_server", "unsupported certificate", "unsupported certificate"),
]


@pytest.fixture
def strict(start, certificates):
    """Asks clients for a certificate."""
    return start(**serving(certificates.server, POSTERN_TLS_CLIENT_CA=certificates.ca.cert, POSTERN_LOG_LEVEL="debug"))


@pytest.mark.parametrize("version", ["TLS 1.2", "TLS 1.3"])
@pytest.mark.parametrize("identity,before,now", NEEDED, ids=[row[0] for row in NEEDED])
def test_a_client_without_a_good_certificate_is_refused(strict, upstream, certificates, identity, before, now, version):
    context = certificates.client_context(getattr(certificates, identity, None))
    check_refused(strict, upstream, only(context, version), now if version == "TLS 1.3" else before)


@pytest.mark.parametrize("identity", ["none", "foreign", "expired"])
def test_what_it_sends_all_the_same_goes_nowhere(strict, upstream, certificates, identity):
    context = only(certificates.client_context(getattr(certificates, identity, None)), "TLS 1.3")
    with TlsClient(strict.address, context) as client:
        try:
            assert client.send(request("GET", PATH, token=ALICE)).read_to_end() == b""
        except ConnectionError:  # an alert, or a reset that was faster
            pass
    strict.wait_for_log(msg="connection refused")
    assert upstream.connections == 0 and strict.requests() == []


@pytest.mark.parametrize("version", ["TLS 1.2", "TLS 1.3"])
def test_a_client_with_a_good_certificate_still_needs_a_token(strict, upstream, certificates, version):
    context = only(certificates.client_context(certificates.client), version)
    check_served(strict, context)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("version", ["TLS 1.2", "TLS 1.3"])
def test_a_resumed_session_is_as_good_as_the_certificate_it_began_with(strict, certificates, version):
    context = only(certificates.client_context(certificates.client), version)
    with TlsClient(strict.address, context) as first:
        assert first.get(PATH, token=ALICE).status == 200
        session = first.tls.session
    assert check_served(strict, context, session=session).tls.session_reused


def test_clients_are_asked_for_nothing_unless_that_is_configured(secure, certificates):
    check_served(secure, certificates.client_context(certificates.foreign))
    with Client(secure.admin) as admin:  # which never speaks TLS
        assert admin.get("/healthz").status == 200
