"""The command of tests/attack/run."""

import argparse
import math
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "integration"), str(HERE.parent / "peers")]

import conditions  # noqa: E402
import in_process  # noqa: E402
import on_the_wire  # noqa: E402
import processes  # noqa: E402

PURPOSE = "Searches for a request that makes a handler run as somebody else. Exit 1 if it finds one."
SHOWN = 20  # violations that are printed whole


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tests/attack/run", description=PURPOSE)
    add = parser.add_argument
    add("--targets", type=int, default=50000, metavar="N", help="different targets to try in process (50000)")
    add("--wire", type=int, default=3000, metavar="N", help="requests to send over sockets (3000)")
    peers = "requests to HAProxy's and nginx's recipes too (20000)"
    add("--peers", type=int, nargs="?", const=20000, default=0, metavar="N", help=peers)
    add("--seed", type=int, default=1, help="another seed, other cases (1)")
    add("--conditions", type=int, metavar="N", help="requests under rules with conditions (as many as targets)")
    add("--case", type=int, metavar="I", help="shows one target's way and ends")
    add("--condition-case", type=int, metavar="I", help="shows one of those under conditions and ends")
    add("--wire-case", type=int, metavar="I", help="sends one request again and ends")
    options = parser.parse_args(arguments)
    if options.conditions is None:
        options.conditions = options.targets
    return options


def search_in_process(seed, count, machine=in_process.InProcess, what="in process"):
    tally = machine(seed).search(count)
    print(
        f"{what}, seed {seed}: {tally.tried:,} targets tried, {tally.forwarded:,} forwarded, "
        f"{tally.refused:,} refused, {tally.ran:,} handlers ran, violations: {len(tally.violations)}  "
        f"({tally.tried / tally.seconds:,.0f} a second; {tally.repeated:,} repeats left out)",
        flush=True,
    )
    return tally.violations


def in_process_with_the_newest(seed, count):
    """The same search where the newest FastAPI and uvicorn are; whether it found something."""
    if "newest" not in processes.PYTHONS:
        return False
    command = [processes.PYTHONS["newest"], __file__, "--seed", seed, "--targets", count, "--conditions", 0, "--wire", 0]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    print("with the newest FastAPI and uvicorn, ", end="", flush=True)
    del environment["E2E_PYTHON"]
    return subprocess.run([str(word) for word in command], env=environment, check=False).returncode != 0


def search_on_the_wire(seed, count):
    servers = len(processes.servers())
    cases = math.ceil(count / servers)
    tally = on_the_wire.search(seed, cases)
    print(
        f"on the wire, seed {seed}: {tally.sent:,} requests tried ({cases:,} to each of {servers} servers), "
        f"{tally.forwarded:,} forwarded, {tally.refused:,} refused, {tally.ran:,} handlers ran, "
        f"violations: {len(tally.violations)}  ({tally.sent / tally.seconds:,.0f} a second)",
        flush=True,
    )
    return tally.violations


def show_wire_case(seed, index):
    message = on_the_wire.Messages(seed).make(index)
    print(f"good token of: {message.uid}\nsent: {message.data!r}")
    return on_the_wire.search(seed, 1, first=index).violations


def main(arguments):
    options = parse(arguments)
    if options.case is not None:
        print(in_process.InProcess(options.seed).explain(options.case))
        return 0
    if options.condition_case is not None:
        print(conditions.Conditions(options.seed).explain(options.condition_case))
        return 0
    violations, elsewhere = [], False
    if options.wire_case is not None:
        violations += show_wire_case(options.seed, options.wire_case)
    else:
        if options.targets:
            violations += search_in_process(options.seed, options.targets)
            elsewhere = in_process_with_the_newest(options.seed, options.targets)
        if options.conditions:
            violations += search_in_process(options.seed, options.conditions, conditions.Conditions, "under conditions")
        if options.wire:
            violations += search_on_the_wire(options.seed, options.wire)
        if options.peers:
            import peers

            table, through_postern = peers.compare(options.seed, options.peers)
            print(table)
            violations += through_postern
    for violation in violations[:SHOWN]:
        print(violation)
    if len(violations) > SHOWN:
        print(f"and {len(violations) - SHOWN} more")
    return 1 if violations or elsewhere else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
