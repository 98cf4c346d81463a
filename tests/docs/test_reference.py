"""deploy/docs says what --help says: each variable with its default and meaning, each command, each option."""

import re
import subprocess

import pytest
from gate import binary
from pages import NAMES, ROOT, codes, rows, text_of

REFERENCE = "deploy/docs/configuration.md"


@pytest.fixture(scope="module")
def help_text():
    return subprocess.run([binary(), "--help"], capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.fixture(scope="module")
def variables(help_text):
    """name: (meaning, default)"""
    found = {}
    for line in help_text.partition("\nvariables:\n")[2].splitlines():
        name, meaning, default = re.fullmatch(r"  ([A-Z_]+) +(.*?)(?: \[([^\[]*)\])?", line).groups()
        found[name] = (meaning, default or "")
    assert len(found) > 50
    return found


def plain(cell):
    return cell.replace("`", "").replace("\\|", "|")


def reference():
    return {plain(row[0]): row for row in rows(REFERENCE) if re.fullmatch(r"`[A-Z_]+`", row[0])}


def test_the_reference_has_every_variable_and_no_other(variables):
    assert sorted(reference()) == sorted(variables)


def test_the_reference_says_first_what_help_says(variables):
    wrong = []
    for name, (_, default, meaning) in reference().items():
        short, at_first = variables[name]
        said = plain(meaning)
        if plain(default) != at_first:
            wrong.append(f"{name}: default {default}, and not {at_first}")
        if said != short and not said.startswith(short + ". "):
            wrong.append(f"{name}: {said[:len(short) + 2]!r}, and not {short!r}")
    assert not wrong


def test_the_page_of_commands_has_every_command_and_option_of_help(help_text):
    head = help_text.partition("commands:\n")[2].partition("\nsignals:")[0]
    named = set(re.findall(r"^  ([a-z]+) ", head, re.MULTILINE)) | set(re.findall(r"--[a-z]+", head))
    page = ", ".join(code for row in rows("deploy/docs/commands.md") for code in codes(row[0]))
    assert named == set(re.findall(r"(?<=postern )[a-z]+", page)) | set(re.findall(r"--[a-z]+", page))


def test_every_variable_that_a_page_names_exists(variables):
    # What Kubernetes makes of Services, what only tests set, and Better Auth's own.
    known = set(variables) | {"POSTERN_BIN", "POSTERN_TESTS"}
    unknown = []
    for page in NAMES:
        for name in re.findall(r"\b(?:POSTERN|BETTER_AUTH)_[A-Z_]*[A-Z]\b(?!\*)", text_of(page)):
            if name not in known:
                unknown.append(f"{page}: {name}")
    assert not unknown


@pytest.mark.parametrize("page, column", [("deploy/docs/symptoms.md", 1), ("deploy/docs/faults.md", 2)])
def test_every_reason_of_a_table_is_one_that_the_log_names(page, column):
    sources = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "proxy").rglob("*.cpp")))
    named = [code for row in rows(page) for code in codes(row[column]) if code != "reason"]
    assert len(named) > 15
    assert [code for code in named if f'"{code.strip()}' not in sources] == []
