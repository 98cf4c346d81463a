"""A to-do service: each user and each organisation has tasks, and Postern says who asks and for which of them."""

from typing import Any, Union

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Response

from postern_fastapi import RequireGate, VerifiedClaims, identity_keys, require_owner

from .models import NewTask, Problem, Task, TaskChange
from .store import Tasks, tasks

LARGEST_ID = 2**63 - 1
# What POSTERN_CLAIM_HEADERS says. Where the gate does not send them there is no organisation and no admin.
CLAIMS = {"X-User-Role": "role", "X-User-Org": "activeOrganizationId"}
verified_claims = VerifiedClaims(CLAIMS)
MISSING: dict[Union[int, str], dict[str, Any]] = {
    404: {"model": Problem, "description": "This user has no such task"}
}

GUARDED: dict[Union[int, str], dict[str, Any]] = {
    401: {"model": Problem, "description": "No valid token"},
    403: {"model": Problem, "description": "The token is another user's, or lacks what this needs"},
}
# No uid begins so: Postern lets no space into one.
ORGANISATION = "organisation "

router = APIRouter(prefix="/api/{user_id}/tasks", tags=["tasks"], responses=GUARDED)


@router.get("", summary="List my tasks", dependencies=[Depends(require_owner(allow_override=True))])
def list_tasks(user_id: str, store: Tasks = Depends(tasks)) -> list[Task]:
    # Whom POSTERN_OVERRIDE names may look too, so these are the path's tasks and not the asker's.
    return store.all(user_id)


@router.post("", status_code=201, summary="Add a task")
def add_task(new: NewTask, user: str = Depends(require_owner), store: Tasks = Depends(tasks)) -> Task:
    return store.add(user, new.title)


@router.patch("/{task_id}", summary="Mark a task done or open", responses=MISSING)
def change_task(
    change: TaskChange,
    task_id: int = Path(ge=1, le=LARGEST_ID),
    user: str = Depends(require_owner),
    store: Tasks = Depends(tasks),
) -> Task:
    task = store.set_done(user, task_id, change.done)
    if task is None:
        raise HTTPException(404, "Not Found")
    return task


@router.delete(
    "/{task_id}", status_code=204, response_class=Response, summary="Delete a task", responses=MISSING
)
def delete_task(
    task_id: int = Path(ge=1, le=LARGEST_ID),
    user: str = Depends(require_owner),
    store: Tasks = Depends(tasks),
) -> None:
    if not store.remove(user, task_id):
        raise HTTPException(404, "Not Found")


def own_organisation(org_id: str, claims: dict[str, str] = Depends(verified_claims)) -> str:
    """The tasks' owner, if the path's organisation is the one that the token's user works in."""
    if claims.get("activeOrganizationId") != org_id:
        raise HTTPException(403, "Forbidden")
    return f"{ORGANISATION}{org_id}"


organisations = APIRouter(prefix="/api/orgs/{org_id}/tasks", tags=["organisations"], responses=GUARDED)


@organisations.get("", summary="List my organisation's tasks")
def list_shared_tasks(
    owner: str = Depends(own_organisation), store: Tasks = Depends(tasks)
) -> list[Task]:
    return store.all(owner)


@organisations.post("", status_code=201, summary="Add a task to my organisation's")
def add_shared_task(
    new: NewTask, owner: str = Depends(own_organisation), store: Tasks = Depends(tasks)
) -> Task:
    return store.add(owner, new.title)


def require_admin(claims: dict[str, str] = Depends(verified_claims)) -> None:
    if "admin" not in claims.get("role", "").split(","):
        raise HTTPException(403, "Forbidden")


app = FastAPI(
    title="To-do",
    version="1.0.0",
    description="Tasks per user. Every operation below `/api/{user_id}` needs a bearer token of that user: "
    "press *Authorize*, paste the token, and put that user's id into `user_id`.",
)
app.include_router(organisations)
app.include_router(router)


@app.get(
    "/admin/users",
    tags=["admin"],
    summary="How many tasks each user has",
    responses=GUARDED,
    dependencies=[Depends(require_admin)],
)
def count_tasks(store: Tasks = Depends(tasks)) -> dict[str, int]:
    return {owner: count for owner, count in store.counts() if not owner.startswith(ORGANISATION)}


@app.get("/health", tags=["service"], summary="Is the service up?")
def health() -> dict[str, str]:
    return {"status": "ok"}


app.add_middleware(
    RequireGate,
    public=["/openapi.json", "/docs/**", "/redoc"],
    # A kubelet asks the service itself; what comes through Postern may be asked as well.
    direct=["/health"],
    # Without POSTERN_IDENTITY_KEY the header's word is taken, and the network has to keep others out.
    keys=identity_keys(required=False),
    claims=CLAIMS,
)
