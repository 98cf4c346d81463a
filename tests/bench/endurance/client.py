"""An HTTP/1.1 client on asyncio streams that hides nothing: no retries, no reconnects, every end told apart."""

import asyncio
import socket
import struct

from common import PATIENCE
from wire import Closed, Head, Response


class AsyncClient:
    """One connection. `source` is a local address, `receive_buffer` the size that makes a slow reader slow."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, address, source=None, receive_buffer=None, limit=65536):
        sock = socket.socket()
        sock.setblocking(False)
        try:
            if receive_buffer:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if source:
                sock.bind((source, 0))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, address), PATIENCE)
        except BaseException:
            sock.close()
            raise
        return cls(*await asyncio.open_connection(sock=sock, limit=limit))

    def send(self, data):
        self.writer.write(data)
        return self

    async def drain(self):
        await asyncio.wait_for(self.writer.drain(), PATIENCE)

    async def read_head(self):
        try:
            return Head(await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE))
        except asyncio.IncompleteReadError as cut:
            raise Closed(cut.partial) from None

    async def read_chunk(self):
        """The next chunk's data; empty at the end."""
        try:
            size = int(await self.reader.readuntil(b"\r\n"), 16)
            return (await self.reader.readexactly(size + 2))[:-2]
        except asyncio.IncompleteReadError as cut:
            raise Closed(cut.partial or b"(in a chunked body)") from None

    async def read_body(self, head):
        if head.one("Transfer-Encoding") == "chunked":
            body = b""
            while piece := await asyncio.wait_for(self.read_chunk(), PATIENCE):
                body += piece
            return body
        try:
            return await asyncio.wait_for(self.reader.readexactly(int(head.one("Content-Length"))), PATIENCE)
        except asyncio.IncompleteReadError as cut:
            raise Closed(cut.partial or b"(in a body)") from None

    async def ask(self, data):
        """Sends a request and reads the response, without waiting in between for the sending."""
        self.send(data)
        head = await self.read_head()
        return Response(head, await self.read_body(head), [])

    def is_open(self):
        """Whether nothing of an end is here yet."""
        return not (self.reader.at_eof() or self.reader.exception() or self.writer.is_closing())

    def close(self):
        self.writer.close()

    def reset(self):
        """Ends with a RST, as a process that crashed does."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
