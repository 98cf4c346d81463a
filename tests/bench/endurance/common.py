"""What the endurance programs share: a gate whose log is sifted as it comes, nginx as a fast upstream, wrk, and the
result block."""

import argparse
import collections
import json
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tests" / "integration"), str(ROOT / "tests" / "e2e")]
os.environ.setdefault("POSTERN_BIN", str(ROOT / "build" / "release" / "postern"))

from gate import PATIENCE, Gate, token  # noqa: E402

# A program that is told to end ends its own processes first.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

SERVICE = ("service:app", HERE)
DAY = 86400


def arguments(description):
    """A parser whose --help is the program's own description."""
    return argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def need(program):
    """The path of a program, or an end that says how to get it."""
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")
    if not path:
        sys.exit(f"{program} is missing: apt-get install {program}")
    return path


def raise_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def mib(size):
    return f"{size / 2**20:.1f} MiB"


def percentile(values, share):
    """Of sorted values."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def median(values):
    return statistics.median(values) if values else float("nan")


def wait_until(condition, at_most=PATIENCE, every=0.05):
    """Whether it came true in time."""
    end = time.monotonic() + at_most
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True


def result(title, rows, passed):
    """The one block that a program prints at its end; gives its exit code."""
    width = max(len(label) for label, _ in rows)
    print(f"\n== {title}")
    for label, value in rows:
        print(f"{label:<{width}}  {value}")
    print(f"{'verdict':<{width}}  {'good' if passed else 'BAD'}", flush=True)
    return 0 if passed else 1


class LoadGate(Gate):
    """Of the access log only what went wrong is looked at: at thousands of lines a second, everything would be too much.
    All of that is counted, and the first lines are kept."""

    most_kept = 2000

    def _read_log(self):
        self.reasons = collections.Counter()  # (status, reason) of requests
        for line in self.process.stdout:
            if b'"verdict":"forward","reason":"ok"' in line and b'"status":5' not in line:
                continue
            entry = json.loads(line)
            with self._news:
                if entry.get("msg") == "request":
                    self.reasons[f"{entry['status']} {entry['reason']}"] += 1
                if len(self.lines) < self.most_kept or entry.get("msg") != "request":
                    self.lines.append(entry)
                    self._by_message[entry.get("msg")].append(entry)
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()


class Nginx:
    """An upstream that costs little: small answers, a large one that is read as slowly as somebody likes, and a sink that
    takes a body to its end however slowly it comes."""

    large_bytes = 64 << 20

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="endurance-nginx-"))
        with open(self.folder / "large", "wb") as large:
            large.truncate(self.large_bytes)
        # Holds a port of the kernel's choice until nginx listens on it too.
        held = socket.socket()
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", 0))
        self.port = held.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        (self.folder / "nginx.conf").write_text(self._configuration())
        command = [need("nginx"), "-p", str(self.folder), "-c", "nginx.conf", "-e", "error.log"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not wait_until(self._answers):
            self.stop()
            sys.exit("nginx did not start")
        held.close()

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def _configuration(self):
        patient = "send_timeout 1h; client_body_timeout 1h; keepalive_timeout 1h; keepalive_requests 1000000000;"
        return f"""
daemon off; master_process off; pid nginx.pid; error_log error.log error;
worker_rlimit_nofile {resource.getrlimit(resource.RLIMIT_NOFILE)[1]};
events {{ worker_connections 16000; }}
http {{
  access_log off; default_type text/plain; client_max_body_size 1g; {patient}
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  server {{ listen unix:{self.folder}/sink; location / {{ return 200 "taken\\n"; }} }}
  server {{
    listen 127.0.0.1:{self.port} reuseport backlog=4096 sndbuf=128k;
    location / {{ return 200 "ok\\n"; }}
    location /api/alice/large {{ alias {self.folder}/large; }}
    location /api/alice/sink {{ proxy_pass http://unix:{self.folder}/sink; }}
  }}
}}
"""

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)


class Wrk:
    """wrk under way; finish() waits and reads its report."""

    def __init__(self, address, target, bearer, connections=64, seconds=10, threads=2):
        url = f"http://{address[0]}:{address[1]}{target}"
        command = [need("wrk"), "--latency", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s"]
        self.process = subprocess.Popen(
            [*command, "-H", f"Authorization: Bearer {bearer}", url],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def finish(self):
        self.text, _ = self.process.communicate(timeout=PATIENCE + 600)
        self.requests = int(re.search(r"(\d+) requests in", self.text)[1])
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", self.text)[1])
        self.p50, self.p99 = (self._milliseconds(share) for share in ("50%", "99%"))
        found = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", self.text)
        names = ("connect", "read", "write", "timeout")
        self.errors = dict(zip(names, map(int, found.groups()))) if found else dict.fromkeys(names, 0)
        found = re.search(r"Non-2xx or 3xx responses: (\d+)", self.text)
        self.bad_status = int(found[1]) if found else 0
        return self

    def _milliseconds(self, share):
        number, unit = re.search(rf"{share}\s+([\d.]+)(us|ms|s)\b", self.text).groups()
        return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]

    @property
    def failed(self):
        return sum(self.errors.values()) + self.bad_status

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)


def long_token(uid="alice"):
    return token(uid, ttl=DAY)
