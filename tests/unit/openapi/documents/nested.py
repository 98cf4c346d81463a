"""Routers within routers behind a root path; a mounted application has a document of its own."""

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel


class Item(BaseModel):
    name: str


projects = APIRouter(prefix="/projects/{project_id}")


@projects.get("/")
def project(user_id: str, project_id: str):
    return {}


@projects.post("/items")
def add_item(user_id: str, project_id: str, item: Item):
    return item


@projects.get("/files/{file_path:path}")
def file(user_id: str, project_id: str, file_path: str):
    return {}


users = APIRouter(prefix="/users/{user_id}")
users.include_router(projects)

teams = APIRouter(prefix="/orgs/{org_id}/teams")


@teams.get("/{team_id}")
def team(org_id: str, team_id: str):
    return {}


@teams.put("/{team_id}")
def change_team(org_id: str, team_id: str, item: Item):
    return item


v1 = APIRouter(prefix="/v1")
v1.include_router(users)
v1.include_router(teams)

app = FastAPI(title="Nested", root_path="/gw", servers=[{"url": "https://api.example.com/gw"}, {"url": "/gw"}])
app.include_router(v1)


@app.get("/me")
def me():
    return {}


admin = FastAPI(title="Admin")


@admin.get("/stats")
def stats():
    return {}


app.mount("/admin", admin)
