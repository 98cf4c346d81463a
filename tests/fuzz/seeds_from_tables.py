"""Writes the tables of tests/attack as inputs of the fuzz targets:  seeds_from_tables.py FOLDER

Each target's input is what its LLVMFuzzerTestOneInput() says; one file a case, named by its content."""

import base64
import hashlib
import json
import re
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "integration"), str(TESTS / "attack/raw"), str(TESTS / "attack/differential")]

import corpus  # noqa: E402
import seeds  # noqa: E402

LONGEST = 4000  # longer ones slow the search down
MARK = re.compile(rb"\{[a-z-]+\}")
WHOLE = b"\xff"  # the byte before: not cut in two


def requests():
    for part in ("requests", "honest"):
        for case in corpus.read(part):
            yield MARK.sub(b"", corpus.to_bytes(case.columns[1]))


def answers():
    for case in corpus.read("answers"):
        yield MARK.sub(b"", corpus.to_bytes(case.columns[1]))


def judged(request):
    """With the word that stands for a token, and the number of alice's or bob's before it."""
    alice, bob = (line.split()[2].encode() for line in (corpus.ALICE, corpus.BOB))
    number = b"\x01" if bob in request else b"\x00"
    return number + request.replace(alice, b"TOKEN").replace(bob, b"TOKEN")


def payloads():
    for line in (TESTS / "attack/tokens/tokens.jsonl").read_text().splitlines():
        token = json.loads(line)["token"]
        parts = token.split(".") if isinstance(token, str) else []
        if len(parts) == 3 and parts[1].isascii() and re.fullmatch(r"[A-Za-z0-9_-]+", parts[1]):
            try:
                yield base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
            except ValueError:
                continue


def bodies():
    for request in requests():
        head, _, body = request.partition(b"\r\n\r\n")
        if b"chunked" in head.lower() and body:
            yield WHOLE + body


def inputs():
    yield "target", seeds.read_seeds()
    yield "request_head", (WHOLE + request for request in requests())
    yield "two_readings", (b"\x06" + message for message in (*requests(), *answers()))
    yield "judge", map(judged, requests())
    yield "chunked", bodies()
    yield "response_head", (WHOLE + answer for answer in answers())
    yield "token", payloads()


def main():
    (folder,) = map(Path, sys.argv[1:])
    for target, contents in inputs():
        into = folder / target
        into.mkdir(parents=True, exist_ok=True)
        count = 0
        for content in contents:
            if 0 < len(content) <= LONGEST:
                (into / hashlib.sha1(content).hexdigest()).write_bytes(content)
                count += 1
        assert count >= 40, f"only {count} seeds for {target}"
        print(f"{target}: {count} seeds")


if __name__ == "__main__":
    main()
