"""The two reasons for which Postern ends websockets, and what each side must then see of it.

A test module imports the fixtures `tunnels` and `scene` from here."""

import signal

import pytest
from gate import token
from websocket import (BINARY, CLOSE, MASK, PING, TEXT, Tunnels, check_ends_without_reset, close_payload, encode, read_frame,
                       read_frames)

SOON = 3  # seconds of a token's life: time enough to open the websockets on a slow machine


class Expiry:
    settings = {"POSTERN_CLOSE_AT_EXPIRY": "true", "POSTERN_CLOCK_LEEWAY": "0s"}
    ttl = SOON
    farewell = (1008, b"token expired")
    log = "token expired while streaming"

    @staticmethod
    def begin(gate):
        """Time does it."""


class Drain:
    settings = {"POSTERN_DRAIN_TIMEOUT": "100ms"}
    ttl = 900
    farewell = (1001, b"going away")
    log = "cut by the drain"

    @staticmethod
    def begin(gate):
        gate.signal(signal.SIGTERM)


def check_ended(tunnel):
    """Nothing more comes on either side but the end, which is no reset, even for who answers the close frame."""
    for connection, mask in ((tunnel.client, MASK), (tunnel.behind, None)):
        assert read_frames(connection) == []
        try:
            connection.send(encode(CLOSE, close_payload(1000), mask=mask))
        except BrokenPipeError:
            pytest.fail("closed before the close frame could be answered")
    for connection in (tunnel.client, tunnel.behind):
        check_ends_without_reset(connection)


class Scene:
    """A gate with one of the two reasons to end its websockets. One thread: then all of them end at the same moment."""

    def __init__(self, why, gate, tunnels):
        self.why = why
        self.gate = gate
        self.tunnels = tunnels
        self.opened = 0
        self.bearer = token("alice", ttl=why.ttl)
        self.watch = self.open()

    def open(self):
        self.opened += 1
        return self.tunnels.open(self.gate.address, self.bearer)

    def begin(self):
        """Lets the end begin; when this returns it has begun for every websocket."""
        self.why.begin(self.gate)
        self.check_told(self.watch)
        check_ended(self.watch)

    def check_told(self, tunnel):
        self.check_client_told(tunnel)
        self.check_upstream_told(tunnel)

    def check_client_told(self, tunnel):
        frame = read_frame(tunnel.client)
        assert (frame.opcode, frame.final, frame.mask) == (CLOSE, True, None), frame
        assert (frame.code, frame.reason) == self.why.farewell

    def check_upstream_told(self, tunnel):
        frame = read_frame(tunnel.behind)
        assert (frame.opcode, frame.final) == (CLOSE, True) and frame.mask is not None, frame
        assert (frame.code, frame.reason) == self.why.farewell
        return frame.mask

    def finish(self):
        self.gate.wait_for_log(self.opened, msg="request", status=101, reason=self.why.log)
        if self.why is Drain:
            assert self.gate.wait() == 0


@pytest.fixture
def tunnels(upstream, start):  # after start: a failed test lets the upstream go before the gate is stopped
    upstream.script = tunnels = Tunnels()
    yield tunnels
    tunnels.close()


@pytest.fixture(params=[Expiry, Drain], ids=["expiry", "drain"])
def scene(request, start, tunnels):
    gate = start(POSTERN_THREADS="1", **request.param.settings)
    return Scene(request.param, gate, tunnels)


def halves(whole, cuts):
    return [(whole[:cut], whole[cut:]) for cut in cuts]


def frames_in_two(mask):
    """(frame, first part, second part): cut in every field of a header, in the payload, and before the last byte."""
    rows = [(TEXT, encode(TEXT, b"hello", mask=mask), None),
            (PING, encode(PING, b"", mask=mask), None),
            (CLOSE, encode(CLOSE, close_payload(1000, b"bye"), mask=mask), None),
            (BINARY, encode(BINARY, bytes(range(200)), mask=mask), [3, 4, 100]),
            (BINARY, encode(BINARY, bytes(range(250)) * 400, mask=mask), [3, 9, 10, 13, 14, 15, 50_000])]
    return [(opcode, first, second) for opcode, whole, cuts in rows
            for first, second in halves(whole, [*(cuts or range(1, len(whole) - 1)), len(whole) - 1])]
