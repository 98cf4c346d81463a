"""What the pages' blocks leave to their reader: the service that they are parts of."""

import jwt as jwt
from fastapi import Depends as Depends
from fastapi import FastAPI
from fastapi import Header as Header
from fastapi import HTTPException as HTTPException
from fastapi.middleware.cors import CORSMiddleware as CORSMiddleware
from postern_fastapi import RequireGate as RequireGate
from postern_fastapi import VerifiedClaims as VerifiedClaims
from postern_fastapi import VerifiedUser as VerifiedUser
from postern_fastapi import identity_keys as identity_keys
from postern_fastapi import require_owner as require_owner

app = FastAPI()
SECRET = "a-secret-for-the-pages-0123456789"
KEY = "an-identity-key-for-the-pages-0123"


def tasks_of(user: str) -> list[str]:
    return [f"a task of {user}"]


def current_user() -> str:
    raise NotImplementedError
