"""The hand-made targets of tests/attack/targets."""

from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "targets" / "targets.tsv"
LONGEST = 2000  # longer ones cost time and say nothing new


def unescape(text):
    """The table's notation: bytes other than visible ASCII as \\xNN."""
    raw, at = bytearray(), 0
    while at < len(text):
        if text[at] == "\\":
            raw.append(int(text[at + 2 : at + 4], 16))
            at += 4
        else:
            raw.append(ord(text[at]))
            at += 1
    return bytes(raw)


def read_seeds():
    """Aimed at bob, as they are, and at alice."""
    targets = [unescape(line.split("\t")[0]) for line in TABLE.read_text().splitlines() if "\t" in line]
    targets = [target for target in targets if len(target) < LONGEST]
    assert len(targets) > 200, "tests/attack/targets/targets.tsv has lost its rows"
    return tuple(targets + [target.replace(b"bob", b"alice") for target in targets])
