"""What does not depend on load: memory of idle connections, heap allocations, start."""

import contextlib
import mmap
import signal
import statistics
import struct
import subprocess
import time

from peers import PATIENCE, Failure, free_port

from gate import token
from websocket import MASK, TEXT, UPGRADE, encode
from wire import request

IDLE = 2000
# Seconds after which whoever gives memory back for a silence has done so.
QUIET = 2.5


@contextlib.contextmanager
def running(peer):
    try:
        yield peer
        peer.require_alive()
    finally:
        peer.stop()


def _require_ok(answer):
    if answer.status != 200:
        raise Failure(f"{answer.raw!r} instead of a 200")


def idle_connection_bytes(start):
    """Growth of resident memory with connections that have had an answer each and then keep still."""
    with running(start()) as peer, contextlib.ExitStack() as stack:
        asked = request("GET", "/api/alice/tasks", token=token())
        for _ in range(64):  # what the first connections cost is not a matter of idling
            with peer.client() as client:
                _require_ok(client.send(asked).read_response())
        with peer.client() as client:  # nor what remembers requests: a log's ring is touched to its end
            for _ in range(8000):
                _require_ok(client.send(asked).read_response())
        before = _settled_memory(peer)
        for _ in range(IDLE):
            _require_ok(stack.enter_context(peer.client()).send(asked).read_response())
        time.sleep(QUIET)
        return (_settled_memory(peer) - before) / IDLE


def idle_websocket_bytes(start):
    """The same with websockets, each of which has said a word, has been answered, and then keeps still."""
    asked = request("GET", "/api/alice/talk", *UPGRADE, token=token())
    word = encode(TEXT, b"a word", mask=MASK)

    def talk(client):
        head = client.send(asked).read_head()
        if not head.start.startswith(b"HTTP/1.1 101 "):
            raise Failure(f"{head.raw!r} instead of a 101")
        if client.send(word).read_exactly(len(word)) != word:
            raise Failure("the websocket does not answer")

    with running(start()) as peer, contextlib.ExitStack() as stack:
        for _ in range(64):
            with peer.client() as client:
                talk(client)
        before = _settled_memory(peer)
        for _ in range(IDLE):
            talk(stack.enter_context(peer.client()))
        time.sleep(QUIET)
        return (_settled_memory(peer) - before) / IDLE


def _settled_memory(peer):
    """Memory may be given back a moment later: the first reading that has not changed for a quarter of a second."""
    until = time.monotonic() + PATIENCE
    last = peer.memory()
    while time.monotonic() < until:
        time.sleep(0.25)
        now = peer.memory()
        if now == last:
            return now
        last = now
    return last


def allocations_per_request(bench, start, at_once, requests):
    """malloc and its like, counted in the process by peers/count_allocations.cpp, after a warm-up."""
    counter = bench.folder / "allocations"
    counter.write_bytes(bytes(8))
    environment = {"LD_PRELOAD": bench.built / "count_allocations.so", "BENCH_ALLOCATIONS": counter}
    with open(counter, "r+b") as file, mmap.mmap(file.fileno(), 8) as shared, running(start(**environment)) as peer:
        asked = request("GET", "/api/alice/tasks", token=token())

        def ask(rounds):
            for _ in range(rounds):
                for client in clients:
                    client.send(asked)
                for client in clients:
                    _require_ok(client.read_response())

        def counted():
            return struct.unpack("Q", shared[:8])[0]

        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(peer.client()) for _ in range(at_once)]
            ask(100)
            before = counted()
            if not before:
                raise Failure(f"{peer.name}: allocations are not counted")
            ask(requests // at_once)
            return (counted() - before) / (requests // at_once * at_once)


def receives_per_request(peer, folder, requests=200):
    """By strace, of a connection that asks again and again."""
    asked = request("GET", "/api/alice/tasks", token=token())
    traced = folder / "receives"
    with running(peer), peer.client() as client:
        _require_ok(client.send(asked).read_response())
        command = ["strace", "-f", "-qq", "-e", "trace=recvfrom,recvmsg", "-o", traced, "-p", str(peer.process.pid)]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as tracer:
            until = time.monotonic() + PATIENCE
            while not (traced.exists() and "recv" in traced.read_text()):
                if time.monotonic() > until:
                    raise Failure("strace does not begin")
                _require_ok(client.send(asked).read_response())
            before = traced.read_text().count("recv")
            for _ in range(requests):
                _require_ok(client.send(asked).read_response())
            tracer.send_signal(signal.SIGINT)
        return (traced.read_text().count("recv") - before) / requests


def start(start_peer, times):
    """From the fork to the first 200, and the memory resident then: medians, (ms, bytes)."""
    asked = request("GET", "/api/alice/tasks", token=token())
    took, resident = [], []
    for _ in range(times):
        port = free_port()
        begin = time.monotonic()
        with running(start_peer(port=port, wait=False)) as peer:
            _require_ok(_first_answer(peer, asked))
            took.append((time.monotonic() - begin) * 1e3)
            resident.append(peer.memory())
    return statistics.median(took), statistics.median(resident)


def _first_answer(peer, asked):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        peer.require_alive()
        try:
            client = peer.client()
        except ConnectionRefusedError:
            time.sleep(0.0002)
            continue
        with client:
            return client.send(asked).read_response()
    raise Failure(f"{peer.name} does not answer")
