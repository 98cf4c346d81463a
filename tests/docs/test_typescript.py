"""Every block of TypeScript compiles in strict mode, against the Better Auth that deploy/better-auth runs."""

import os
import subprocess
from pathlib import Path

import pytest
from pages import NAMES, ROOT, blocks, codes, prose

HERE = Path(__file__).parent
STRICT = ["--strict", "--noEmit", "--skipLibCheck", "--module", "nodenext", "--target", "es2022", "--types", ""]
BLOCKS = blocks("ts")


def compile_in(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.ts").write_text(text)
    if not (folder / "node_modules").exists():
        os.symlink(ROOT / "deploy" / "better-auth" / "node_modules", folder / "node_modules")
    return subprocess.run(["node", HERE / "node_modules/typescript/bin/tsc", *STRICT, *(f"{name}.ts" for name in files)], cwd=folder,
                          capture_output=True, text=True, timeout=300, check=False)


def test_every_block_compiles(tmp_path):
    assert BLOCKS
    ended = compile_in(tmp_path, **{f"block{number}": block.text for number, block in enumerate(BLOCKS)})
    assert ended.returncode == 0, ended.stdout


def test_what_stands_between_the_words_compiles(tmp_path):
    calls = {code for name in NAMES for line in prose(name).splitlines() for code in codes(line)
             if code.startswith(("jwt({ jwt:", "new WebSocket("))}
    assert calls
    head = 'import { jwt } from "better-auth/plugins";\ndeclare const url: string, token: string;\nexport const all = [\n'
    ended = compile_in(tmp_path, calls=head + ",\n".join(sorted(calls)) + "\n] satisfies unknown[];\nvoid jwt, url, token;\n")
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("block", BLOCKS[:1], ids=str)
def test_the_mode_is_strict(block, tmp_path):
    ended = compile_in(tmp_path, loose=block.text + "\nexport const loose = (anything) => anything;\n")
    assert "TS7006" in ended.stdout
