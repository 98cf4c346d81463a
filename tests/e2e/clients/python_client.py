"""python_client.py CLIENT talk|leave|websocket URL TOKEN: curl, httpx, aiohttp or websockets. What each action is and prints is
in clients.py. Has time until its standard input ends; the process is then gone with whatever it kept open."""

import asyncio
import json
import subprocess
import sys
from importlib import metadata

LIMIT = 0.3  # seconds that a client waits for an answer before it leaves


def tell(*outcome):
    print(json.dumps(outcome), flush=True)


def wait():
    sys.stdin.read()


class Curl:
    def __init__(self, url, token):
        self.url, self.common = url, ["-sS", "-H", f"Authorization: Bearer {token}"]

    def run(self, *arguments):
        return subprocess.run(["curl", *arguments], stdout=subprocess.PIPE, text=True, check=False)

    def talk(self):
        """In one process, for that is how long curl keeps a connection."""
        json_type, written = "Content-Type: application/json", "\n%{http_code} %{num_connects}\n"
        requests = {
            "GET": [],
            "POST": ["-d", "hello"],
            "chunked": ["-H", "Transfer-Encoding: chunked", "-d", "hello"],
            "expect": ["-H", "Expect: 100-continue", "-d", "hello"],
            "again": [],
        }
        arguments = []
        for more in requests.values():
            arguments += ["--next", *self.common, "-H", json_type, "-w", written, *more, f"{self.url}/echo"]
        lines = self.run(*arguments[1:]).stdout.splitlines()
        for name, body, figures in zip(requests, lines[::2], lines[1::2], strict=True):
            status, connects = figures.split()
            assert int(connects) == (1 if name == "GET" else 0), f"{name}: {connects} new connections"
            tell(name, int(status), json.loads(body))

    def leave(self):
        code = self.run(*self.common, "--max-time", str(LIMIT), f"{self.url}/polls").returncode
        tell("left" if code == 28 else f"curl ended with {code}")


class Httpx:
    def __init__(self, url, token):
        import httpx

        self.httpx, self.url = httpx, url
        self.client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False)

    def talk(self):
        requests = {
            "GET": {},
            "POST": {"method": "POST", "content": b"hello"},
            "chunked": {"method": "POST", "content": iter([b"hel", b"lo"])},
            "again": {},
        }
        for name, options in requests.items():
            answer = self.client.request(options.pop("method", "GET"), f"{self.url}/echo", **options)
            tell(name, answer.status_code, answer.json())

    def leave(self):
        try:
            self.client.get(f"{self.url}/polls", timeout=LIMIT)
        except self.httpx.ReadTimeout:
            tell("left")


class Aiohttp:
    def __init__(self, url, token):
        import aiohttp

        self.aiohttp, self.url, self.headers = aiohttp, url, {"Authorization": f"Bearer {token}"}

    def talk(self):
        asyncio.run(self._with_session(self._talk))

    def leave(self):
        asyncio.run(self._with_session(self._leave))

    def websocket(self):
        asyncio.run(self._with_session(self._websocket))

    async def _with_session(self, act):
        async with self.aiohttp.ClientSession(headers=self.headers) as session:
            await act(session)
            await asyncio.to_thread(wait)

    async def _talk(self, session):
        async def pieces():
            yield b"hel"
            yield b"lo"

        requests = {
            "GET": {},
            "POST": {"method": "POST", "data": b"hello"},
            "chunked": {"method": "POST", "data": pieces()},
            "expect": {"method": "POST", "data": b"hello", "expect100": True},
            "again": {},
        }
        for name, options in requests.items():
            async with session.request(options.pop("method", "GET"), f"{self.url}/echo", **options) as answer:
                tell(name, answer.status, await answer.json())

    async def _leave(self, session):
        try:
            await session.get(f"{self.url}/polls", timeout=self.aiohttp.ClientTimeout(total=LIMIT))
        except asyncio.TimeoutError:
            tell("left")

    async def _websocket(self, session):
        async with session.ws_connect(f"{self.url}/websocket") as socket:
            await socket.send_str("hello")
            tell("websocket", await socket.receive_str())
        tell("left")


class Websockets:
    def __init__(self, url, token):
        self.url, self.headers = url.replace("http:", "ws:", 1), {"Authorization": f"Bearer {token}"}

    def websocket(self):
        asyncio.run(self._websocket())

    async def _websocket(self):
        import websockets

        # It was renamed in version 14.
        name = "additional_headers" if int(metadata.version("websockets").split(".")[0]) >= 14 else "extra_headers"
        async with websockets.connect(f"{self.url}/websocket", **{name: self.headers}) as socket:
            await socket.send("hello")
            tell("websocket", await socket.recv())
        tell("left")


if __name__ == "__main__":
    _, client, action, *where = sys.argv
    getattr({"curl": Curl, "httpx": Httpx, "aiohttp": Aiohttp, "websockets": Websockets}[client](*where), action)()
    wait()
