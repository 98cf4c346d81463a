"""The pages of the documentation, taken apart: blocks of code, words in code, links, headings, tables."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


def _found() -> list[Path]:
    folders = (ROOT / "deploy", ROOT / "tests", ROOT / "docker")
    pages = [page for folder in folders for page in folder.rglob("*.md") if "node_modules" not in page.parts]
    return [ROOT / "README.md", *sorted(pages)]


PAGES = _found()
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)")


class Block(NamedTuple):
    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(*languages: str) -> list[Block]:
    """The fenced blocks of all pages in one of these languages, or all."""
    found = []
    for name in NAMES:
        text = text_of(name)
        for match in _FENCE.finditer(text):
            if not languages or match[2] in languages:
                found.append(Block(name, text.count("\n", 0, match.start()) + 1, match[2], match[3]))
    return found


def prose(name: str) -> str:
    """The page without its blocks of code; lines stay where they are."""
    return _FENCE.sub(lambda match: "\n" * match[0].count("\n"), text_of(name))


def codes(line: str) -> list[str]:
    """What stands between backticks."""
    return [match[2].replace("\\|", "|") for match in _CODE.finditer(line)]


def without_code(text: str) -> str:
    return _CODE.sub(" ", text)


def links(name: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", without_code(prose(name)))


def anchors(name: str) -> set[str]:
    """As GitHub makes them of headings."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.*)$", prose(name), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        plain = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = 0
        while (anchor := plain if number == 0 else f"{plain}-{number}") in found:
            number += 1
        found.add(anchor)
    return found


def rows(name: str) -> list[list[str]]:
    """The cells of every line of a table."""
    lines = [line for line in prose(name).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
