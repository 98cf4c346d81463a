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


def _four(title, load):
    """HAProxy with the checks and Postern, each without a log and with one of the same content."""
    base, postern = _pair(title, load)
    quiet = Row(f"Postern, no access log, {title}", ("postern-quiet",), load, base.key)
    return [base, quiet, Row(f"HAProxy with access log, {title}", ("haproxy-log",), load, base.key), postern]


def _pair(title, load):
    """HAProxy with the checks and Postern under the same load."""
    base = Row(f"HAProxy, {title}", ("haproxy",), load)
    return [base, Row(f"Postern, {title}", ("postern",), load, base.key)]


def _three(title, load):
    """And Envoy, where it could be installed."""
    base, postern = _pair(title, load)
    return [base, Row(f"Envoy, {title}", ("envoy",), load, base.key), postern]


def _tls(title, load):
    base = Row(f"HAProxy, {title}", ("haproxy-tls",), load)
    return [base, Row(f"Postern, {title}", ("postern-tls",), load, base.key)]


def _steady(title, load):
    """The byte mover, HAProxy and Postern, none of which logs, under load of our own making."""
    base = Row(f"byte mover, {title}", ("steady-byte-mover",), load)
    haproxy = Row(f"HAProxy, checks, {title}", ("steady-haproxy",), load, base.key)
    return [base, haproxy, Row(f"Postern, no access log, {title}", ("steady-postern",), load, base.key)]


# Those of a peer that could not be had are left out.
ROWS = [
    Row("byte mover, no HTTP", ("byte-mover",), "own", "haproxy/own"),
    Row("HAProxy, no checks", ("haproxy-bare",), "own", "haproxy/own"),
    Row("HAProxy, checks", ("haproxy",), "own"),
    Row("HAProxy, checks, access log", ("haproxy-log",), "own", "haproxy/own"),
    Row("nginx + lua, checks", ("nginx",), "own", "haproxy/own"),
    Row("Envoy, jwt_authn + lua, checks", ("envoy",), "own", "haproxy/own"),
    Row("Postern, access log", ("postern",), "own", "haproxy/own"),
    Row("Postern, no access log", ("postern-quiet",), "own", "haproxy/own"),
    *_four("10,000 tokens in turn", "many-tokens"),
    *_four("cold: every token new", "cold"),
    *_three("401: forged token", "401"),
    *_three("403: somebody else's path", "403"),
    *_pair("one connection", "one-connection"),
    Row("Postern, 1 thread on two cores", ("postern-1",), "own"),
    Row("Postern, 2 threads on two cores", ("postern-2",), "own", "postern-1/own"),
    *_pair("1 MiB up", "up"),
    *_pair("1 MiB down", "down"),
    *_steady("40,000 requests/s", "steady"),
    *_steady("saturated", "saturated"),
    *_tls("TLS 1.3, keep-alive", "tls"),
    *_tls("TLS 1.3, a connection with one request", "tls-connect"),
    Row("FastAPI, no check", ("fastapi",), "own"),
    Row("FastAPI, PyJWT check", ("fastapi",), "checked", "fastapi/own"),
    Row("FastAPI behind Postern (both)", ("postern-fastapi", "fastapi"), "own", "fastapi/own"),
    Row("FastAPI behind Postern on a unix socket (both)", ("postern-unix", "fastapi-unix"), "own", "fastapi/own"),
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


GOALS = [
    _times("neither logs: CPU per request against HAProxy, one token", 0.52, "postern-quiet/own", "haproxy/own"),
    _times("the same, 10,000 tokens", 0.56, "postern-quiet/many-tokens", "haproxy/many-tokens"),
    _times("the same, cold", 0.66, "postern-quiet/cold", "haproxy/cold"),
    _times("both write an access log, one token", 0.48, "postern/own", "haproxy-log/own"),
    _times("against the byte mover at 40,000 requests/s", 1.20, "steady-postern/steady", "steady-byte-mover/steady"),
    _times("against the byte mover, both saturated", 1.40, "steady-postern/saturated", "steady-byte-mover/saturated"),
    _times("CPU per 401 against HAProxy", 0.50, "postern/401", "haproxy/401"),
    _times("CPU per 403 against HAProxy", 0.45, "postern/403", "haproxy/403"),
    _times("against Envoy, neither logs, one token", 0.19, "postern-quiet/own", "envoy/own"),
    _times("CPU per 401 against Envoy", 0.17, "postern/401", "envoy/401"),
    _times("p99 against HAProxy, 1 connection", 0.9, "postern/one-connection", "haproxy/one-connection", "p99_us"),
    _times("p99 against HAProxy, 64 connections", 0.9, "postern/own", "haproxy/own", "p99_us"),
    _times("CPU per GB against HAProxy, 1 MiB up", 0.9, "postern/up", "haproxy/up"),
    _times("CPU per GB against HAProxy, 1 MiB down", 0.6, "postern/down", "haproxy/down"),
    _times("TLS 1.3 against HAProxy, keep-alive", 0.62, "postern-tls/tls", "haproxy-tls/tls"),
    _times("the same, a connection with one request", 0.88, "postern-tls/tls-connect", "haproxy-tls/tls-connect"),
    _times("FastAPI behind Postern on a unix socket against FastAPI alone", 1.18, "postern-unix+fastapi-unix/own", "fastapi/own"),
    _times("CPU per request, 2 threads against 1", 1.03, "postern-2/own", "postern-1/own"),
    Goal("idle keep-alive connection", 0.6, "KiB", Figure("postern_idle_kib")),
    Goal("idle websocket", 6.0, "KiB", Figure("postern_websocket_kib")),
    Goal("heap allocations per request, 8 at once", 0.05, "", Figure("postern_allocations")),
    Goal("heap allocations per request, 64 at once", 0.05, "", Figure("postern_allocations_64")),
    Goal("receives per request", 3.0, "", Figure("postern_receives")),
    Goal("resident memory after start", 8.0, "MiB", Figure("postern_start_mib")),
    Goal("start to first answer", 20.0, "ms", Figure("postern_start_ms")),
]
