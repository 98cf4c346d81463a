"""Run by the environment that has both wheels: a service behind the gate that pip put on the PATH."""

import shutil
import sys

from fastapi import Depends, FastAPI
from postern_fastapi import require_owner
from postern_fastapi.testing import running_gate

app = FastAPI()


@app.get("/api/{user_id}/tasks")
def tasks(user: str = Depends(require_owner)) -> str:
    return user


with running_gate(app) as gate:
    alice = gate.as_user("alice")
    statuses = [
        alice.get("/api/alice/tasks").status_code,
        alice.get("/api/bob/tasks").status_code,
        gate.as_nobody().get("/api/alice/tasks").status_code,
    ]
print(shutil.which("postern"), *statuses, sep="\n", file=sys.stdout)
