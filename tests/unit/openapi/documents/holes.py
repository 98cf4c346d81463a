"""A service that grew: some paths name their user elsewhere, some nobody thought of."""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI(title="Holes")


class Note(BaseModel):
    text: str


@app.get("/api/{user_id}/notes")
def notes(user_id: str):
    return []


@app.get("/api/orgs/{org_id}/members/{userId}")
def member(org_id: str, userId: str):
    return {}


@app.put("/accounts/{account_id}/settings")
def settings(account_id: str, note: Note):
    return {}


@app.get("/users/{owner_id}/followers/{user_id}")
def follower(owner_id: str, user_id: str):
    return {}


@app.post("/public/feedback")
def feedback(note: Note):
    return {}


@app.get("/public/news")
def news():
    return []


@app.get("/items/{item_id}")
def item(item_id: int):
    return {}


@app.delete("/items/{user_name}")
def forget(user_name: str):
    return None


@app.get("/reports/{year}-{month}.csv")
def report(year: int, month: int):
    return ""


@app.get("/healthz")
def healthz():
    return {}
