"""A websocket that Postern must end: a close frame to each side between two of its frames, then the connections' ends."""

import asyncio
import signal
import time

import pytest
import websockets
from certificates import certificates, serving
from farewell import Drain, Expiry, Scene, check_ended, frames_in_two, scene, tunnels
from gate import token
from tls_wire import TlsClient, TlsUpstream
from websocket import (BINARY, CLOSE, CONTINUATION, MASK, PING, TEXT, Tunnels, check_ends_without_reset, close_payload,
                       encode, library_headers, read_frame, read_frames)


def test_an_idle_websocket_is_ended_with_a_close_frame_to_each_side(scene):
    tunnels = [scene.open() for _ in range(8)]
    scene.begin()
    masks = set()
    for tunnel in tunnels:
        scene.check_client_told(tunnel)
        masks.add(scene.check_upstream_told(tunnel))
        check_ended(tunnel)
    assert len(masks) == len(tunnels), "a mask must not be predictable (RFC 6455 10.3)"
    scene.finish()


BETWEEN = [
    ("whole messages", lambda mask: [encode(TEXT, b"one", mask=mask), encode(BINARY, b"", mask=mask)]),
    ("fragments", lambda mask: [encode(TEXT, b"one", final=False, mask=mask)]),
    ("later fragments", lambda mask: [encode(TEXT, b"one", final=False, mask=mask),
                                      encode(CONTINUATION, b"two", final=False, mask=mask)]),
    ("a ping among fragments", lambda mask: [encode(TEXT, b"one", final=False, mask=mask), encode(PING, b"?", mask=mask)]),
    ("lengths longer than they need be", lambda mask: [encode(TEXT, b"one", mask=mask, length_size=2),
                                                       encode(TEXT, b"", mask=mask, length_size=8)]),
]


def test_a_close_frame_comes_at_once_between_two_frames(scene):
    tunnels = []
    for _, frames in BETWEEN:
        tunnel = scene.open()
        for source, sink, mask in ((tunnel.client, tunnel.behind, MASK), (tunnel.behind, tunnel.client, None)):
            whole = b"".join(frames(mask))
            source.send(whole)
            assert sink.read_exactly(len(whole)) == whole
        tunnels.append(tunnel)
    scene.begin()
    for tunnel in tunnels:
        scene.check_told(tunnel)
        check_ended(tunnel)
    scene.finish()


def test_a_frame_half_sent_by_the_upstream_is_ended_first(scene):
    rows = [(scene.open(), *row) for row in frames_in_two(None)]
    for tunnel, _, first, _ in rows:
        tunnel.behind.send(first)
        assert tunnel.client.read_exactly(len(first)) == first
    scene.begin()
    for tunnel, opcode, first, second in rows:
        scene.check_upstream_told(tunnel)
        tunnel.behind.send(second + encode(TEXT, b"too late"))
        assert tunnel.client.read_exactly(len(second)) == second, first
        if opcode != CLOSE:
            scene.check_client_told(tunnel)
    for tunnel, *_ in rows:
        check_ended(tunnel)
    scene.finish()


def test_a_frame_half_sent_by_the_client_is_ended_first(scene):
    rows = [(scene.open(), *row) for row in frames_in_two(MASK)]
    for tunnel, _, first, _ in rows:
        tunnel.client.send(first)
        assert tunnel.behind.read_exactly(len(first)) == first
    scene.begin()
    for tunnel, opcode, first, second in rows:
        scene.check_client_told(tunnel)
        tunnel.client.send(second + encode(TEXT, b"too late", mask=MASK))
        assert tunnel.behind.read_exactly(len(second)) == second, first
        if opcode != CLOSE:
            scene.check_upstream_told(tunnel)
    for tunnel, *_ in rows:
        check_ended(tunnel)
    scene.finish()


def test_a_frame_that_is_never_ended_is_cut_without_a_close_frame(scene):
    by_upstream = [(scene.open(), first) for _, first, _ in frames_in_two(None)[::3]]
    by_client = [(scene.open(), first) for _, first, _ in frames_in_two(MASK)[::3]]
    for tunnel, first in by_upstream:
        tunnel.behind.send(first)
        assert tunnel.client.read_exactly(len(first)) == first
    for tunnel, first in by_client:
        tunnel.client.send(first)
        assert tunnel.behind.read_exactly(len(first)) == first
    scene.begin()
    for tunnel, first in by_upstream:
        scene.check_upstream_told(tunnel)
        assert (tunnel.client.read_to_end(), tunnel.behind.read_to_end()) == (b"", b""), first
    for tunnel, first in by_client:
        scene.check_client_told(tunnel)
        assert (tunnel.behind.read_to_end(), tunnel.client.read_to_end()) == (b"", b""), first
    scene.finish()


def test_an_upstream_that_ended_its_sending_hears_the_close_frame(scene):
    tunnel = scene.open()
    tunnel.behind.finish_sending()
    assert tunnel.client.is_closed()
    scene.begin()
    # The client has been told by the connection's end: nothing follows that.
    scene.check_upstream_told(tunnel)
    assert read_frames(tunnel.client) == [] == read_frames(tunnel.behind)
    check_ends_without_reset(tunnel.client)
    check_ends_without_reset(tunnel.behind)
    scene.finish()


def test_a_client_that_ended_its_sending_counts_as_gone_within_a_second(start, tunnels):
    gate = start()
    silent = tunnels.open(gate.address, token("alice"))

    def answered():
        tunnel = tunnels.open(gate.address, token("alice"))
        tunnel.client.finish_sending()
        assert tunnel.behind.is_closed()
        tunnel.behind.send(encode(CLOSE, close_payload(1000))).finish_sending()
        return [frame.code for frame in read_frames(tunnel.client)]

    # An upstream's last words are heard, and an end of both sides is one in order. Half a second is time for them,
    # which a busy machine may let pass.
    assert [1000] in (answered() for _ in range(5))
    gate.wait_for_log(msg="request", status=101, reason="ok")

    # Without a word from either it is none, however soon the upstream follows.
    wordless = tunnels.open(gate.address, token("alice"))
    wordless.client.finish_sending()
    assert wordless.behind.is_closed()
    wordless.behind.finish_sending()
    assert wordless.client.is_closed()
    gate.wait_for_log(1, msg="request", status=101, reason="client went away")

    silent.client.finish_sending()
    assert silent.behind.is_closed()
    began = time.monotonic()
    assert silent.client.is_closed()
    gate.wait_for_log(2, msg="request", status=101, reason="client went away")
    assert time.monotonic() - began < 1


def test_nothing_follows_a_close_frame_that_has_passed(scene):
    by_client, by_upstream, by_both = [scene.open() for _ in range(3)]
    for tunnel in (by_client, by_both):
        tunnel.client.send(encode(CLOSE, close_payload(1000), mask=MASK))
        assert read_frame(tunnel.behind).code == 1000
    for tunnel in (by_upstream, by_both):
        tunnel.behind.send(encode(CLOSE, close_payload(1000)))
        assert read_frame(tunnel.client).code == 1000
    scene.begin()
    scene.check_client_told(by_client)
    scene.check_upstream_told(by_upstream)
    for tunnel in (by_client, by_upstream, by_both):
        check_ended(tunnel)
    scene.finish()


def test_a_second_signal_ends_without_close_frames(start, tunnels):
    gate = start(POSTERN_DRAIN_TIMEOUT="1h")
    idle, begun = [tunnels.open(gate.address, token("alice")) for _ in range(2)]
    begun.behind.send(b"\x81\x05fir")
    assert begun.client.read_exactly(5) == b"\x81\x05fir"
    gate.signal(signal.SIGTERM)
    gate.wait_for_log(msg="draining")
    # Without haste a websocket goes on while the gate drains.
    for source, sink, frame in ((idle.client, idle.behind, encode(TEXT, b"up", mask=MASK)),
                                (idle.behind, idle.client, encode(TEXT, b"down"))):
        source.send(frame)
        assert sink.read_exactly(len(frame)) == frame
    gate.signal(signal.SIGTERM)
    assert gate.wait() == 0
    for tunnel in (idle, begun):
        assert (tunnel.client.read_to_end(), tunnel.behind.read_to_end()) == (b"", b"")
    gate.wait_for_log(2, msg="request", status=101, reason="cut by the drain")


def test_a_second_signal_ends_a_farewell_too(start, tunnels):
    gate = start(POSTERN_DRAIN_TIMEOUT="0s")
    tunnel = tunnels.open(gate.address, token("alice"))
    tunnel.behind.send(b"\x81\x05fir")
    assert tunnel.client.read_exactly(5) == b"\x81\x05fir"
    gate.signal(signal.SIGTERM)
    assert read_frame(tunnel.behind).code == 1001
    gate.signal(signal.SIGTERM)
    gate.wait_for_log(msg="second signal: ending at once")
    assert gate.wait() == 0
    assert (tunnel.client.read_to_end(), tunnel.behind.read_to_end()) == (b"", b"")


@pytest.fixture(params=[Expiry, Drain], ids=["expiry", "drain"])
def tls_scene(request, start, certificates):
    """TLS on either side."""
    tunnels = Tunnels(lambda address: TlsClient(address, certificates.client_context()))
    upstream = TlsUpstream(certificates.server_context(), tunnels)
    gate = start(upstream.url, POSTERN_THREADS="1", POSTERN_UPSTREAM_CA=certificates.ca.cert, **request.param.settings,
                 **serving(certificates.server))
    yield Scene(request.param, gate, tunnels)
    tunnels.close()
    upstream.close()


def test_it_is_the_same_through_tls(tls_scene):
    idle, down, up = [tls_scene.open() for _ in range(3)]
    frames = (encode(BINARY, b"x" * 50_000), encode(BINARY, b"x" * 50_000, mask=MASK))
    for source, sink, frame in ((down.behind, down.client, frames[0]), (up.client, up.behind, frames[1])):
        source.send(frame[:20_000])
        assert sink.read_exactly(20_000) == frame[:20_000]
    tls_scene.begin()
    tls_scene.check_told(idle)
    tls_scene.check_upstream_told(down)
    tls_scene.check_client_told(up)
    for source, sink, frame in ((down.behind, down.client, frames[0]), (up.client, up.behind, frames[1])):
        source.send(frame[20_000:])
        assert sink.read_exactly(len(frame) - 20_000) == frame[20_000:]
    tls_scene.check_client_told(down)
    tls_scene.check_upstream_told(up)
    for tunnel in (idle, down, up):
        check_ended(tunnel)
    tls_scene.finish()


@pytest.mark.parametrize("why", [Expiry, Drain], ids=["expiry", "drain"])
def test_a_real_library_understands_it_on_both_sides(start, why):
    async def scenario():
        heard = asyncio.get_running_loop().create_future()

        async def answer(socket, _path=None):
            await socket.send("ready")
            await socket.wait_closed()
            heard.set_result((socket.close_code, socket.close_reason.encode()))

        async with websockets.serve(answer, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            gate = start(f"http://{host}:{port}", **why.settings)
            url = f"ws://127.0.0.1:{gate.address[1]}/api/alice/ws"
            fields = library_headers({"Authorization": f"Bearer {token('alice', ttl=why.ttl)}"})
            async with websockets.connect(url, **fields, compression=None) as socket:
                assert await socket.recv() == "ready"
                why.begin(gate)
                await socket.wait_closed()
                assert (socket.close_code, socket.close_reason.encode()) == why.farewell
            assert await heard == why.farewell
        gate.wait_for_log(msg="request", status=101, reason=why.log, bytes_in=0, bytes_out=7)

    asyncio.run(scenario())
