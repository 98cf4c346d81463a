"""Every block of Python is typed: mypy in strict mode and pyright, with the newest FastAPI. What a block leaves to its reader
it takes from prelude.py."""

import ast
import builtins
import os
import subprocess
from pathlib import Path

import pytest
from pages import ROOT, blocks

HERE = Path(__file__).parent
PYTHON = ROOT / "build" / "python-docs" / "bin" / "python"
PRELUDE = (HERE / "prelude.py").read_text(encoding="utf-8")


def names_of(tree):
    """The names that it reads, and those that it binds anywhere."""
    read, bound = set(), set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {(name.asname or name.name).partition(".")[0] for name in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    return read, bound


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A module for each block, named after its place; the prelude and `service`, which the pages' tests import, beside them."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "prelude.py").write_text(PRELUDE)
    (folder / "service.py").write_text("from prelude import app as app\n")
    for block in blocks("python"):
        read, bound = names_of(ast.parse(block.text))
        missing = sorted(read - bound)
        head = f"from prelude import {', '.join(missing)}\n" if missing else "\n"
        name = block.page.replace("/", "_").replace("-", "_").removesuffix(".md") + f"_{block.line}.py"
        (folder / name).write_text(head + block.text)
    return folder


def test_mypy_finds_no_fault(folder):
    command = [PYTHON, "-m", "mypy", "--strict", "--cache-dir=/dev/null", "."]
    ended = subprocess.run(command, cwd=folder, env={**os.environ, "MYPYPATH": str(ROOT / "deploy" / "fastapi")},
                           capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_pyright_finds_no_fault(folder):
    package = ROOT / "deploy" / "fastapi"
    (folder / "pyrightconfig.json").write_text(f'{{"extraPaths": ["{package}"]}}')
    ended = subprocess.run(["node", HERE / "node_modules/pyright/index.js", "--pythonpath", PYTHON], cwd=folder,
                           capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


PACKAGE = ROOT / "deploy" / "fastapi"


def test_mypy_finds_no_fault_in_the_package():
    ended = subprocess.run([PYTHON, "-m", "mypy", "--cache-dir=/dev/null"], cwd=PACKAGE, capture_output=True, text=True,
                           timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_pyright_finds_no_fault_in_the_package():
    command = ["node", HERE / "node_modules/pyright/index.js", "--pythonpath", PYTHON, "postern_fastapi", "example"]
    ended = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
