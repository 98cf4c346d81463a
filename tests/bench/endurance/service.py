"""A service in the shapes that a soak needs: echoes, streams, websockets, and handlers that fail half way."""

import asyncio

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

app = FastAPI()
BLOCK = bytes(65536)


@app.api_route("/api/{user_id}/echo", methods=["GET", "POST", "PUT"])
async def echo(request: Request, user_id: str):
    body = await request.body()
    return Response(body, headers={"X-Seen-User": request.headers.get("x-user-id", "")})


@app.get("/api/{user_id}/events/{count}")
async def events(user_id: str, count: int):
    async def stream():
        for number in range(count):
            yield f"id: {number}\ndata: {user_id}\n\n"
            await asyncio.sleep(0.1)

    return StreamingResponse(stream(), media_type="text/event-stream")


@app.get("/api/{user_id}/large/{blocks}")
async def large(user_id: str, blocks: int):
    async def stream():
        for _ in range(blocks):
            yield BLOCK

    return StreamingResponse(stream(), headers={"Content-Length": str(blocks * len(BLOCK))})


@app.get("/api/{user_id}/broken")
async def broken(user_id: str):
    async def stream():
        yield b"half"
        raise RuntimeError("as asked")

    return StreamingResponse(stream())


@app.websocket("/api/{user_id}/talk")
async def talk(websocket: WebSocket, user_id: str):
    await websocket.accept()
    try:
        while True:
            await websocket.send_bytes(await websocket.receive_bytes())
    except (WebSocketDisconnect, KeyError):
        pass
