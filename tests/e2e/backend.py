"""A real uvicorn with a real FastAPI application, on a unix socket or on a port that the kernel chooses."""

import os
import re
import subprocess
import threading
from pathlib import Path

from gate import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ("example.app:app", ROOT / "deploy" / "fastapi")
RECORDER = ("recorder:app", Path(__file__).resolve().parent)
PARSERS = ["h11", "httptools"]

# Debian's Python with Debian's FastAPI, and the newest of both where tests/run could install them.
PYTHONS = {"debian": "/usr/bin/python3"}
if os.environ.get("E2E_PYTHON"):
    PYTHONS["newest"] = os.environ["E2E_PYTHON"]


class Backend:
    """`application` is (module:attribute, folder it is in)."""

    def __init__(self, application, parser="h11", python="debian", socket=None, **environment):
        module, folder = application
        where = ["--uds", str(socket)] if socket else ["--host", "127.0.0.1", "--port", "0"]
        self.process = subprocess.Popen(
            [PYTHONS[python], "-m", "uvicorn", module, *where, "--http", parser, "--lifespan", "off", "--no-access-log"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.errors = ""
        self.url = None
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._ready.wait(PATIENCE)
        if not self.url:
            self.stop()
            raise AssertionError(f"uvicorn did not start: {self.errors}")
        self.address = str(socket) if socket else ("127.0.0.1", int(self.url.rpartition(":")[2]))

    def _read(self):
        for line in self.process.stderr:
            self.errors += line
            if found := re.search(r"running on (http://127\.0\.0\.1:\d+|unix socket (\S+))", line):
                self.url = f"unix:{found[2]}" if found[2] else found[1]
                self._ready.set()
        self._ready.set()

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.process.stderr.close()
