"""The proxies side by side, as processes: each on its own port, pinned to its cores, ended by its pid."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "integration"))

from gate import SECRET, clean_environment  # noqa: E402
from wire import Client  # noqa: E402

PATIENCE = 20.0
TICKS = os.sysconf("SC_CLK_TCK")
BODY = ('{"items":[' + ",".join(f'{{"id":{n},"title":"water the plants on the balcony","done":false}}' for n in range(3))).ljust(
    223
) + "]}"
LARGE = 1 << 20


class Failure(Exception):
    """The benchmark cannot go on: a process ended, or a peer does not answer as it must."""


@dataclass(frozen=True)
class Bench:
    """Where things are, and which cores they run on."""

    folder: Path  # for configurations and logs; goes when the benchmark ends
    built: Path
    postern: Path
    proxy_core: int
    load_core: int


@contextmanager
def on_cores(*cores):
    """Processes started meanwhile run on these cores only; no other process stands between them and us."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Peer:
    """A running process that listens on a port of its own; its output goes to a file."""

    def __init__(self, bench, name, command, cores, port=None, wait=True, **environment):
        self.name = name
        self.port = port or free_port()
        self.log = bench.folder / f"{name}.log"
        command = [str(part).replace("@PORT@", str(self.port)) for part in command]
        environment = {key: str(value).replace("@PORT@", str(self.port)) for key, value in environment.items()}
        with open(self.log, "ab") as log, on_cores(*cores):
            self.process = subprocess.Popen(
                command,
                cwd=bench.folder,
                env=clean_environment(**environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        if wait:
            self.wait_until_listening()

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def wait_until_listening(self):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.require_alive()
            try:
                socket.create_connection(self.address, PATIENCE).close()
                return self
            except ConnectionRefusedError:
                time.sleep(0.002)
        raise Failure(f"{self.name} does not listen: {self.log.read_text()}")

    def require_alive(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.name} ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")

    def client(self):
        return Client(self.address)

    def forget_log(self):
        """It is opened for appending: cutting it is enough."""
        os.truncate(self.log, 0)

    def cpu_seconds(self):
        return sum(_cpu_seconds(pid) for pid in _tree(self.process.pid))

    def memory(self):
        """Resident, in bytes, over the process tree."""
        total = 0
        for pid in _tree(self.process.pid):
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1]) * 1024
        return total

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(PATIENCE)


def _tree(pid):
    pids = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            pids += _tree(int(child))
    return pids


def _cpu_seconds(pid):
    """User and system time of all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _write(bench, template, **names):
    """A configuration of peers/ with its @NAMES@ replaced."""
    text = (HERE / "peers" / template).read_text()
    for name, value in {"FOLDER": bench.folder, "PEERS": HERE / "peers", **names}.items():
        text = text.replace(f"@{name}@", str(value))
    path = bench.folder / template
    path.write_text(text)
    return path


def upstream(bench):
    (bench.folder / "down").write_bytes(b"x" * LARGE)
    port = free_port()
    conf = _write(bench, "upstream.conf", PORT=port, BODY=BODY)
    return Peer(bench, "upstream", ["nginx", "-c", conf], [bench.load_core], port)


def websocket_service(bench):
    command = ["/usr/bin/python3", HERE / "peers" / "websocket_service.py", "@PORT@"]
    return Peer(bench, "websocket-service", command, [bench.load_core])


class OwnLoad:
    """Load and service in one process (own_load.cpp): the proxies that it loads have it for their upstream."""

    name = "own-load"

    def __init__(self, bench):
        self.port = free_port()
        with on_cores(bench.load_core):
            self.process = subprocess.Popen(
                [bench.built / "own_load", str(self.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        self._line()

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"own_load ended with {self.process.wait(PATIENCE)}")
        return line

    def run(self, requests, peer, connections, seconds, rate):
        self.process.stdin.write(f"{requests} {peer.port} {connections} {seconds} {rate}\n")
        self.process.stdin.flush()
        return json.loads(self._line())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)


def byte_mover(bench, upstream_port, name="byte-mover"):
    return Peer(bench, name, [bench.built / "byte_mover", "@PORT@", upstream_port], [bench.proxy_core])


def haproxy(bench, upstream_port, name="haproxy", checks=True, log=False, wait=True, **environment):
    settings = {"BENCH_PORT": "@PORT@", "UPSTREAM_PORT": upstream_port, "BENCH_SECRET": SECRET, **environment}
    settings |= {"BENCH_CHECKS": "1"} if checks else {}
    settings |= {"BENCH_LOG": "1"} if log else {}
    command = ["haproxy", "-db", "-f", HERE / "peers" / "haproxy.cfg"]
    return Peer(bench, name, command, [bench.proxy_core], wait=wait, **settings)


def nginx(bench, upstream_port):
    port = free_port()
    machine = f"{os.uname().machine}-linux-gnu"
    conf = _write(bench, "nginx.conf", PORT=port, UPSTREAM=upstream_port, MACHINE=machine)
    return Peer(bench, "nginx", ["nginx", "-c", conf], [bench.proxy_core], port, BENCH_SECRET=SECRET)


def envoy(bench, upstream_port):
    """None where it could not be installed: tests/bench/run says where it is."""
    program = os.environ.get("ENVOY")
    if not program:
        return None
    port = free_port()
    key = base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode()
    conf = _write(bench, "envoy.yaml", PORT=port, UPSTREAM=upstream_port, KEY=key)
    command = [program, "-c", conf, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
    return Peer(bench, "envoy", command, [bench.proxy_core], port)


def postern(bench, upstream_port, name="postern", threads=1, cores=None, wait=True, **environment):
    settings = {
        "BETTER_AUTH_SECRET": SECRET,
        "POSTERN_LISTEN": "127.0.0.1:@PORT@",
        "POSTERN_ADMIN_LISTEN": "off",
        "POSTERN_UPSTREAM": f"http://127.0.0.1:{upstream_port}",
        "POSTERN_THREADS": threads,
        **environment,
    }
    return Peer(bench, name, [bench.postern], cores or [bench.proxy_core], wait=wait, **settings)


def certificate(bench):
    """Two PEM files, and one of both as HAProxy wants it."""
    cert, key, both = (bench.folder / name for name in ("tls.crt", "tls.key", "tls.pem"))
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True)
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    return cert, key, both


def fastapi(bench, socket_path=None):
    """The same loop and parser wherever it runs; on a port or on a unix socket."""
    command = ["/usr/bin/python3", "-m", "uvicorn", "--app-dir", HERE / "peers", "fastapi_service:app"]
    if socket_path:
        command += ["--uds", socket_path, "--forwarded-allow-ips", "*"]
    else:
        command += ["--host", "127.0.0.1", "--port", "@PORT@"]
    command += ["--loop", "asyncio", "--http", "httptools", "--no-access-log", "--lifespan", "off"]
    settings = {"BENCH_SECRET": SECRET, "PYTHONDONTWRITEBYTECODE": "1"}
    if not socket_path:
        return Peer(bench, "fastapi", command, [bench.proxy_core], **settings)
    peer = Peer(bench, "fastapi-unix", command, [bench.proxy_core], wait=False, **settings)
    until = time.monotonic() + PATIENCE
    while not socket_path.exists():
        peer.require_alive()
        if time.monotonic() > until:
            raise Failure(f"{peer.name} does not listen: {peer.log.read_text()}")
        time.sleep(0.01)
    return peer
