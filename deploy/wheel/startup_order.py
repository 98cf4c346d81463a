"""Prints, for the linker, what the portable program runs code of while it starts.

    valgrind --tool=callgrind --dump-instr=yes --callgrind-out-file=TRACE build/release/portable/postern   # ended by SIGTERM
    python3 deploy/wheel/startup_order.py TRACE build/release/portable/postern.map >deploy/wheel/startup.ld

The kernel maps 16 pages around each that is touched. With what starts side by side, a third of that memory is saved.
"""

import bisect
import re
import sys
from pathlib import Path

HEAD = """/* What runs while the portable program starts, side by side; by startup_order.py. What is not there any more does no harm. */
.text :
{
"""
SECTION = re.compile(r"^ (\.text\S*)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) \S*?([^/]+\.a)\((\S+)\)$", re.M)
# So much of a template's name keeps the list short, and stays when the rest changes.
PREFIX = 28


def executed(trace):
    """The addresses of the program's own instructions that ran; callgrind writes most as a distance from the one before."""
    names, inside, last = {}, False, 0
    for line in trace.splitlines():
        if found := re.match(r"c?ob=\((\d+)\)(?: (.*))?$", line):
            names.setdefault(found[1], found[2])
            if line.startswith("ob="):
                inside = names[found[1]].endswith("/postern")
        elif found := re.match(r"(0x[0-9a-f]+|[+-]\d+|\*) ", line):
            told = found[1]
            last = int(told, 16) if told.startswith("0x") else last if told == "*" else last + int(told)
            if inside:
                yield last


def pattern(name, archive, member):
    if archive.startswith("libpostern_") and name != ".text":
        return f"*libpostern_*.a:*({name[:PREFIX]}*)"
    return f"*{archive}:{member}(.text)"


def main(trace, linker_map):
    laid_out = Path(linker_map).read_text().split("Linker script and memory map")[1]
    sections = sorted((int(start, 16), int(size, 16), pattern(name, *where)) for name, start, size, *where in SECTION.findall(laid_out))
    starts = [start for start, _, _ in sections]
    wanted = set()
    for address in executed(Path(trace).read_text()):
        start, size, found = sections[bisect.bisect_right(starts, address) - 1]
        if address < start + size:
            wanted.add(found)
    print(HEAD + "".join(f"  {each}\n" for each in sorted(wanted)) + "}")


if __name__ == "__main__":
    main(*sys.argv[1:])
