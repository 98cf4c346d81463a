"""The cases as the tables have them: one a line, bytes escaped, what is long or secret as a placeholder."""

import re
from dataclasses import dataclass
from pathlib import Path

from gate import token

FOLDER = Path(__file__).resolve().parent
AT_LEAST = {"requests": 300, "answers": 80, "honest": 200}

ALICE = f"Authorization: Bearer {token('alice')}\r\n"
BOB = f"Authorization: Bearer {token('bob')}\r\n"
BEGIN = "{} /api/alice/x HTTP/1.1\r\nHost: gate\r\n" + ALICE
FORWARDED = "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n"
ADDED = FORWARDED + "X-Forwarded-Host: gate\r\nX-Request-Id: {id}\r\n"
BEHIND = "GET /api/alice/behind HTTP/1.1\r\nHost: gate\r\n" + ALICE
# What they are for stands in README.md.
WORDS = {
    "auth": ALICE, "auth-bob": BOB, "get": BEGIN.format("GET"), "post": BEGIN.format("POST"),
    "behind": BEHIND + "\r\n", "behind-up": BEHIND + ADDED + "X-User-Id: alice\r\n\r\n",
    "forwarded": FORWARDED, "tail": ADDED + "X-User-Id: alice\r\n\r\n",
    "tail-bob": ADDED + "X-User-Id: bob\r\n\r\n", "tail-nobody": ADDED + "\r\n",
}
ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|([rnt\\]))")
REPEAT = re.compile(r"\{(\d+)\*([^{}]*)\}")
WORD = re.compile(r"\{(" + "|".join(WORDS) + r")\}")
CONTROLS = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}


def to_bytes(text):
    """{id} and marks like {eof} stay: who uses the bytes knows what they stand for."""
    assert text.isascii() and text.isprintable(), f"to be escaped: {text!r}"
    text = REPEAT.sub(lambda found: found[2] * int(found[1]), text)
    text = ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else CONTROLS[found[2]], text)
    return WORD.sub(lambda found: WORDS[found[1]], text).encode("latin-1")


@dataclass(frozen=True)
class Case:
    theme: str
    name: str
    columns: tuple
    why: str

    def __str__(self):
        return f"{self.theme}/{self.name}"


def read(part):
    """Every case of the tables in that folder: name, columns, why; '#' begins a comment."""
    cases = []
    for path in sorted((FOLDER / part).glob("*.tsv")):
        for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            name, *columns, why = line.split("\t")
            assert len(columns) == 3 and why, f"{path.name}:{number}: five columns"
            cases.append(Case(path.stem, name, tuple(columns), why))
    names = [str(case) for case in cases]
    assert len(set(names)) == len(names), {name for name in names if names.count(name) > 1}
    return cases


def counts(part):
    """Cases of each theme."""
    themes = [case.theme for case in read(part)]
    return {theme: themes.count(theme) for theme in sorted(set(themes))}
