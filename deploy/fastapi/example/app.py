"""A to-do service: each user has tasks, and Postern says who the user is."""

from typing import Any, Union

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Response

from postern_fastapi import RequireGate, identity_keys, require_owner

from .models import NewTask, Problem, Task, TaskChange
from .store import Tasks, tasks

LARGEST_ID = 2**63 - 1
MISSING: dict[Union[int, str], dict[str, Any]] = {
    404: {"model": Problem, "description": "This user has no such task"}
}

router = APIRouter(
    prefix="/api/{user_id}/tasks",
    tags=["tasks"],
    responses={
        401: {"model": Problem, "description": "No valid token"},
        403: {"model": Problem, "description": "The token belongs to another user"},
    },
)


@router.get("", summary="List my tasks")
def list_tasks(user: str = Depends(require_owner), store: Tasks = Depends(tasks)) -> list[Task]:
    return store.all(user)


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


app = FastAPI(
    title="To-do",
    version="1.0.0",
    description="Tasks per user. Every operation below `/api/{user_id}` needs a bearer token of that user: "
    "press *Authorize*, paste the token, and put that user's id into `user_id`.",
)
app.include_router(router)


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
)
