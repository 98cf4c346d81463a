"""The search without sockets: Postern's own parser, judge and writer (judge_targets), then uvicorn's own
protocol classes and the services, all on the bytes that would have been sent."""

import itertools
import os
import struct
import subprocess
import time
from dataclasses import dataclass, field

import services
from invariant import REQUESTS, Violation, broken_by
from messages import Tokens, odd_field_lines
from generator import Targets

from gate import SECRET

BATCH = 20000
FIELD_LINES = 0.1  # the share of cases that are about field lines, with an honest target


def tool():
    path = os.environ.get("JUDGE_TARGETS")
    assert path, "JUDGE_TARGETS is not set: run this by tests/attack/run or ctest"
    return path


@dataclass
class Tally:
    tried: int = 0
    repeated: int = 0  # targets that had been tried before; not counted as tried
    forwarded: int = 0
    refused: int = 0
    ran: int = 0  # handlers, over all parsers and services
    violations: list = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Answer:
    forwarded: bool
    kind: str  # of the rule, or the status
    uid: str | None
    reason: str
    head: bytes


def judge(command, heads):
    """What that gate answers to each of the heads."""
    records = b"".join(struct.pack("<I", len(head)) + head for head in heads)
    output = subprocess.run(command, input=records, stdout=subprocess.PIPE, check=True).stdout
    at = 0
    for _ in heads:
        (size,) = struct.unpack_from("<I", output, at)
        line, _, head = output[at + 4 : at + 4 + size].partition(b"\n")
        verdict, kind, uid, reason = line.decode().split("\t")
        yield Answer(verdict == "forward", kind, uid or None, reason, head)
        at += 4 + size
    assert at == len(output), "judge_targets answered something else than it was asked"


class InProcess:
    def __init__(self, seed, broken=None):
        import readings  # imports uvicorn and FastAPI, which the wire form leaves to other processes

        self.seed = seed
        self.targets = Targets(seed)
        self.tokens = Tokens()
        self.servers = {name: readings.Server(name) for name in readings.PARSERS}
        self.services = readings.services_in_process()
        self.command = [tool(), "--secret", SECRET, "--now", str(int(time.time()))]
        if broken:
            self.command += ["--broken", broken]
        self.command += [f"{kind}={text}" for kind, texts in services.RULES.items() for text in texts]

    def make(self, index):
        """(uid, request head)."""
        uid, target = self.targets.make(index)
        odd = []
        if self.targets.random.random() < FIELD_LINES:
            target, odd = self.targets.honest(uid), odd_field_lines(self.targets, at_least=1)
        first, token = b"GET %s HTTP/1.1" % target, b"Authorization: Bearer " + self.tokens.good(uid)
        return uid.decode(), b"\r\n".join([first, b"Host: gate", token, *odd, b"", b""])

    def readings(self, head):
        """(where, how many requests the server sees, notes of its handlers), for each parser and service."""
        for parser, server in self.servers.items():
            scopes = server.read(head)
            for name, service in self.services.items():
                notes = service.ask(scopes[0]) if scopes else []
                yield f"uvicorn with {parser}, {name}", len(scopes), notes

    def problems(self, head, uid):
        """[(where, kind, what is broken), ...] and the number of handlers that ran."""
        found, ran = [], 0
        for where, requests, notes in self.readings(head):
            ran += len(notes)
            if requests > 1:
                found.append((where, REQUESTS, f"is one of {requests} requests in one head"))
            found += [(where, *broken) for note in notes if (broken := broken_by(note, uid))]
        return found, ran

    def _new_cases(self, indices, known, most, tally):
        """Up to so many (index, uid, head) that were not there before."""
        cases = []
        while len(cases) < most:
            index = next(indices)
            uid, head = self.make(index)
            if (mark := hash(head)) in known:
                tally.repeated += 1
            else:
                known.add(mark)
                cases.append((index, uid, head))
        return cases

    def search(self, count):
        """Tries so many different heads."""
        tally, started, known, indices = Tally(), time.perf_counter(), set(), itertools.count()
        while tally.tried < count:
            cases = self._new_cases(indices, known, min(BATCH, count - tally.tried), tally)
            answers = judge(self.command, [head for _, _, head in cases])
            for (index, uid, head), answer in zip(cases, answers, strict=True):
                tally.tried += 1
                if not answer.forwarded:
                    tally.refused += 1
                    continue
                tally.forwarded += 1
                problems, ran = self.problems(answer.head, uid)
                tally.ran += ran
                for problem in problems:
                    tally.violations.append(Violation(self.seed, index, *problem, head, answer.head))
        tally.seconds = time.perf_counter() - started
        return tally

    def explain(self, index):
        """One case, step by step, as text."""
        uid, head = self.make(index)
        (answer,) = judge(self.command, [head])
        lines = [f"sent with {uid!r}'s token: {head!r}"]
        if not answer.forwarded:
            return "\n".join([*lines, f"refused: {answer.kind} {answer.reason}"])
        lines += [f"forwarded by a {answer.kind} rule: {answer.head!r}"]
        for where, requests, notes in self.readings(answer.head):
            lines.append(f"{where}: {requests} request(s)")
            lines += [f"  ran: {note}; {broken_by(note, uid) or 'as it must'}" for note in notes]
        return "\n".join(lines)
