"""An application in the shapes that FastAPI services have, which remembers what its handlers were given."""

from fastapi import APIRouter, FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"], allow_headers=["Authorization"])
seen = []


def remember(request: Request, **given):
    fields = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.scope["headers"]]
    seen.append({"given": given, "fields": fields, "path": request.scope["path"]})
    return given


@app.get("/seen")
def get_seen():
    """What was remembered, which is then forgotten. Asked for directly, not through the gate."""
    found = list(seen)
    seen.clear()
    return found


@app.get("/health")
def health(request: Request):
    return remember(request)


@app.get("/api/{user_id}")
def root(request: Request, user_id: str):
    return remember(request, user_id=user_id)


@app.api_route("/api/{user_id}/tasks", methods=["GET", "POST"])
async def tasks(request: Request, user_id: str):
    return remember(request, user_id=user_id, body=(await request.body()).decode())


@app.get("/api/{user_id}/files/{path:path}")
def files(request: Request, user_id: str, path: str):
    return remember(request, user_id=user_id, path=path)


router = APIRouter(prefix="/api/v2/{user_id}")


@router.get("/notes")
def notes(request: Request, user_id: str):
    return remember(request, user_id=user_id)


app.include_router(router)

mounted = FastAPI()


@mounted.get("/{user_id}/tasks")
def mounted_tasks(request: Request, user_id: str):
    return remember(request, user_id=user_id)


@mounted.get("/{user_id}/tree/{path:path}")
def mounted_tree(request: Request, user_id: str, path: str):
    return remember(request, user_id=user_id, path=path)


app.mount("/m", mounted)
