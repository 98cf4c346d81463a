"""Tokens bound to a client's certificate (RFC 8705): good over a connection with that certificate, and over no other."""

import base64
import hashlib
import ssl

from certificates import certificates, serving  # noqa: F401 (a fixture)
from gate import token
from tls_wire import TlsClient
from wire import Client


def thumbprint(identity):
    with open(identity.cert) as file:
        der = ssl.PEM_cert_to_DER_cert(file.read())
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def bound(identity, **more):
    return token("alice", cnf={"x5t#S256": thumbprint(identity), **more})


def test_a_bound_token_passes_with_its_certificate_alone(start, certificates):  # noqa: F811
    gate = start(**serving(certificates.server, POSTERN_TLS_CLIENT_CA=certificates.ca.cert))
    own, others = bound(certificates.client), bound(certificates.only_client)
    rows = [(own, 200), (others, 401), (bound(certificates.client, jkt="x"), 401), (token("alice"), 200), (own, 200)]
    context = certificates.client_context(certificates.client)
    with TlsClient(gate.address, context) as client:
        assert [client.get("/api/alice/x", token=bearer).status for bearer, _ in rows] == [expected for _, expected in rows]
    # Remembered or not: it is asked of each connection.
    with TlsClient(gate.address, certificates.client_context(certificates.only_client)) as client:
        assert [client.get("/api/alice/x", token=bearer).status for bearer in (own, others)] == [401, 200]


def test_a_resumed_session_still_has_its_certificate(start, certificates):  # noqa: F811
    gate = start(**serving(certificates.server, POSTERN_TLS_CLIENT_CA=certificates.ca.cert))
    context, bearer = certificates.client_context(certificates.client), bound(certificates.client)
    with TlsClient(gate.address, context) as first:
        assert first.get("/api/alice/x", token=bearer).status == 200
        session = first.tls.session
    with TlsClient(gate.address, context, session=session) as again:
        assert again.get("/api/alice/x", token=bearer).status == 200
        assert again.get("/api/alice/x", token=bound(certificates.only_client)).status == 401
        assert again.tls.session_reused


def test_a_bound_token_is_refused_without_certificates(start, certificates):  # noqa: F811
    gate = start(**serving(certificates.server))
    with TlsClient(gate.address, certificates.client_context(certificates.client)) as client:
        assert client.get("/api/alice/x", token=bound(certificates.client)).status == 401
    plain = start()
    with Client(plain.address) as client:
        assert client.get("/api/alice/x", token=bound(certificates.client)).status == 401
