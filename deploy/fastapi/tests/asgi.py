"""RequireGate run by hand: a scope in, what the server is sent out."""

import asyncio
from typing import Any

from postern_fastapi import RequireGate

PUBLIC = ["/health", "/static/**"]


def run(scope: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    """What the server is sent: `[{"type": "reached"}]` when the application was run."""
    sent: list[dict[str, Any]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "reached"})

    async def receive() -> dict[str, Any]:
        raise AssertionError("a decision needs the head alone")

    async def send(message: Any) -> None:
        sent.append(message)

    settings: dict[str, Any] = {"public": PUBLIC, **options}
    asyncio.run(RequireGate(application, **settings)(scope, receive, send))
    return sent


def http(path: str, headers: Any, method: str = "GET") -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "headers": headers}
