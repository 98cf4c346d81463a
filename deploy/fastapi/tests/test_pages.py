"""What README.md and FROM-PYJWT.md show is real: the code compiles, and what can run here does."""

import ast
import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[1]
PAGES = ["README.md", "FROM-PYJWT.md"]


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (FOLDER / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_compiles_and_imports_what_there_is(page: str) -> None:
    assert len(blocks(page)) >= 4
    for block in blocks(page):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("postern_fastapi"):
                module = importlib.import_module(node.module or "")
                for name in node.names:
                    assert hasattr(module, name.name), f"{page}: {node.module} has no {name.name}"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", (FOLDER / page).read_text(encoding="utf-8")):
        assert (FOLDER / target).exists(), target


def test_the_service_after_the_change_passes_the_tests_shown_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    (after,) = [block for block in blocks("FROM-PYJWT.md") if "identity_keys, require_owner" in block]
    (shown,) = [block for block in blocks("FROM-PYJWT.md") if "def test_" in block]
    monkeypatch.setenv("POSTERN_IDENTITY_KEY", "only-for-tests-0123456789-0123456789")
    service = ModuleType("service")

    def tasks_of(user: str) -> list[str]:
        return [f"a task of {user}"]

    service.__dict__["tasks_of"] = tasks_of
    exec(after, service.__dict__)
    monkeypatch.setitem(sys.modules, "service", service)
    tests: dict[str, object] = {}
    exec(shown, tests)
    ran = [function() for name, function in tests.items() if name.startswith("test_") and callable(function)]
    assert ran == [None, None, None]
