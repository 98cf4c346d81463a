"""A service for real clients: it gives back what it gets, and its handlers learn in each of the usual ways that their client
has left. `/began` and `/ended` wait for the next of them and tell its name, the latter also when; they are asked directly."""

import asyncio
import time

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

app = FastAPI()
beginnings: asyncio.Queue = asyncio.Queue()
ends: asyncio.Queue = asyncio.Queue()


def note_end(name):
    ends.put_nowait([name, time.monotonic()])


@app.get("/began")
async def began():
    return await beginnings.get()


@app.get("/ended")
async def ended():
    return await ends.get()


@app.api_route("/api/{user_id}/echo", methods=["GET", "POST"])
async def echo(request: Request, user_id: str):
    return {"user_id": user_id, "body": (await request.body()).decode()}


@app.get("/api/{user_id}/polls")
async def polls(request: Request, user_id: str):
    beginnings.put_nowait("polls")
    while not await request.is_disconnected():
        await asyncio.sleep(0.02)
    note_end("polls")


async def _until_the_client_leaves(request):
    while (await request.receive())["type"] != "http.disconnect":
        pass


@app.get("/api/{user_id}/cancelled")
async def cancelled(request: Request, user_id: str):
    """Work that is cancelled when nobody waits for it any more."""
    beginnings.put_nowait("cancelled")
    work = asyncio.create_task(asyncio.sleep(3600))
    watch = asyncio.create_task(_until_the_client_leaves(request))
    try:
        await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
    finally:  # some servers cancel the handler itself
        work.cancel()
        note_end("cancelled")


async def _events():
    try:
        yield "data: first\n\n"
        beginnings.put_nowait("stream")
        await asyncio.sleep(3600)
    finally:
        note_end("stream")


@app.get("/api/{user_id}/stream")
async def stream(user_id: str):
    return StreamingResponse(_events(), media_type="text/event-stream")


@app.websocket("/api/{user_id}/websocket")
async def websocket(socket: WebSocket, user_id: str):
    await socket.accept()
    beginnings.put_nowait("websocket")
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass
    finally:  # some servers cancel instead
        note_end("websocket")
