"""The hand-made targets of tests/attack/targets, as seeds."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "targets"))

import targets  # noqa: E402

LONGEST = 2000  # longer ones cost time and say nothing new


def read_seeds():
    """Aimed at bob, as they are, and at alice."""
    short = [target for target in targets.read() if len(target) < LONGEST]
    return tuple(short + [target.replace(b"bob", b"alice") for target in short])
