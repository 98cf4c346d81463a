"""A service that takes nothing but what Postern signed, and says what its routes were given."""

import os

from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse
from postern_fastapi import RequireGate, VerifiedUser, identity_keys, require_owner

app = FastAPI()
old_keys = [os.environ["OLD_KEY"]] if "OLD_KEY" in os.environ else []
app.add_middleware(
    RequireGate,
    public=["/public/**", "/gw/public/**"],
    direct=["/ready", "/gw/ready", "/late"],
    keys=[*identity_keys(), *old_keys],
)


def fields(request: Request):
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.scope["headers"]]


@app.get("/ready")
def ready(request: Request):
    return {"user": request.headers.get("x-user-id")}


async def late(scope, receive, send):
    """An application without FastAPI's own copy of the headers, which looks at them when the body is here."""
    while (await receive())["more_body"]:
        pass
    user = dict(scope["headers"]).get(b"x-user-id", b"nobody")
    await JSONResponse({"user": user.decode()})(scope, receive, send)


app.mount("/late", late)


@app.api_route("/public/{path:path}", methods=["GET", "POST"])
async def public(request: Request, path: str):
    return {"path": path, "body": (await request.body()).decode(), "fields": fields(request)}


@app.api_route("/api/{user_id}/tasks", methods=["GET", "POST"])
async def tasks(request: Request, user: str = Depends(require_owner)):
    return {"user": user, "body": (await request.body()).decode(), "fields": fields(request)}


@app.get("/api/{user_id}/files/{path:path}")
def files(path: str, user: str = Depends(require_owner)):
    return {"user": user, "path": path}


@app.get("/whoami")
def whoami(user: str = Depends(VerifiedUser())):
    return {"user": user}


@app.websocket("/api/{user_id}/live")
async def live(socket: WebSocket, user: str = Depends(require_owner)):
    await socket.accept()
    await socket.send_text(user)
    await socket.close()
