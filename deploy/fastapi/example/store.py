"""Tasks in SQLite. Every statement about tasks names the owner, so none is ever read or changed by another one."""

import os
import sqlite3
from collections.abc import Iterator
from typing import Any, Optional

from .models import Task

_SCHEMA = """
CREATE TABLE IF NOT EXISTS task (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    title TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0
)
"""


class Tasks:
    """The tasks of all owners; every method but counts() is about those of `owner` alone."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def all(self, owner: str) -> list[Task]:
        rows = self._db.execute("SELECT id, title, done FROM task WHERE owner = ? ORDER BY id", (owner,))
        return [Task(**row) for row in rows]

    def add(self, owner: str, title: str) -> Task:
        with self._db:
            row = self._db.execute(
                "INSERT INTO task (owner, title) VALUES (?, ?) RETURNING id, title, done", (owner, title)
            ).fetchone()
        return Task(**row)

    def set_done(self, owner: str, task_id: int, done: bool) -> Optional[Task]:
        with self._db:
            row = self._db.execute(
                "UPDATE task SET done = ? WHERE owner = ? AND id = ? RETURNING id, title, done",
                (done, owner, task_id),
            ).fetchone()
        return Task(**row) if row else None

    def remove(self, owner: str, task_id: int) -> bool:
        with self._db:
            removed = self._db.execute("DELETE FROM task WHERE owner = ? AND id = ?", (owner, task_id))
        return removed.rowcount > 0

    def counts(self) -> list[tuple[str, int]]:
        """How many tasks each owner has."""
        rows = self._db.execute("SELECT owner, COUNT(*) AS count FROM task GROUP BY owner ORDER BY owner")
        return [(row["owner"], row["count"]) for row in rows]


def tasks() -> Iterator[Tasks]:
    """A dependency: the store on a connection of its own, closed after the request. TASKS_DB is its file."""
    # FastAPI may run the route in another thread than this dependency, but never both at the same time.
    db = sqlite3.connect(os.environ.get("TASKS_DB", "tasks.db"), check_same_thread=False)
    try:
        db.row_factory = _as_dict
        db.execute(_SCHEMA)
        yield Tasks(db)
    finally:
        db.close()


def _as_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, row)}
