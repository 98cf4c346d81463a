"""The hand-made request-targets of targets.tsv, as bytes."""

from pathlib import Path

TABLE = Path(__file__).with_name("targets.tsv")


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


def read():
    """The first column; a line without a tab is a comment."""
    found = [unescape(line.split("\t")[0]) for line in TABLE.read_text().splitlines() if "\t" in line]
    assert len(found) > 200, f"{TABLE} has lost its rows"
    return found
