"""A real FastAPI application on one of the servers that run them, on a unix socket or on a port that the kernel chooses."""

import os
import re
import socket as sockets
import subprocess
import threading
import time
from importlib.util import find_spec
from pathlib import Path

from gate import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ("example.app:app", ROOT / "deploy" / "fastapi")
RECORDER = ("recorder:app", Path(__file__).resolve().parent)
CONVERSATION = ("conversation:app", Path(__file__).resolve().parent)

# Debian's Python with Debian's FastAPI, and the newest of both where tests/run could install them.
PYTHONS = {"debian": "/usr/bin/python3"}
if os.environ.get("E2E_PYTHON"):
    PYTHONS["newest"] = os.environ["E2E_PYTHON"]


def _uvicorn(parser):
    def command(module, path):
        where = ["--uds", path] if path else ["--host", "127.0.0.1", "--port", "0"]
        return ["uvicorn", module, *where, "--http", parser, "--lifespan", "off", "--no-access-log"]

    return command


def _hypercorn(module, path):
    return ["hypercorn", module, "--bind", f"unix:{path}"]


def _gunicorn(worker, *more):
    def command(module, path):
        return ["gunicorn", module, "--bind", f"unix:{path}", "--worker-class", worker, "--graceful-timeout", "1", *more]

    return command


def _granian(module, path):
    return ["granian", module, "--uds", path, "--interface", "asgi", "--no-access-log"]


# Python, and what it runs for (module:attribute, path of a unix socket).
PARSERS = {f"{python}-{parser}": (python, _uvicorn(parser)) for python in PYTHONS for parser in ("h11", "httptools")}
_MORE = {
    "debian-hypercorn": ("debian", _hypercorn),
    "debian-gunicorn": ("debian", _gunicorn("uvicorn.workers.UvicornWorker")),
    "newest-zttp": ("newest", _uvicorn("zttp")),
    "newest-hypercorn": ("newest", _hypercorn),
    "newest-gunicorn": ("newest", _gunicorn("asgi", "--asgi-lifespan", "off", "--asgi-disconnect-grace-period", "0", "--no-control-socket")),
    "newest-gunicorn-uvicorn": ("newest", _gunicorn("uvicorn_worker.UvicornWorker", "--no-control-socket")),
    "newest-granian": ("newest", _granian),
}
SERVERS = PARSERS | {name: server for name, server in _MORE.items() if server[0] in PYTHONS}


class Backend:
    """`application` is (module:attribute, folder it is in). Only uvicorn takes a port."""

    def __init__(self, application, server="debian-h11", socket=None, **environment):
        self.server = server
        module, folder = application
        python, command = SERVERS[server]
        for package in ("hypercorn", "gunicorn"):
            assert server != f"debian-{package}" or find_spec(package), f"apt-get install python3-{package}"
        self.process = subprocess.Popen(
            [PYTHONS[python], "-m", *command(module, socket and str(socket))],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.errors = ""
        self.address = str(socket) if socket else None
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        started = self._wait_until_it_listens() if socket else self._wait_for_its_port()
        if not started:
            self.stop()
            raise AssertionError(f"{server} did not start: {self.errors}")
        self.url = f"unix:{socket}" if socket else "http://{}:{}".format(*self.address)

    def _read(self):
        for line in self.process.stderr:
            with self._news:
                self.errors += line
                if found := re.search(r"running on http://127\.0\.0\.1:(\d+)", line):
                    self.address = ("127.0.0.1", int(found[1]))
                self._news.notify_all()

    def _wait_for_its_port(self):
        with self._news:
            return self._news.wait_for(lambda: self.address or self.process.poll() is not None, PATIENCE) and self.address

    def _wait_until_it_listens(self):
        until = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < until:
            with sockets.socket(sockets.AF_UNIX) as probe:
                if probe.connect_ex(self.address) == 0:
                    return True
            time.sleep(0.005)
        return False

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.process.stderr.close()
