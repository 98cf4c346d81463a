"""A wrong signature costs the same instructions wherever it is wrong, so that nobody can find it byte by byte."""

import os
import re
import shutil
import subprocess

import pytest


def instructions(flipped, folder):
    """(what the verifier says, instructions of that verification)"""
    assert shutil.which("valgrind"), "valgrind is missing: apt-get install valgrind"
    counted = subprocess.run(
        ["valgrind", "--tool=callgrind", "--collect-atstart=no", f"--callgrind-out-file={folder}/out", os.environ["VERIFY_ONCE"],
         str(flipped)], capture_output=True, text=True, check=True, timeout=120)
    return counted.stdout.strip(), int(re.search(r"Collected : (\d+)", counted.stderr)[1])


def test_the_first_wrong_byte_does_not_show_in_the_work(tmp_path):
    wrong = {flipped: instructions(flipped, tmp_path) for flipped in (0, 1, 7, 15, 16, 30, 31)}
    print("\ninstructions by the first wrong byte of the signature:", {flipped: count for flipped, (_, count) in wrong.items()})
    assert {said for said, _ in wrong.values()} == {"bad signature"}
    assert len({count for _, count in wrong.values()}) == 1
    assert min(count for _, count in wrong.values()) > 1000


def test_the_count_would_show_a_difference(tmp_path):
    """A good signature goes on to the claims: more work, and counted."""
    said, good = instructions(-1, tmp_path)
    assert said == "ok"
    assert good > instructions(0, tmp_path)[1]


@pytest.fixture(autouse=True)
def built():
    assert os.environ.get("VERIFY_ONCE"), "VERIFY_ONCE is not set: run by ctest"
