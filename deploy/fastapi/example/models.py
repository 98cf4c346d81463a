"""What the service takes and gives."""

from pydantic import BaseModel, Field


class NewTask(BaseModel):
    title: str = Field(min_length=1, max_length=200)


class TaskChange(BaseModel):
    done: bool


class Task(BaseModel):
    id: int
    title: str
    done: bool


class Problem(BaseModel):
    """An answer that is not what was asked for; Postern's own have the same shape."""

    detail: str
