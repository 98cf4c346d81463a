"""A service in which every path begins with whose it is."""

from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import HTTPBearer
from pydantic import BaseModel

bearer = HTTPBearer()


class Task(BaseModel):
    title: str


tasks = APIRouter(prefix="/api/{user_id}/tasks", dependencies=[Depends(bearer)])


@tasks.get("")
def list_tasks(user_id: str):
    return []


@tasks.post("")
def add_task(user_id: str, task: Task):
    return task


@tasks.patch("/{task_id}")
def change_task(user_id: str, task_id: int, task: Task):
    return task


@tasks.delete("/{task_id}")
def delete_task(user_id: str, task_id: int):
    return None


app = FastAPI(title="Tidy")
app.include_router(tasks)


@app.get("/api/{user_id}/profile")
def profile(user_id: str):
    return {}


@app.get("/health")
def health():
    return {}
