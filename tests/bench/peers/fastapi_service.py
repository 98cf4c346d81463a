"""FastAPI as it is without a gate in front: a route that believes everybody, and one that checks the token itself."""

import os

import jwt
from fastapi import Depends, FastAPI, HTTPException, Request

SECRET = os.environ["BENCH_SECRET"]
ITEMS = [{"id": number, "title": "water the plants on the balcony", "done": False} for number in range(3)]

app = FastAPI()


async def owner(request: Request, user_id: str) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer":
        raise HTTPException(401, "Not authenticated", {"WWW-Authenticate": "Bearer"})
    try:
        claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"require": ["exp", "uid"]})
    except jwt.InvalidTokenError:
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": 'Bearer error="invalid_token"'}) from None
    if claims["uid"] != user_id:
        raise HTTPException(403, "Forbidden")
    return user_id


@app.get("/api/{user_id}/tasks")
async def unchecked(user_id: str):
    return {"user": user_id, "items": ITEMS}


@app.get("/api/{user_id}/checked")
async def checked(user: str = Depends(owner)):
    return {"user": user, "items": ITEMS}
