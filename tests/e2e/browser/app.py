"""A service as pages on another origin use one: it says what its handlers were given."""

import asyncio
import os
import time

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=[os.environ["PAGE_ORIGIN"]],
    allow_credentials=True,
    allow_methods=["GET", "POST"],
    allow_headers=["Authorization", "Content-Type", "X-User-Id"],
    expose_headers=["X-Request-Id"],
)


@app.get("/api/{user_id}/tasks")
def tasks(request: Request, user_id: str):
    return {"tasks_of": user_id, "verified": request.headers.getlist("x-user-id")}


heard: asyncio.Queue = asyncio.Queue()


@app.get("/api/{user_id}/slow")
async def slow(request: Request, user_id: str):
    """Works until nobody waits for it any more."""
    while not await request.is_disconnected():
        await asyncio.sleep(0.02)
    heard.put_nowait(time.monotonic())


@app.get("/heard")
async def when_heard():
    """When the next client was heard to leave. Asked directly."""
    return await heard.get()


@app.post("/api/{user_id}/tasks", status_code=201)
async def add_task(request: Request, user_id: str):
    return {"added": await request.json(), "tasks_of": user_id, "verified": request.headers.getlist("x-user-id")}


@app.websocket("/api/{user_id}/ws")
async def echo(websocket: WebSocket, user_id: str):
    """First what the handshake brought, then every message again."""
    await websocket.accept()
    offered = websocket.headers.getlist("sec-websocket-protocol")
    await websocket.send_json({"verified": websocket.headers.getlist("x-user-id"), "offered": offered})
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass
