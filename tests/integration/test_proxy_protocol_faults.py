"""What is no PROXY header, or not all of one, ends the connection of those who must send it, and nothing is forwarded."""

import pytest
from certificates import certificates, serving
from gate import token
from test_proxy_protocol import KEPT, SETTINGS, SIGNATURE, SOURCES, TCP4, TCP6, UDP4, UDP6, UNIX_DGRAM, binary, v4, v6, vector
from wire import Client, request

PATH = "/api/alice/x"
GET = request("GET", PATH, token=token("alice"))
SHORT = "300ms"

MALFORMED = [
    ("a request", GET),
    ("garbage", b"garbage\r\n\r\n" + GET),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + GET),
    ("an empty line", b"\r\n" + GET),
    ("lower case", b"proxy TCP4 203.0.113.7 192.0.2.9 1 2\r\n" + GET),
    ("another protocol", b"PROXY UDP4 203.0.113.7 192.0.2.9 1 2\r\n" + GET),
    ("no addresses", b"PROXY TCP4\r\n" + GET),
    ("no ports", b"PROXY TCP4 203.0.113.7 192.0.2.9\r\n" + GET),
    ("a name", b"PROXY TCP4 localhost 192.0.2.9 1 2\r\n" + GET),
    ("the other family", b"PROXY TCP4 2001:db8::7 2001:db8::9 1 2\r\n" + GET),
    ("a short address", b"PROXY TCP4 203.0.7 192.0.2.9 1 2\r\n" + GET),
    ("an octet with a zero before it", b"PROXY TCP4 203.0.113.07 192.0.2.9 1 2\r\n" + GET),
    ("a port too high", b"PROXY TCP4 203.0.113.7 192.0.2.9 65536 2\r\n" + GET),
    ("a port below none", b"PROXY TCP4 203.0.113.7 192.0.2.9 -1 2\r\n" + GET),
    ("two spaces", b"PROXY TCP4  203.0.113.7 192.0.2.9 1 2\r\n" + GET),
    ("something behind it", b"PROXY TCP4 203.0.113.7 192.0.2.9 1 2 3\r\n" + GET),
    ("LF alone", b"PROXY TCP4 203.0.113.7 192.0.2.9 1 2\n" + GET),
    ("CR alone", b"PROXY TCP4 203.0.113.7 192.0.2.9 1 2\r" + GET),
    ("too long a line", b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n" + GET),
    ("a line without end", b"PROXY UNKNOWN " + b"x" * 10_000),
    ("an unknown version", SIGNATURE + b"\x11\x11\x00\x0c" + v4("203.0.113.7") + GET),
    ("an unknown command", binary(v4("203.0.113.7"), TCP4, 0x22) + GET),
    ("datagrams", binary(v4("203.0.113.7"), UDP4) + GET),
    ("datagrams on IPv6", binary(v6("2001:db8::7"), UDP6) + GET),
    ("datagrams of a unix socket", binary(bytes(216), UNIX_DGRAM) + GET),
    ("an unknown family", binary(v4("203.0.113.7"), 0x41) + GET),
    ("an unknown transport", binary(v4("203.0.113.7"), 0x13) + GET),
    ("a length too short for its addresses", binary(v4("203.0.113.7"), TCP4, length=11) + GET),
    ("a length too short for IPv6", binary(v4("203.0.113.7"), TCP6) + GET),
    ("a length that takes from the request", binary(v4("203.0.113.7"), TCP4, length=40) + GET),
    ("a length beyond all measure", binary(v4("203.0.113.7"), TCP4, length=65_535) + GET),
    ("a vector beyond the end", binary(v4("203.0.113.7"), TCP4, more=b"\x01\x00\x09h2") + GET),
    ("half a vector", binary(v4("203.0.113.7"), TCP4, more=b"\x01\x00") + GET),
    ("a wrong checksum", binary(v4("203.0.113.7"), TCP4, more=vector(3, b"\0\0\0\0")) + GET),
    ("a signature with one byte wrong", SIGNATURE[:-1] + b"\r" + binary(v4("203.0.113.7"), TCP4)[12:] + GET),
]


@pytest.mark.parametrize("secured", [False, True], ids=["in the clear", "TLS"])
@pytest.mark.parametrize("why,sent", MALFORMED, ids=[row[0] for row in MALFORMED])
def test_without_a_good_header_the_connection_closes_and_nothing_is_forwarded(start, upstream, certificates, why, sent, secured):
    gate = start(**SETTINGS, **(serving(certificates.server) if secured else {}), POSTERN_LOG_LEVEL="debug")
    with Client(gate.address) as client:
        assert client.send(sent).read_to_end() == b""
    line = gate.wait_for_log(msg="connection refused")
    assert (line["level"], line["peer"], line["problem"]) == ("debug", "127.0.0.1", "no valid PROXY header")
    assert upstream.connections == 0 and gate.requests() == []


HALTING = [SOURCES[0][0], KEPT[1], SOURCES[6][0], SOURCES[9][0]]
HALTS = {
    "says nothing more": lambda client: client.read_to_end(),
    "half-closes": lambda client: (client.finish_sending(), client.read_to_end()),
    "resets": lambda client: client.reset(),
}


@pytest.mark.parametrize("halt", HALTS)
@pytest.mark.parametrize("header", HALTING, ids=[repr(header[:30]) for header in HALTING])
def test_a_header_may_halt_at_any_byte(start, upstream, header, halt):
    gate = start(**SETTINGS, POSTERN_HEADER_TIMEOUT=SHORT, POSTERN_MAX_CONNECTIONS=str(len(header)))
    for _ in range(2):  # whose places are given back
        clients = [Client(gate.address).send(header[:size]) for size in range(len(header))]
        for client in clients:
            HALTS[halt](client)
            client.close()
    status = 503
    while status == 503:  # a freed place shows when a connection is served again
        with Client(gate.address) as client:
            status = client.send(header + GET).read_response().status
    assert status == 200 and gate.wait_for_log(msg="request", status=200)
    assert len(upstream.requests) == len(gate.requests()) == 1


def test_a_header_that_dribbles_is_closed_in_time(start, upstream):
    gate = start(**SETTINGS, POSTERN_HEADER_TIMEOUT=SHORT)
    header = binary(v4("203.0.113.7"), TCP4, more=vector(0xE0, b"x" * 4000))
    with Client(gate.address) as client:
        client.socket.settimeout(0.02)
        with pytest.raises(ConnectionError):
            for byte in header:
                client.send(bytes([byte]))
                try:
                    if client.is_closed():
                        raise ConnectionResetError
                except TimeoutError:
                    pass
    assert upstream.connections == 0
