"""The PROXY protocol: from those who must send it the header says who the client is, and without one nothing is served;
from all others it is a malformed request."""

import socket
import struct

import pytest
from certificates import certificates, serving
from gate import token
from test_overload import check_turned_away
from tls_wire import TlsClient, TlsSocket
from wire import Client, request

PATH = "/api/alice/x"
ALICE = token("alice")
GET = request("GET", PATH, token=ALICE)
SETTINGS = {"POSTERN_PROXY_PROTOCOL": "true", "POSTERN_TRUSTED_PROXIES": "127.0.0.1"}

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL, PROXY = 0x20, 0x21
UNSPEC, TCP4, UDP4, TCP6, UDP6, UNIX, UNIX_DGRAM = 0x00, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32


def binary(addresses, family, command=PROXY, length=None, more=b""):
    """A header of version 2; a wrong length where one is given."""
    rest = addresses + more
    return SIGNATURE + struct.pack(">BBH", command, family, len(rest) if length is None else length) + rest


def block(family, source, destination):
    return socket.inet_pton(family, source) + socket.inet_pton(family, destination) + struct.pack(">HH", 56324, 443)


def v4(source):
    return block(socket.AF_INET, source, "192.0.2.9")


def v6(source):
    return block(socket.AF_INET6, source, "2001:db8::9")


def vector(kind, value):
    return struct.pack(">BH", kind, len(value)) + value


@pytest.fixture
def gate(start):
    return start(**SETTINGS)


def check_source(gate, upstream, source):
    assert upstream.requests[-1].head.all("X-Forwarded-For") == [source]
    assert gate.wait_for_log(len(upstream.requests), msg="request")["peer"] == source


SOURCES = [  # (header, the address that the upstream and the log see)
    (b"PROXY TCP4 203.0.113.7 192.0.2.9 56324 443\r\n", "203.0.113.7"),
    (b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255"),
    (b"PROXY TCP6 2001:db8::7 2001:db8::9 56324 443\r\n", "2001:db8::7"),
    (b"PROXY TCP6 2001:0DB8:0000:0000:0000:0000:0000:0007 ::1 1 2\r\n", "2001:db8::7"),
    (b"PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2\r\n", "203.0.113.7"),
    (b"PROXY TCP6 " + b" ".join([b"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"] * 2) + b" 65535 65535\r\n",
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    (binary(v4("203.0.113.7"), TCP4), "203.0.113.7"),
    (binary(v6("2001:db8::7"), TCP6), "2001:db8::7"),
    (binary(v6("::ffff:203.0.113.7"), TCP6), "203.0.113.7"),
    (binary(v4("203.0.113.7"), TCP4, more=vector(1, b"h2") + vector(4, b"") + vector(5, b"x" * 128)), "203.0.113.7"),
    (binary(v6("2001:db8::7"), TCP6, more=vector(0xE0, b"x" * 4000)), "2001:db8::7"),
]
KEPT = [  # headers that say nothing of the client: the connection's own peer counts
    b"PROXY UNKNOWN\r\n",
    b"PROXY UNKNOWN 203.0.113.7 192.0.2.9 56324 443\r\n",
    b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n",
    binary(b"", UNSPEC, LOCAL),
    binary(v4("203.0.113.7"), TCP4, LOCAL),
    binary(b"", UNSPEC),
    binary(b"x" * 40, UNSPEC),
    binary(b"/source".ljust(108, b"\0") + b"/destination".ljust(108, b"\0"), UNIX),
]
ALL = [*SOURCES, *((header, "127.0.0.1") for header in KEPT)]
IDS = [repr(header[:40]) for header, _ in ALL]


@pytest.mark.parametrize("header,source", ALL, ids=IDS)
def test_the_source_of_the_header_is_the_client(gate, upstream, header, source):
    with Client(gate.address) as client:
        client.send(header)
        for _ in range(2):  # for as long as the connection lasts
            assert client.get(PATH, token=ALICE).status == 200
            check_source(gate, upstream, source)
        assert client.get(PATH).status == 401


@pytest.mark.parametrize("header,source", ALL, ids=IDS)
def test_a_request_may_come_in_the_same_packet(gate, upstream, header, source):
    with Client(gate.address) as client:
        client.send(header + request("POST", PATH, token=ALICE, body=b"body") + GET)
        assert [client.read_response().status for _ in range(2)] == [200, 200]
    assert [seen.body for seen in upstream.requests] == [b"body", b""]
    check_source(gate, upstream, source)


@pytest.mark.parametrize("header,source", [row for row in ALL if len(row[0]) < 300])
def test_a_header_may_come_byte_by_byte(gate, upstream, header, source):
    with Client(gate.address) as client:
        for byte in header + GET:
            client.send(bytes([byte]))
        assert client.read_response().status == 200
    check_source(gate, upstream, source)


@pytest.mark.parametrize("at_once", [True, False], ids=["in the same packet", "afterwards"])
@pytest.mark.parametrize("header,source", [SOURCES[0], SOURCES[7], ALL[-5]])
def test_tls_begins_behind_the_header(start, upstream, certificates, header, source, at_once):
    gate = start(**serving(certificates.server), **SETTINGS)
    context = certificates.client_context()
    if at_once:
        client = Client(gate.address)
        tls = TlsSocket(client.socket, context, name="gate")
        tls.advance()
        client.send(header + tls.records())
        client.socket = tls.handshake()
    else:
        client = TlsClient(gate.address, context, before=header)
    with client:
        assert client.get(PATH, token=ALICE).status == 200
    check_source(gate, upstream, source)
    assert upstream.requests[0].head.one("X-Forwarded-Proto") == "https"


def test_a_header_inside_tls_is_no_header(start, upstream, certificates):
    gate = start(**serving(certificates.server), **SETTINGS)
    with pytest.raises(ConnectionError), TlsClient(gate.address, certificates.client_context()):
        pass
    with TlsClient(gate.address, certificates.client_context(), before=SOURCES[0][0]) as client:
        assert client.send(SOURCES[0][0] + GET).read_response().status == 400
    assert upstream.connections == 0


CLAIMS = ["X-Forwarded-For: 198.51.100.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: outside.test"]
TRUST = [  # (source, whether it is one of those whose claims are kept)
    (b"PROXY TCP4 203.0.113.7 192.0.2.9 1 2\r\n", "203.0.113.7", False),
    (b"PROXY TCP4 10.1.2.3 192.0.2.9 1 2\r\n", "10.1.2.3", True),
    (b"PROXY TCP6 ::ffff:10.1.2.3 ::1 1 2\r\n", "10.1.2.3", True),
    (b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n", "127.0.0.1", True),
    (binary(v6("2001:db8::7"), TCP6), "2001:db8::7", False),
    (b"PROXY UNKNOWN\r\n", "127.0.0.1", False),
    (binary(b"", UNSPEC, LOCAL), "127.0.0.1", False),
]


@pytest.mark.parametrize("header,source,kept", TRUST)
def test_claims_are_kept_when_the_source_is_trusted_and_replaced_when_not(start, upstream, header, source, kept):
    gate = start(POSTERN_PROXY_PROTOCOL="true", POSTERN_TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8")
    with Client(gate.address) as client:
        assert client.send(header).get(PATH, *CLAIMS, token=ALICE).status == 200
    (seen,) = upstream.requests
    names = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"]
    assert [", ".join(seen.head.all(name)) for name in names] == (
        [f"198.51.100.1, {source}", "https", "outside.test"] if kept else [source, "http", "gate"])


def test_a_second_header_is_a_malformed_request(gate, upstream):
    for first, _ in (SOURCES[0], SOURCES[6]):
        for second, _ in (SOURCES[0], SOURCES[6]):
            with Client(gate.address) as client:
                assert client.send(first + second + GET).read_response().status == 400
                assert client.is_closed()
    assert upstream.connections == 0
    assert [gate.wait_for_log(count, msg="request", status=400)["peer"] for count in range(1, 5)] == ["203.0.113.7"] * 4


@pytest.mark.parametrize("settings", [{**SETTINGS, "POSTERN_TRUSTED_PROXIES": "192.0.2.1"},
                                      {**SETTINGS, "POSTERN_PROXY_PROTOCOL": "false"}, {}])
@pytest.mark.parametrize("header", [SOURCES[0][0], SOURCES[6][0], KEPT[0], KEPT[3]])
def test_from_anybody_else_a_header_is_a_malformed_request(start, upstream, settings, header):
    gate = start(**settings)
    with Client(gate.address) as client:
        assert client.send(header + GET).read_response().status == 400
        assert client.is_closed()
    assert upstream.connections == 0
    with Client(gate.address) as client:
        assert client.get(PATH, token=ALICE).status == 200
    assert upstream.requests[-1].head.all("X-Forwarded-For") == ["127.0.0.1"]


@pytest.mark.parametrize("header", [SOURCES[0][0], SOURCES[7][0]])
def test_one_connection_more_than_allowed_hears_503_behind_its_header(start, upstream, header):
    gate = start(**SETTINGS, POSTERN_MAX_CONNECTIONS="1")
    with Client(gate.address) as served:
        assert served.send(header).get(PATH, token=ALICE).status == 200
        with Client(gate.address) as late:
            check_turned_away(late.send(header))
        with Client(gate.address) as late:
            assert late.send(GET).read_to_end() == b""
        assert served.get(PATH, token=ALICE).status == 200
    assert len(upstream.requests) == 2


def test_a_unix_socket_is_a_trusted_proxy_where_it_is_named(start, upstream, tmp_path):
    gate = start(**(SETTINGS | {"POSTERN_TRUSTED_PROXIES": "unix"}), POSTERN_LISTEN=f"unix:{tmp_path}/gate")
    with Client(str(tmp_path / "gate")) as client:
        assert client.send(SOURCES[0][0]).get(PATH, token=ALICE).status == 200
    check_source(gate, upstream, "203.0.113.7")
    with Client(str(tmp_path / "gate")) as client:
        assert client.send(GET).read_to_end() == b""


def test_a_unix_socket_is_not_127_0_0_1(start, upstream, tmp_path):
    start(**SETTINGS, POSTERN_LISTEN=f"unix:{tmp_path}/gate")
    with Client(str(tmp_path / "gate")) as client:
        assert client.send(GET).read_response().status == 200
    with Client(str(tmp_path / "gate")) as client:
        assert client.send(SOURCES[0][0] + GET).read_response().status == 400


def test_the_admin_listener_knows_no_header(gate):
    with Client(gate.admin) as client:
        assert client.get("/readyz").status == 200
    with Client(gate.admin) as client:
        assert client.send(SOURCES[0][0] + b"\r\n").read_response().status == 400


def test_without_trusted_proxies_it_has_no_effect_and_that_is_a_warning(start):
    gate = start(POSTERN_PROXY_PROTOCOL="true")
    warning = gate.wait_for_log(msg="configuration", level="warn")["warning"]
    assert warning.startswith("POSTERN_PROXY_PROTOCOL: ") and "POSTERN_TRUSTED_PROXIES" in warning
    with Client(gate.address) as client:
        assert client.get(PATH, token=ALICE).status == 200
