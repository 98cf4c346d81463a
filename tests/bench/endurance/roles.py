"""Who comes to the gate in a soak. once() is one visit and gives its outcome; those in `right` are as they should be."""

import asyncio
import base64
import random
import struct

from client import AsyncClient
from wire import Closed, request

SMALL_BUFFER = 4096


class Role:
    right = {"200"}
    pause = 0.02  # seconds between visits, on average

    def __init__(self, address, bearer, seed):
        self.address = address
        self.bearer = bearer
        self.fate = random.Random(seed)
        self.client = None

    async def once(self):
        raise NotImplementedError

    async def connected(self, **how):
        """A connection of this role, kept from the last visit if that left it in order."""
        if self.client and not self.client.is_open():
            self.leave()
        if not self.client:
            self.client = await AsyncClient.open(self.address, **how)
        return self.client

    async def ask(self, data):
        response = await (await self.connected()).ask(data)
        if response.head.one("Connection") == "close":
            self.leave()
        return response

    def leave(self, reset=False):
        if self.client:
            self.client.reset() if reset else self.client.close()
        self.client = None


class Getter(Role):
    pause = 0.01

    async def once(self):
        response = await self.ask(request("GET", "/api/alice/echo", token=self.bearer))
        if response.status == 200 and response.head.one("X-Seen-User") != "alice":
            return "200 as nobody or another"
        return str(response.status)


class Newcomer(Getter):
    """A connection for each request."""

    pause = 0.03

    async def once(self):
        outcome = await super().once()
        self.leave(reset=self.fate.random() < 0.2)
        return outcome


class Poster(Role):
    pause = 0.05

    async def once(self):
        body = self.fate.randbytes(int(2 ** self.fate.uniform(0, 20)))
        if self.fate.random() < 0.5:
            data = request("POST", "/api/alice/echo", token=self.bearer, body=body)
        else:
            data = request("POST", "/api/alice/echo", "Transfer-Encoding: chunked", token=self.bearer) + self._chunks(body)
        response = await self.ask(data)
        return "200 with another body" if response.status == 200 and response.body != body else str(response.status)

    def _chunks(self, body):
        pieces, at = [], 0
        while at < len(body):
            piece = body[at : at + self.fate.randint(1, 100_000)]
            at += len(piece)
            pieces.append(b"%x\r\n%s\r\n" % (len(piece), piece))
        return b"".join(pieces) + b"0\r\n\r\n"


class Refused(Role):
    """Stands before the wrong door, or without a key. A body that is refused unread costs the connection."""

    right = {"401", "403", "400"}

    async def once(self):
        kind = self.fate.randrange(4)
        if kind == 0:
            data = request("GET", "/api/alice/echo")
        elif kind == 1:
            data = request("GET", "/api/bob/echo", token=self.bearer)
        elif kind == 2:
            data = request("POST", "/api/bob/echo", token=self.bearer, body=b"x" * self.fate.randrange(100_000))
        else:
            data = request("GET", "/api/bob%2Fecho/alice", token=self.bearer)
        expected = {"401"} if kind == 0 else {"400"} if kind == 3 else {"403"}
        outcome = str((await self.ask(data)).status)
        return outcome if outcome in expected else f"{outcome} instead of {expected}"


class Listener(Role):
    """Server-sent events, to their end or not."""

    right = {"whole", "left", "reset"}
    pause = 0.2

    async def once(self):
        count = self.fate.randrange(5, 30)
        enough = count if self.fate.random() < 0.6 else self.fate.randrange(count)
        client = await self.connected()
        client.send(request("GET", f"/api/alice/events/{count}", token=self.bearer))
        head = await client.read_head()
        if not head.start.startswith(b"HTTP/1.1 200"):
            self.leave()
            return head.start.split()[1].decode()
        body = b""
        while body.count(b"\n\n") < enough:
            body += await asyncio.wait_for(client.read_chunk(), 10)
        if enough == count:
            rest = await client.read_chunk()
            self.leave()
            return "more than there is" if rest else "whole"
        reset = self.fate.random() < 0.5
        self.leave(reset)
        return "reset" if reset else "left"


class Unlucky(Role):
    """Asks for what breaks in the middle: that must show."""

    right = {"cut"}
    pause = 0.5

    async def once(self):
        try:
            response = await self.ask(request("GET", "/api/alice/broken", token=self.bearer))
        except (Closed, ConnectionError):
            self.leave()
            return "cut"
        return f"{response.status} that looks whole"


class Talker(Role):
    """A websocket: some messages there and back, then a close, an end or a reset."""

    right = {"closed", "left", "reset"}
    pause = 0.2

    async def once(self):
        client = await self.connected()
        key = base64.b64encode(self.fate.randbytes(16)).decode()
        fields = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
        client.send(request("GET", "/api/alice/talk", *fields, token=self.bearer))
        head = await client.read_head()
        if not head.start.startswith(b"HTTP/1.1 101"):
            self.leave()
            return head.start.split()[1].decode()
        for _ in range(self.fate.randrange(20)):
            message = self.fate.randbytes(self.fate.randrange(1, 60_000))
            client.send(self._frame(2, message))
            if await asyncio.wait_for(self._read_frame(client), 20) != (2, message):
                self.leave()
                return "another message"
            await asyncio.sleep(self.fate.uniform(0, 0.2))
        outcome = self.fate.choice(sorted(self.right))
        if outcome == "closed":
            client.send(self._frame(8, struct.pack(">H", 1000)))
            if (await asyncio.wait_for(self._read_frame(client), 20))[0] != 8:
                outcome = "no close in return"
        self.leave(reset=outcome == "reset")
        return outcome

    def _frame(self, opcode, payload):
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size)
        return bytes([0x80 | opcode]) + length + bytes(4) + payload  # a mask of zeros is a mask too

    async def _read_frame(self, client):
        first, size = await client.reader.readexactly(2)
        if size == 126:
            size = struct.unpack(">H", await client.reader.readexactly(2))[0]
        return first & 15, await client.reader.readexactly(size)


class Resetter(Role):
    """Goes with a RST: in the head, in the body, or before the answer."""

    right = {"gone"}
    pause = 0.1

    async def once(self):
        client = await self.connected()
        data = request("POST", "/api/alice/echo", token=self.bearer, body=b"x" * self.fate.randrange(300_000))
        client.send(data[: self.fate.randint(1, len(data))] if self.fate.random() < 0.7 else data)
        await asyncio.sleep(self.fate.uniform(0, 0.05))
        self.leave(reset=True)
        return "gone"


class SlowReader(Role):
    right = {"gone"}
    pause = 0.5

    async def once(self):
        client = await self.connected(receive_buffer=SMALL_BUFFER, limit=SMALL_BUFFER)
        client.send(request("GET", "/api/alice/large/64", token=self.bearer))
        head = await client.read_head()
        if not head.start.startswith(b"HTTP/1.1 200"):
            self.leave()
            return head.start.split()[1].decode()
        for _ in range(self.fate.randrange(40)):
            if not await client.reader.read(1000):
                raise Closed(b"a part of a large answer")
            await asyncio.sleep(0.1)
        self.leave(reset=self.fate.random() < 0.5)
        return "gone"


class SlowHead(Role):
    """Some give up, some hear 408."""

    right = {"408", "gone"}
    pause = 0.5

    async def once(self):
        client = await self.connected()
        client.send(b"GET /api/alice/echo HTTP/1.1\r\n")
        for _ in range(self.fate.randrange(25)):
            client.send(b"X-Y: z\r\n")
            try:
                head = await asyncio.wait_for(client.read_head(), 0.5)
            except TimeoutError:
                continue
            self.leave()
            return head.start.split()[1].decode()
        self.leave()
        return "gone"


# How many of each there are.
CAST = {Getter: 8, Newcomer: 4, Poster: 4, Refused: 3, Unlucky: 1, Resetter: 3}
CAST |= {Listener: 12, Talker: 8, SlowReader: 8, SlowHead: 8}
