"""A websocket that has been silent for a second is quiet: it holds no buffers, and nobody can tell."""

import os
import signal
import time

import pytest
from certificates import certificates, serving
from farewell import Drain, Expiry, Scene, check_ended, scene, tunnels
from gate import token
from tls_wire import TlsClient, TlsUpstream
from websocket import MASK, TEXT, Pump, Tunnels, encode, read_huge

QUIET_AFTER = 1.4  # seconds of silence after which a websocket surely is
ALICE = token("alice")
CROWD = 100  # more than a thread lends buffers to for long
MIB = 1 << 20


def pass_on(source, sink, data=b"word"):
    source.send(data)
    assert sink.read_exactly(len(data)) == data


@pytest.fixture(params=["plain", "TLS"])
def place(request, start, upstream, certificates):
    """place(NAME=value) gives a gate, and what opens websockets through it; TLS is on both sides."""
    held = []

    def make(**settings):
        if request.param == "plain":
            upstream.script = tunnels = Tunnels()
            gate = start(**settings)
        else:
            tunnels = Tunnels(lambda address: TlsClient(address, certificates.client_context()))
            behind = TlsUpstream(certificates.server_context(), tunnels)
            held.append(behind)
            gate = start(behind.url, POSTERN_UPSTREAM_CA=certificates.ca.cert, **serving(certificates.server), **settings)
        held.insert(0, tunnels)
        return gate, lambda: tunnels.open(gate.address, ALICE)

    yield make
    for one in held:
        one.close()


def test_whoever_speaks_first_wakes_it(place):
    _, open_tunnel = place()
    tunnel = open_tunnel()
    for first, second in ((tunnel.client, tunnel.behind), (tunnel.behind, tunnel.client)):
        for _ in range(2):
            time.sleep(QUIET_AFTER)
            pass_on(first, second)
            pass_on(second, first)
    for source, sink in ((tunnel.client, tunnel.behind), (tunnel.behind, tunnel.client)):
        time.sleep(QUIET_AFTER)
        pump = Pump(source, b"much" * MIB)
        assert read_huge(sink, 4 * MIB) == b"much" * MIB
        pump.join()


def test_half_a_frame_may_be_followed_by_silence(scene):
    tunnel = scene.open()
    frame = encode(TEXT, b"in two", mask=MASK)
    pass_on(tunnel.client, tunnel.behind, frame[:5])
    if scene.why is Drain:
        time.sleep(QUIET_AFTER)
    scene.begin()
    scene.check_client_told(tunnel)
    pass_on(tunnel.client, tunnel.behind, frame[5:])
    scene.check_upstream_told(tunnel)
    check_ended(tunnel)
    scene.finish()


def test_it_is_ended_with_a_close_frame_to_each_side(scene):
    tunnels = [scene.open() for _ in range(8)]
    time.sleep(QUIET_AFTER)
    scene.begin()
    for tunnel in tunnels:
        scene.check_told(tunnel)
        check_ended(tunnel)
    scene.finish()


def test_a_client_that_ends_still_listens(place):
    gate, open_tunnel = place()

    def heard():
        tunnel = open_tunnel()
        pass_on(tunnel.client, tunnel.behind, b"early")
        time.sleep(QUIET_AFTER)
        tunnel.client.finish_sending()
        assert tunnel.behind.read_to_end() == b""
        tunnel.behind.send(b"last words").close()
        return tunnel.client.read_to_end()

    # They are waited for half a second, which a busy machine may let pass.
    assert b"last words" in (heard() for _ in range(5))
    entry = gate.wait_for_log(msg="request", status=101, bytes_out=10)
    # What is told of the request outlives the buffers that it came in.
    assert (entry["path"], entry["method"], entry["uid"]) == ("/api/alice/ws", "GET", "alice")
    assert len(entry["request_id"]) == 32
    assert (entry["bytes_in"], entry["bytes_out"]) == (5, 10)


def test_an_upstream_that_ends_still_listens(place):
    _, open_tunnel = place()
    tunnel = open_tunnel()
    time.sleep(QUIET_AFTER)
    tunnel.behind.finish_sending()
    assert tunnel.client.read_to_end() == b""
    time.sleep(QUIET_AFTER)
    pass_on(tunnel.client, tunnel.behind)


@pytest.mark.parametrize("who", ["client", "behind"])
def test_an_end_that_breaks_takes_the_other_with_it(start, tunnels, who):
    gate = start()
    tunnel = tunnels.open(gate.address, ALICE)
    time.sleep(QUIET_AFTER)
    getattr(tunnel, who).reset()
    other = tunnel.behind if who == "client" else tunnel.client
    assert other.read_to_end() == b""
    reason = {"client": "client went away", "behind": "upstream response cut short"}[who]
    assert gate.wait_for_log(msg="request", status=101)["reason"] == reason


def test_the_idle_timeout_is_the_whole_of_its_silence(start, tunnels):
    gate = start(POSTERN_STREAM_IDLE_TIMEOUT="2500ms")
    tunnel = tunnels.open(gate.address, ALICE)
    pass_on(tunnel.client, tunnel.behind)
    since = time.monotonic()
    assert tunnel.client.read_to_end() == b""
    assert 2.3 <= time.monotonic() - since
    assert gate.wait_for_log(msg="request", status=101)["reason"] == "stream idle timeout"


def test_a_short_idle_timeout_ends_it_before_it_is_quiet(start, tunnels):
    gate = start(POSTERN_STREAM_IDLE_TIMEOUT="500ms")
    tunnel = tunnels.open(gate.address, ALICE)
    assert tunnel.client.read_to_end() == b""


def test_a_second_signal_ends_it_at_once(start, tunnels):
    gate = start(POSTERN_DRAIN_TIMEOUT="1h")
    tunnel = tunnels.open(gate.address, ALICE)
    time.sleep(QUIET_AFTER)
    gate.signal(signal.SIGTERM)
    gate.wait_for_log(msg="draining")
    pass_on(tunnel.client, tunnel.behind)
    time.sleep(QUIET_AFTER)
    gate.signal(signal.SIGTERM)
    assert gate.wait() == 0
    assert (tunnel.client.read_to_end(), tunnel.behind.read_to_end()) == (b"", b"")


def test_a_crowd_loses_no_byte(start, tunnels):
    """More than a thread lends buffers to for long, so that each is quiet at the next look."""
    gate = start(POSTERN_THREADS="1")
    crowd = [tunnels.open(gate.address, ALICE) for _ in range(CROWD)]
    for pause in (0, 0.15, 0.3):
        time.sleep(pause)
        for number, tunnel in enumerate(crowd):
            pass_on(tunnel.client, tunnel.behind, b"up %d" % number)
            pass_on(tunnel.behind, tunnel.client, b"down %d" % number)


@pytest.mark.skipif(bool(os.environ.get("POSTERN_SANITIZED")), reason="a sanitizer's memory says nothing")
def test_it_costs_little_memory(start, tunnels):
    gate = start(POSTERN_THREADS="1")

    def open_quiet(count):
        for tunnel in [tunnels.open(gate.address, ALICE) for _ in range(count)]:
            pass_on(tunnel.client, tunnel.behind)
        time.sleep(QUIET_AFTER)
        return gate.memory("VmRSS")

    # What the first ones cost is not a matter of being quiet.
    before = open_quiet(8)
    assert open_quiet(4 * CROWD) - before < 4 * CROWD * 12 * 1024
