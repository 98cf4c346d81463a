"""Every block of shell runs: with the real postern and the real tools of the system, and with stand-ins for what takes a
network, a container engine, a cluster, a history or an hour. That those programs do what the pages say is tested where
they are."""

import os
import re
import shutil
import subprocess

import pytest
from certificates import certificates  # noqa: F401
from gate import binary
from pages import NAMES, ROOT, Block, blocks, codes, prose
from settings import SECRET, Place

STAND_INS = ["apt", "curl", "docker", "git", "kubectl", "npm", "systemctl", "uvicorn"]
STAND_IN = '#!/bin/sh\nexit 0\n'
# What would serve for ever is checked instead.
POSTERN = '#!/bin/sh\nif [ $# = 0 ]; then exec "{0}" check >/dev/null; fi\nexec "{0}" "$@"\n'


@pytest.fixture
def place(tmp_path, certificates):  # noqa: F811
    return Place(tmp_path, certificates)


def put_script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def run(place, page, text):
    """Runs it in a copy of the page's folder."""
    clone, stand_ins = place.folder / "clone", place.folder / "bin"
    shutil.copytree(ROOT / "deploy", clone / "deploy", ignore=shutil.ignore_patterns("node_modules", "secrets"))
    for script in re.findall(r"\b(?:deploy|tests)/[\w/]+", text):
        if (ROOT / script).is_file() and os.access(ROOT / script, os.X_OK):
            put_script(clone / script, STAND_IN)
    for name in STAND_INS:
        put_script(stand_ins / name, STAND_IN)
    put_script(stand_ins / "postern", POSTERN.format(binary()))
    for folder in ("run/todo", "etc/systemd/system"):
        (place.folder / folder).mkdir(parents=True, exist_ok=True)
    environment = {"PATH": f"{stand_ins}:{os.environ['PATH']}"}
    if "BETTER_AUTH_SECRET_FILE=" not in text:
        environment["BETTER_AUTH_SECRET"] = SECRET
    folder = clone / "deploy" if "docs" in page or "/" not in page else clone / page.rpartition("/")[0]
    if re.search(r"\b(?:deploy|tests)/", text):
        folder = clone
    return subprocess.run(["bash", "-euo", "pipefail", "-c", place.here(text)], cwd=folder, env=environment, capture_output=True,
                          text=True, timeout=60, check=False)


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
def test_a_block_of_shell_runs(block: Block, place):
    ended = run(place, block.page, block.text)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""


def test_a_wrong_block_fails(place):
    assert run(place, "README.md", "deploy/quickstrat\n").returncode != 0


@pytest.mark.parametrize("name", NAMES)
def test_commands_between_the_words_exist(name):
    helped = subprocess.run([binary(), "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
    commands = set(re.findall(r"^  ([a-z]+) ", helped, re.MULTILINE))
    options = set(re.findall(r"--[a-z]+", helped))
    for code in (code for line in prose(name).splitlines() for code in codes(line)):
        words = code.replace("[", " ").replace("]", " ").split()
        if words[:1] == ["postern"] and words[1:]:
            assert words[1] in commands or words[1] in options, code
            assert {word for word in words if word.startswith("--")} <= options, code
        for script in re.findall(r"^(?:deploy|tests)/[\w/.-]+", code):
            assert (ROOT / script).exists() or "*" in code, code
