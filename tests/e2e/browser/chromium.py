"""Debian's Chromium."""

import json
import os
import select
import subprocess
import threading
from pathlib import Path

from gate import PATIENCE

FOLDER = Path(__file__).resolve().parent
CHROMIUM = Path("/usr/bin/chromium")


class Chromium:
    """A browser with an empty profile in the folder `home`. Pages stay open until it is stopped."""

    def __init__(self, home):
        assert CHROMIUM.exists(), "Chromium is missing: apt-get install --no-install-recommends chromium"
        assert (FOLDER / "node_modules").is_dir(), "playwright-core is missing: npm ci --prefix tests/e2e/browser"
        self.process = subprocess.Popen(
            ["node", "driver.mjs", str(CHROMIUM), str(home / "profile")],
            cwd=FOLDER,
            env={"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.errors = ""
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()
        self.version = self._read()["version"]

    def _read_errors(self):
        self.errors = self.process.stderr.read()

    def _read(self):
        """The next outcome. There is never more than one line to come, so none is left in the buffer."""
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            self.stop()
            raise AssertionError(f"the browser did not answer: {self.errors}")
        return json.loads(line)

    def do(self, origin, act, **argument):
        """Calls the function `act` of the page at that origin; what it returned."""
        self.process.stdin.write(json.dumps({"page": f"{origin}/", "act": act, "with": argument}) + "\n")
        self.process.stdin.flush()
        return self._read()

    def stop(self):
        """The driver closes the browser when its input ends, and also when it is terminated."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.process.stdout.close()
        return code
