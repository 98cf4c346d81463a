"""FastAPI services in the shapes that people build, whose handlers write down what they were given.

`plain` has parameters, {path:path}, a prefixed router, mounted applications (one with the user in the mount's
prefix) and slash redirects; `caught` has a root_path and a catch-all behind everything else.
"""

from fastapi import APIRouter, FastAPI, Request, Response, WebSocket
from fastapi.responses import JSONResponse

# Postern's rules for them. Every route with a user_id is a user rule's.
RULES = {
    "user": [
        "/api/{user_id}/**",
        "/api/v2/{user_id}/**",
        "/m/{user_id}/**",
        "/t/{user_id}/**",
        "/svc/{user_id}/items/{item_id}",
        "/gw/api/{user_id}/**",
        "/gw/api/v2/{user_id}/**",
    ],
    "token": ["/whoami", "/search/**"],
    "public": ["/health", "/public/**"],
}

ANY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

ledger = []


def fold(name):
    """Header names as CGI, WSGI and careless middleware read them (RFC 3875 4.1.18)."""
    return name.decode("latin-1").strip().lower().replace("_", "-")


def values(headers, name):
    return [value.decode("latin-1") for key, value in headers if fold(key) == name]


def is_preflight(scope):
    """As Starlette's CORSMiddleware tells one, and then answers it itself."""
    names = [name.lower() for name, _ in scope["headers"]]
    return scope.get("method") == "OPTIONS" and b"origin" in names and b"access-control-request-method" in names


def note(scope):
    """What a handler in this scope could know of who asks."""
    headers = list(scope["headers"])
    return {
        "case": values(headers, "x-case"),
        "type": scope["type"],
        "method": scope.get("method", "GET"),
        "path": scope["path"],
        "given": {key: str(value) for key, value in scope.get("path_params", {}).items()},
        "identity": values(headers, "x-user-id"),
        "credentials": len(values(headers, "authorization")),
        "preflight": is_preflight(scope),
    }


async def remember(request):
    try:
        await request.body()  # with the trailers, which httptools adds to the headers
    finally:
        ledger.append(note(request.scope))
    return Response(b"ran", media_type="text/plain")


async def anonymous(request: Request):
    return await remember(request)


async def of_user(request: Request, user_id: str):
    return await remember(request)


async def deep(request: Request, user_id: str, path: str):
    return await remember(request)


async def item(request: Request, user_id: str, item_id: str):
    return await remember(request)


async def anything(request: Request, path: str):
    return await remember(request)


async def of_mount(request: Request):
    return await remember(request)


async def live(websocket: WebSocket, user_id: str):
    ledger.append(note(websocket.scope))
    await websocket.close()


async def seen(request: Request):
    """What was written down, which is then forgotten. No rule names this path: it is asked directly."""
    found = list(ledger)
    ledger.clear()
    return JSONResponse(found)


def user_routes(app, prefix=""):
    app.add_api_route(prefix + "/api/{user_id}", of_user, methods=ANY)
    app.add_api_route(prefix + "/api/{user_id}/tasks", of_user, methods=ANY)
    app.add_api_route(prefix + "/api/{user_id}/tasks/{item_id}", item, methods=ANY)
    app.add_api_route(prefix + "/api/{user_id}/list/", of_user, methods=ANY)
    app.add_api_route(prefix + "/api/{user_id}/files/{path:path}", deep, methods=ANY)
    app.add_api_websocket_route(prefix + "/api/{user_id}/live", live)
    router = APIRouter(prefix=prefix + "/api/v2/{user_id}")
    router.add_api_route("/notes", of_user, methods=ANY)
    router.add_api_route("/tree/{path:path}", deep, methods=ANY)
    app.include_router(router)


def common_routes(app):
    app.add_api_route("/seen", seen, methods=["GET"])
    app.add_api_route("/health", anonymous, methods=ANY)
    app.add_api_route("/whoami", anonymous, methods=ANY)
    app.add_api_route("/public/{path:path}", anything, methods=ANY)


def make_plain():
    app = FastAPI()
    common_routes(app)
    user_routes(app)
    app.add_api_route("/svc/{user_id}/items/{item_id}", item, methods=ANY)
    members = FastAPI()
    members.add_api_route("/{user_id}/tasks", of_user, methods=ANY)
    members.add_api_route("/{user_id}/tree/{path:path}", deep, methods=ANY)
    app.mount("/m", members)
    tenant = FastAPI()
    tenant.add_api_route("/tasks", of_mount, methods=ANY)
    tenant.add_api_route("/{path:path}", anything, methods=ANY)
    app.mount("/t/{user_id}", tenant)
    return app


def make_caught():
    app = FastAPI(root_path="/gw")
    common_routes(app)
    user_routes(app)
    user_routes(app, "/gw")
    app.add_api_route("/{path:path}", anything, methods=ANY)
    return app


plain = make_plain()
caught = make_caught()
