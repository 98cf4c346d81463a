"""The search on real sockets: whole requests through a gate to servers whose handlers note what they saw."""

import json
import re
import tempfile
import threading
import time
from dataclasses import dataclass, field

import processes
from invariant import REQUESTS, Violation, broken_by
from messages import Messages

from wire import Client, Closed

GROUP = 24  # requests that are sent together on one connection
CHUNK = 600  # cases between two looks into the ledger
SERVED = re.compile(rb"\r\nserver: (uvicorn|hypercorn|gunicorn|granian)", re.IGNORECASE)
CASE = re.compile(r"\d+")
GONE = (Closed, ConnectionError)


@dataclass
class Tally:
    sent: int = 0
    forwarded: int = 0  # answered by the server
    refused: int = 0  # answered by the gate, or closed without an answer
    ran: int = 0  # handlers
    violations: list = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other):
        for name in ("sent", "forwarded", "refused", "ran"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.violations += other.violations
        self.seconds = max(self.seconds, other.seconds)


class Front:
    """One server with one service behind one gate."""

    def __init__(self, name, seed, gate, server):
        self.name, self.gate, self.server = name, gate, server
        self.messages = Messages(seed)
        self.tally = Tally()
        self.times = {}  # how often each case was sent
        self.seen = {}  # how often a handler ran for it
        self._connection = None

    def run(self, first, count):
        started = time.perf_counter()
        for begin in range(first, first + count, CHUNK):
            shared = []
            for index in range(begin, min(begin + CHUNK, first + count)):
                message = self.messages.make(index)
                if message.way != "shared":
                    self._send_alone(message)
                    continue
                shared.append(message)
                if len(shared) == GROUP:
                    self._send_together(shared)
                    shared = []
            self._send_together(shared)
            self.look()
        self._hang_up()
        self.tally.seconds = time.perf_counter() - started

    def _count_sent(self, message):
        self.times[message.index] = self.times.get(message.index, 0) + 1

    def _note_answer(self, received=b""):
        """The servers name themselves in every answer, and no gate takes their name."""
        forwarded = SERVED.search(received) is not None
        self.tally.forwarded += forwarded
        self.tally.refused += not forwarded

    def _send_alone(self, message):
        self._count_sent(message)
        self.tally.sent += 1
        with Client(self.gate.address) as client:
            try:
                client.send(message.data)
                if message.way == "alone":
                    if not getattr(self.gate, "closes_when_idle", False):
                        client.finish_sending()
                    received = client.read_to_end()
                else:
                    received = client.read_response().raw
            except GONE:
                received = b""
        self._note_answer(received)

    def _send_together(self, messages):
        """On a kept connection, all at once; what was not answered when it closed goes again on the next."""
        self.tally.sent += len(messages)
        while messages:
            for message in messages:
                self._count_sent(message)
            kept = self._connection is not None
            answered = self._exchange(messages)
            if answered == 0 and not kept:  # the first of them is what it closed on
                self._note_answer()
                answered = 1
            messages = messages[answered:]

    def _exchange(self, messages):
        """How many were answered."""
        if self._connection is None:
            self._connection = Client(self.gate.address)
        answered = 0
        try:
            self._connection.send(b"".join(message.data for message in messages))
            for message in messages:
                response = self._read(message.method.decode())
                self._note_answer(response.raw)
                answered += 1
                if "close" in [value.lower() for value in response.head.all("Connection")]:
                    self._hang_up()
                    break
        except GONE:
            self._hang_up()
        return answered

    def _read(self, method):
        while True:
            response = self._connection.read_response(method)
            if response.status >= 200:
                return response

    def _hang_up(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def look(self):
        """Asks the service itself what its handlers saw since the last look."""
        with Client(self.server.address) as client:
            notes = json.loads(client.get("/seen").body)
        for note in notes:
            self.tally.ran += 1
            self._judge(note)

    def _judge(self, note):
        # A server may fold the next line into the field; a gate that serves HTTP/0.9 sends no field at all.
        case = CASE.match(note["case"][0]) if len(note["case"]) == 1 else None
        index = int(case[0]) if case else None
        if index not in self.times:
            if broken_by(note, None):
                self._violation(-1, REQUESTS, f"runs for a request that nobody sent: {note}", b"")
            return
        self.seen[index] = self.seen.get(index, 0) + 1
        message = self.messages.make(index)
        if self.seen[index] > self.times[index]:
            self._violation(index, REQUESTS, "runs more often than the request was sent", message.data)
        if broken := broken_by(note, message.uid):
            self._violation(index, *broken, message.data)

    def _violation(self, index, kind, what, data):
        seed = self.messages.targets.seed
        self.tally.violations.append(Violation(seed, index, self.name, kind, what, data, form="--wire-case"))


def search(seed, count, first=0, start_gate=processes.postern, servers=None):
    """A Tally over all servers; `start_gate` is None for no gate at all."""
    with tempfile.TemporaryDirectory(prefix="differential-") as folder:
        running, fronts = [], []
        try:
            for number, (name, start) in enumerate(servers or processes.servers()):
                server = start(f"{folder}/{number}.server")
                running.append(server)
                gate = server
                if start_gate:
                    gate = start_gate(f"{folder}/{number}.gate", server.address)
                    running.append(gate)
                fronts.append(Front(name, seed, gate, server))
            _run_all(fronts, first, count)
            for front in fronts:
                _end(front)
        finally:
            for process in reversed(running):
                process.stop()
    total = Tally()
    for front in fronts:
        total.add(front.tally)
    return total


def _end(front):
    """The gate ends first, so that the last look sees every handler that it could have set going."""
    if front.gate is not front.server:
        code = front.gate.stop()
        assert code == 0 or front.gate.name != "postern", f"{front.gate.name} ended with {code}"
    front.look()


def _run_all(fronts, first, count):
    problems = []

    def run(front):
        try:
            front.run(first, count)
        except BaseException as problem:  # told in the thread that waits
            problems.append(AssertionError(f"{front.name}: {problem!r}"))

    threads = [threading.Thread(target=run, args=(front,)) for front in fronts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
