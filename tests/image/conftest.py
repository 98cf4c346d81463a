"""The service behind, and a container in front of it."""

import os
import secrets
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from container import PATIENCE, Container

FASTAPI = Path(__file__).resolve().parents[2] / "deploy/fastapi"


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """The example service on uvicorn; gives its port."""
    folder = tmp_path_factory.mktemp("service")
    with (folder / "log").open("w+") as log:
        uvicorn = subprocess.Popen(
            [sys.executable, "-u", "-m", "uvicorn", "example.app:app", "--port", "0"], cwd=FASTAPI, stdout=log, stderr=log,
            env={"PATH": os.environ["PATH"], "TASKS_DB": str(folder / "tasks.db"), "PYTHONDONTWRITEBYTECODE": "1"})
        try:
            yield _port(uvicorn, folder / "log")
        finally:
            uvicorn.terminate()
            uvicorn.wait(PATIENCE)


def _port(uvicorn, log):
    while uvicorn.poll() is None:
        for line in log.read_text().splitlines():
            if "running on http" in line:
                return int(line.split("http://")[1].split(" ")[0].rsplit(":", 1)[1])
    raise AssertionError(log.read_text())


@pytest.fixture(scope="session")
def binds(tmp_path_factory):
    """What an engine puts into every container, and the secret."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "better-auth").write_text(secrets.token_hex(32))
    (folder / "better-auth").chmod(0o444)
    (folder / "hosts").write_text("127.0.0.1 localhost service\n")
    for parent in (folder, *folder.parents):
        if parent.owner() == "root" and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o111)
    return {folder / "better-auth": "/run/secrets/better-auth", folder / "hosts": "/etc/hosts"}


SECRET = {"BETTER_AUTH_SECRET_FILE": "/run/secrets/better-auth"}


@pytest.fixture
def container(service, binds):
    running = Container(binds, POSTERN_UPSTREAM=f"http://service:{service}", POSTERN_PUBLIC_PATHS="/health", **SECRET)
    yield running
    running.stop()


def get(port, path, token=None):
    """(status, body)"""
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if token:
        asked.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()
