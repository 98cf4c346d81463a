"""The real clients, as processes. Each is asked for one action and prints lines of JSON, arrays:

talk       one connection: GET, POST with a body, with chunks, with Expect: 100-continue (where the client can), and GET again,
           each as [name, status, body]
leave      a GET that is not answered, which its own time-out or abort ends; then ["left"]
websocket  one message, which comes back as ["websocket", message]; closes; then ["left"]

It stays there until its standard input ends, so that it is the client that closes a connection and not its process's end."""

import json
import os
import select
import shutil
import subprocess
from pathlib import Path

from gate import PATIENCE

FOLDER = Path(__file__).resolve().parent
TALKING = ["curl", "httpx", "aiohttp", "undici", "Go", "Java"]
WITHOUT_EXPECT = ["httpx", "undici"]
WITH_WEBSOCKETS = ["aiohttp", "websockets", "undici", "Java"]
NEEDS = {"curl": "curl", "undici": "node", "Go": "go", "Java": "javac"}


def missing(client):
    """The program that this machine lacks for it, or None."""
    program = NEEDS.get(client)
    return program if program and not shutil.which(program) else None


def build(folder):
    """What has to be compiled, into that folder."""
    if not missing("Go"):
        without_c = {**os.environ, "CGO_ENABLED": "0"}
        subprocess.run(["go", "build", "-o", folder / "go_client", FOLDER / "client.go"], env=without_c, check=True)
    if not missing("Java"):
        subprocess.run(["javac", "-d", folder, FOLDER / "Client.java"], check=True)
    return folder


def _command(client, built):
    if client == "undici":
        return ["node", "--no-warnings", "--experimental-websocket", FOLDER / "node_client.mjs"]
    if client == "Go":
        return [built / "go_client"]
    if client == "Java":
        return ["java", "-cp", built, "Client"]
    return ["/usr/bin/python3", FOLDER / "python_client.py", client]


class RealClient:
    def __init__(self, client, built, action, url, token):
        self.process = subprocess.Popen(
            [*map(str, _command(client, built)), action, url, token],
            env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(PATIENCE)

    def read(self):
        """Its next line."""
        while b"\n" not in self._buffer:
            assert select.select([self.process.stdout], [], [], PATIENCE)[0], "it says nothing"
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, f"it ended with {self.process.wait(PATIENCE)}"
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)
