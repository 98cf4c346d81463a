"""The processes of the wire form. Each listens on a unix socket of its own, and is ended by its pid."""

import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import services

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "integration"), str(HERE.parents[1] / "e2e")]

from backend import PYTHONS, SERVERS, Backend  # noqa: E402
from gate import PATIENCE, SECRET, binary, clean_environment  # noqa: E402


class Running:
    """A command that listens on `address`."""

    closes_when_idle = False  # instead of when its client ends its sending

    def __init__(self, name, command, address, cwd=HERE, **environment):
        self.name, self.address = name, str(address)
        self.log = Path(f"{address}.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                cwd=cwd,
                env=clean_environment(PYTHONDONTWRITEBYTECODE="1", **environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + PATIENCE
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise AssertionError(f"{name} does not listen: {self.log.read_text()[-2000:]}")
            time.sleep(0.005)

    def _listens(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.address) == 0

    def stop(self):
        """Its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(PATIENCE)


def _start(server, app, address):
    return Backend((f"services:{app}", HERE), server, address)


def servers():
    """(name, start(address)) of every server and service that the wire form goes to."""
    chosen = [(server, "caught" if "corn" in server else "plain") for server in SERVERS]
    chosen += [(server, "caught") for server in SERVERS if server.endswith(("httptools", "granian"))]
    return [(f"{server}, {app}", partial(_start, server, app)) for server, app in chosen]


def postern(address, upstream):
    paths = {f"POSTERN_{kind.upper()}_PATHS": ",".join(texts) for kind, texts in services.RULES.items()}
    return Running(
        "postern",
        [binary()],
        address,
        BETTER_AUTH_SECRET=SECRET,
        POSTERN_LISTEN=f"unix:{address}",
        POSTERN_ADMIN_LISTEN="off",
        POSTERN_UPSTREAM=f"unix:{upstream}",
        POSTERN_THREADS="1",
        **paths,
    )
