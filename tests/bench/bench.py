"""Postern beside its peers: rounds of load in turn, CPU time per request, and what that is against HAProxy."""

import argparse
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import figures
import peers
import plot
import report
from load import LOADS, measure, write_requests
from prove import prove, prove_service
from rows import ROWS


def arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds over all rows (default 5)")
    parser.add_argument("--seconds", type=int, default=3, help="of load for each row in a round (default 3)")
    parser.add_argument("--quick", action="store_true", help="one round of one second: for a look, not for figures")
    parser.add_argument("--built", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--postern", type=Path, required=True, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds = chosen.seconds = 1
    if chosen.rounds < 1 or chosen.seconds < 1:
        parser.error("--rounds and --seconds are at least 1")
    return chosen


def start_all(bench, started):
    """Every peer by name, each of them shown to do what it is measured for. `started` is filled as they start."""

    def add(peer, check=prove, **how):
        started[peer.name] = peer
        if check:
            check(peer, **how)
        return peer

    behind = add(peers.upstream(bench), None).port
    add(peers.byte_mover(bench, behind), checks=False)
    add(peers.haproxy(bench, behind, "haproxy-bare", checks=False), checks=False)
    add(peers.haproxy(bench, behind))
    add(peers.haproxy(bench, behind, "haproxy-log", log=True))
    add(peers.nginx(bench, behind))
    if envoy := peers.envoy(bench, behind):
        add(envoy)
    add(peers.postern(bench, behind))
    add(peers.postern(bench, behind, "postern-quiet", POSTERN_LOG_LEVEL="warn"))
    cores = sorted({bench.proxy_core, bench.load_core})
    for threads in (1, 2):
        add(peers.postern(bench, behind, f"postern-{threads}", threads, cores))
    cert, key, both = peers.certificate(bench)
    add(peers.haproxy(bench, behind, "haproxy-tls", BENCH_TLS=both), None)
    add(peers.postern(bench, behind, "postern-tls", POSTERN_TLS_CERT=cert, POSTERN_TLS_KEY=key), None)
    # The same with the service that own_load.cpp is; each of them is shown to be the same by the proofs above.
    own = started["own-load"] = peers.OwnLoad(bench)
    add(peers.byte_mover(bench, own.port, "steady-byte-mover"), None)
    add(peers.haproxy(bench, own.port, "steady-haproxy"), None)
    add(peers.postern(bench, own.port, "steady-postern", POSTERN_LOG_LEVEL="warn"), None)
    add(peers.websocket_service(bench), None)
    service = add(peers.fastapi(bench), prove_service, route="checked")
    add(peers.postern(bench, service.port, "postern-fastapi"), prove_service, route="tasks")
    path = bench.folder / "fastapi.sock"
    add(peers.fastapi(bench, path), None)
    add(peers.postern(bench, 0, "postern-unix", POSTERN_UPSTREAM=f"unix:{path}"), prove_service, route="tasks")


def rounds_of_load(bench, started, rounds, seconds):
    """One {row: sample} a round. Every other round runs backwards, so that a drift of the machine meets both ends."""
    results = []
    rows = [row for row in ROWS if all(name in started for name in row.peers)]
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        samples = {}
        for row in rows if number % 2 == 0 else reversed(rows):
            asked = [started[name] for name in row.peers]
            samples[row.key] = measure(bench, asked, LOADS[row.load], seconds, started["own-load"])
        results.append(samples)
    return results


def other_figures(bench, behind, websockets, quick):
    def postern(name="postern-alone", upstream=behind, **settings):
        return peers.postern(bench, upstream, name, **settings)

    def haproxy(name="haproxy-alone", upstream=behind, **settings):
        return peers.haproxy(bench, upstream, name, **settings)

    found = {"postern_receives": figures.receives_per_request(postern(POSTERN_UPSTREAM_IDLE_TIMEOUT="60s"), bench.folder)}
    for name, start in {"postern": postern, "haproxy": haproxy}.items():
        print(f"memory, allocations and start of {name}", file=sys.stderr, flush=True)
        milliseconds, resident = figures.start(start, 3 if quick else 15)
        found |= {
            f"{name}_start_ms": milliseconds,
            f"{name}_start_mib": resident / 2**20,
            f"{name}_idle_kib": figures.idle_connection_bytes(start) / 1024,
            f"{name}_websocket_kib": figures.idle_websocket_bytes(partial(start, upstream=websockets)) / 1024,
            f"{name}_allocations": figures.allocations_per_request(bench, start, 8, 800 if quick else 8000),
            f"{name}_allocations_64": figures.allocations_per_request(bench, start, 64, 1280 if quick else 12800),
        }
    return found


def versions(bench):
    def first_line(*command):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise peers.Failure(f"{command} exits {ended.returncode}: {ended.stderr}")
        return (ended.stdout or ended.stderr).strip().splitlines()[0]

    envoy = os.environ.get("ENVOY")
    cpu = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    return {
        "cpu": cpu.partition(":")[2].strip(),
        "kernel": platform.release(),
        "haproxy": first_line("haproxy", "-v"),
        "nginx": first_line("nginx", "-v"),
        "envoy": first_line(envoy, "--version").rpartition("version: ")[2] if envoy else "left out, could not be had",
        "postern": first_line(str(bench.postern), "--version"),
    }


def run(chosen, folder):
    cores = sorted(os.sched_getaffinity(0))
    bench = peers.Bench(Path(folder), chosen.built.resolve(), chosen.postern.resolve(), cores[0], cores[-1])
    if len(cores) == 1:
        print("One core only: the proxies share it with the load, and nothing here says much.", file=sys.stderr)
    machine = versions(bench) | {"load_average_before": os.getloadavg()[0]}
    write_requests(bench.folder)
    started = {}
    try:
        start_all(bench, started)
        websockets = started["websocket-service"].port
        others = other_figures(bench, started["upstream"].port, websockets, chosen.quick)
        rounds = rounds_of_load(bench, started, chosen.rounds, chosen.seconds)
        for name in ("postern", "haproxy"):
            others[f"{name}_loaded_mib"] = started[name].memory() / 2**20
    finally:
        for peer in reversed(started.values()):
            peer.stop()
    machine["load_average_after"] = os.getloadavg()[0]
    return {"machine": machine, "seconds": chosen.seconds, "rounds": rounds, "figures": others}


def main():
    chosen = arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))  # by way of every `finally`
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with tempfile.TemporaryDirectory(prefix="postern-bench-") as folder:
            results = run(chosen, folder)
    except peers.Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    rounds = results["rounds"]
    results["goals"] = report.goals(rounds, results["figures"])
    conditions = "\n".join(f"{name}: {value}" for name, value in results["machine"].items())
    tables = [
        report.lines_of_table(rounds),
        report.lines_of_figures(results["figures"]),
        report.lines_of_goals(results["goals"]),
    ]
    text = "\n\n".join([conditions, *map(report.aligned, tables)])
    print(text)
    (chosen.built / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (chosen.built / "results.txt").write_text(text + "\n")
    (chosen.built / "results.md").write_text("\n\n".join(map(report.markdown, tables)) + "\n")
    picture = plot.svg("CPU per request, one proxy thread on one core", "microseconds, median", report.bars(rounds))
    (chosen.built / "results.svg").write_text(picture)
    print(f"\nin {chosen.built}: results.json, results.txt, results.md, results.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
