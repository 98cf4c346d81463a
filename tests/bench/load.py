"""Load by wrk or by our own generator, and what it cost the proxy: CPU time from /proc, divided by the requests."""

import json
import subprocess
from dataclasses import dataclass

from peers import HERE, LARGE, Failure, on_cores

from gate import token

DAY = 86400
OTHER_SECRET = "not-the-secret-0123456789abcdefgh"
MANY = 10_000
# Requests a second that every peer can serve on one core: what a gate beside a service costs.
STEADY = 40_000
# More than any cache of verified tokens would hold: when a token comes round again, it is new once more.
COLD = 200_000


@dataclass(frozen=True)
class Load:
    """The lines of a file in turn, over so many connections; sent by wrk (see peers/wrk.lua) where no rate is set."""

    requests: str
    connections: int = 64
    refused: bool = False  # every answer is 4xx; otherwise none is
    upload: int = 0  # bytes of body a request carries
    moved: int = 0  # bytes of body a request or its answer carries
    tls: bool = False
    close: bool = False  # each request has a connection of its own
    rate: int | None = None  # requests a second by own_load.cpp; 0: as many as it can


LOADS = {
    "own": Load("own"),
    "one-connection": Load("own", connections=1),
    "many-tokens": Load("many-tokens"),
    "cold": Load("cold"),
    "401": Load("forged", refused=True),
    "403": Load("stranger", refused=True),
    "up": Load("up", connections=8, upload=LARGE, moved=LARGE),
    "down": Load("down", connections=8, moved=LARGE),
    "checked": Load("checked"),
    "tls": Load("own", tls=True),
    "tls-connect": Load("own", connections=8, tls=True, close=True),
    "steady": Load("own", rate=STEADY),
    "saturated": Load("own", rate=0),
}


def write_requests(folder):
    """The files that LOADS name."""
    alice = token("alice", DAY)
    files = {
        "own": [f"/api/alice/tasks {alice}"],
        "checked": [f"/api/alice/checked {alice}"],
        "forged": [f"/api/alice/tasks {token('alice', DAY, OTHER_SECRET)}"],
        "stranger": [f"/api/bob/tasks {alice}"],
        "up": [f"/api/alice/up {alice}"],
        "down": [f"/api/alice/down {alice}"],
        "many-tokens": [_of_user(number) for number in range(MANY)],
        "cold": [_of_user(number) for number in range(COLD)],
    }
    for name, lines in files.items():
        (folder / f"{name}.requests").write_text("".join(f"{line}\n" for line in lines))


def _of_user(number):
    uid = f"user{number:06}"
    return f"/api/{uid}/tasks {token(uid, DAY)}"


def measure(bench, peers, load, seconds, own=None):
    """One round of load on the first of these peers, and what it cost all of them."""
    before = [peer.cpu_seconds() for peer in peers]
    if load.rate is None:
        result = _wrk(bench, peers[0], load, seconds)
    else:
        result = own.run(bench.folder / f"{load.requests}.requests", peers[0], load.connections, seconds, load.rate)
    cpu = [peer.cpu_seconds() - start for peer, start in zip(peers, before)]
    for peer in peers:
        peer.require_alive()
        peer.forget_log()
    requests, took = result["requests"], result["microseconds"] / 1e6
    expected = requests if load.refused else 0
    if not requests or result["broken"] or result["refused"] != expected:
        raise Failure(f"{peers[0].name} under load: {result}; expected {expected} refused")
    sample = {
        "cpu_us": sum(cpu) / requests * 1e6,
        "cpu_us_each": [part / requests * 1e6 for part in cpu],
        "requests": requests,
        "per_second": requests / took,
        "busy": sum(cpu) / took,
        "p50_us": result["p50"],
        "p99_us": result["p99"],
    }
    if load.moved:
        sample["cpu_ms_per_gb"] = sum(cpu) * 1e3 / (requests * load.moved / 1e9)
    return sample


def _wrk(bench, peer, load, seconds):
    options = ["-t1", f"-c{load.connections}", f"-d{seconds}s", "--timeout", "20s", "-s", str(HERE / "peers" / "wrk.lua")]
    arguments = [str(bench.folder / f"{load.requests}.requests"), str(load.upload), *(["close"] if load.close else [])]
    with on_cores(bench.load_core):
        wrk = subprocess.Popen(
            ["wrk", *options, f"{'https' if load.tls else 'http'}://127.0.0.1:{peer.port}", "--", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        output, _ = wrk.communicate(timeout=seconds + 60)
    finally:
        if wrk.poll() is None:
            wrk.kill()
            wrk.wait()
    if wrk.returncode:
        raise Failure(f"wrk on {peer.name}: {output}")
    return json.loads(output.splitlines()[-1])
