"""What is measured, what it is compared with, and what it ought to be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Peers under one load: the first of `peers` is asked, the CPU of all of them counts."""

    title: str
    peers: tuple
    load: str
    against: str = ""  # key of the row that it is divided by

    @property
    def key(self):
        return f"{'+'.join(self.peers)}/{self.load}"


def _three(title, load):
    """HAProxy with the checks, the same with an access log as Postern writes it, and Postern."""
    base, postern = _pair(title, load)
    return [base, Row(f"HAProxy with access log, {title}", ("haproxy-log",), load, base.key), postern]


def _pair(title, load):
    """HAProxy with the checks and Postern under the same load."""
    base = Row(f"HAProxy, {title}", ("haproxy",), load)
    return [base, Row(f"Postern, {title}", ("postern",), load, base.key)]


ROWS = [
    Row("byte mover, no HTTP", ("byte-mover",), "own", "haproxy/own"),
    Row("HAProxy, no checks", ("haproxy-bare",), "own", "haproxy/own"),
    Row("HAProxy, checks", ("haproxy",), "own"),
    Row("HAProxy, checks, access log", ("haproxy-log",), "own", "haproxy/own"),
    Row("nginx + lua, checks", ("nginx",), "own", "haproxy/own"),
    Row("Postern, access log", ("postern",), "own", "haproxy/own"),
    Row("Postern, no access log", ("postern-quiet",), "own", "haproxy/own"),
    *_three("10,000 tokens in turn", "many-tokens"),
    *_three("cold: every token new", "cold"),
    *_pair("401: forged token", "401"),
    *_pair("403: somebody else's path", "403"),
    *_pair("one connection", "one-connection"),
    Row("Postern, 1 thread on two cores", ("postern-1",), "own"),
    Row("Postern, 2 threads on two cores", ("postern-2",), "own", "postern-1/own"),
    *_pair("1 MiB up", "up"),
    *_pair("1 MiB down", "down"),
    Row("FastAPI, no check", ("fastapi",), "own"),
    Row("FastAPI, PyJWT check", ("fastapi",), "checked", "fastapi/own"),
    Row("FastAPI behind Postern (both)", ("postern-fastapi", "fastapi"), "own", "fastapi/own"),
]


@dataclass(frozen=True)
class Ratio:
    """The median, over the rounds, of one row's figure divided by another's in the same round."""

    row: str
    against: str
    figure: str = "cpu_us"


@dataclass(frozen=True)
class Figure:
    """One of the figures that need no load."""

    name: str


@dataclass(frozen=True)
class Goal:
    title: str
    at_most: float
    unit: str
    of: object


def _times(title, at_most, *ratio):
    return Goal(title, at_most, "x", Ratio(*ratio))


# Postern writes its access log in all of them; HAProxy where it says so.
GOALS = [
    _times("CPU per request against HAProxy with access log, one token", 0.65, "postern/own", "haproxy-log/own"),
    _times("the same, 10,000 tokens", 0.65, "postern/many-tokens", "haproxy-log/many-tokens"),
    _times("the same, cold", 0.75, "postern/cold", "haproxy-log/cold"),
    _times("CPU per request against HAProxy, one token", 0.65, "postern/own", "haproxy/own"),
    _times("CPU per request against HAProxy, 10,000 tokens", 0.65, "postern/many-tokens", "haproxy/many-tokens"),
    _times("CPU per request against HAProxy, cold", 0.75, "postern/cold", "haproxy/cold"),
    _times("CPU per request against the byte mover", 1.25, "postern/own", "byte-mover/own"),
    _times("CPU per 401 against HAProxy", 0.7, "postern/401", "haproxy/401"),
    _times("CPU per 403 against HAProxy", 0.7, "postern/403", "haproxy/403"),
    _times("p99 against HAProxy, 1 connection", 1.0, "postern/one-connection", "haproxy/one-connection", "p99_us"),
    _times("p99 against HAProxy, 64 connections", 1.0, "postern/own", "haproxy/own", "p99_us"),
    _times("CPU per GB against HAProxy, 1 MiB up", 1.0, "postern/up", "haproxy/up"),
    _times("CPU per GB against HAProxy, 1 MiB down", 1.0, "postern/down", "haproxy/down"),
    _times("CPU per request, 2 threads against 1", 1.05, "postern-2/own", "postern-1/own"),
    Goal("idle keep-alive connection", 1.0, "KiB", Figure("postern_idle_kib")),
    Goal("heap allocations per request", 0.0, "", Figure("postern_allocations")),
    Goal("resident memory after start", 8.0, "MiB", Figure("postern_start_mib")),
    Goal("start to first answer", 20.0, "ms", Figure("postern_start_ms")),
]
