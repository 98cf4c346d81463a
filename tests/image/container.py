"""The image as an engine would run it: its entry point as the first process of a container, with its own settings."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = Path(os.environ["IMAGE_ROOT"])
SETTINGS = json.loads(Path(os.environ["IMAGE_SETTINGS"]).read_text())["Docker"]["config"]
PATIENCE = 60
# A static program of this machine that runs the image's where they are another architecture's.
EMULATOR = os.environ.get("IMAGE_EMULATOR")


def environment(settings):
    return dict(entry.split("=", 1) for entry in SETTINGS["Env"]) | settings


def command_line(arguments, binds):
    emulated = []
    if EMULATOR:
        binds, emulated = binds | {EMULATOR: "/emulator"}, ["/emulator"]
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", sys.executable, str(HERE / "enter.py"), str(ROOT),
            SETTINGS["User"], *(f"{source}={target}" for source, target in binds.items()), "--",
            *emulated, *SETTINGS["Entrypoint"], *arguments]


def run(*arguments, binds=None, **settings):
    """A command to its end: (exit code, standard output, standard error)."""
    ended = subprocess.run(command_line(arguments, binds or {}), env=environment(settings), capture_output=True, text=True,
                           timeout=PATIENCE)
    return ended.returncode, ended.stdout, ended.stderr


class Container:
    """The proxy, serving."""

    def __init__(self, binds, **settings):
        settings = {"POSTERN_LISTEN": "127.0.0.1:0", "POSTERN_ADMIN_LISTEN": "127.0.0.1:0"} | settings
        self.started = time.monotonic()
        self._process = subprocess.Popen(command_line([], binds), env=environment(settings), stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True)
        self._lines, self._news = [], threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        self.port = self._port_of("listening")
        self.admin_port = self._port_of("admin listening")
        # The engine sees the first process under a number of its own.
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        (self.pid,) = map(int, children)

    def _read(self):
        for line in self._process.stdout:
            with self._news:
                self._lines.append(line)
                self._news.notify_all()
        with self._news:
            self._lines.append(None)
            self._news.notify_all()

    def wait_for(self, message):
        """The first log entry of that message."""

        def found():
            for line in self._lines:
                assert line is not None, f"ended: {self._lines}"
                if line.startswith("{") and json.loads(line)["msg"] == message:
                    return json.loads(line)
            return None

        with self._news:
            entry = self._news.wait_for(found, PATIENCE)
        assert entry, f"no {message!r} in {self._lines}"
        return entry

    def _port_of(self, message):
        return int(self.wait_for(message)["address"].rsplit(":", 1)[1])

    def status(self, field):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return line.split(":", 1)[1].split()
        raise KeyError(field)

    def terminate(self):
        os.kill(self.pid, signal.SIGTERM)

    def wait(self):
        return self._process.wait(PATIENCE)

    def stop(self):
        if self._process.poll() is None:
            self.terminate()
            self.wait()
