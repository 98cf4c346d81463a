"""What tests/run prints last: a line for each suite, ctest's own closing lines, and the count of all cases.

    python3 tests/summary.py FOLDER

FOLDER holds, for each step, ctest's JUnit file (STEP.xml, STEP.log) or a command's output (STEP.log) and "exit-code
seconds" (STEP.status). A case is one of doctest's or pytest's; a test that counts none of its own is one. Exit 1 when a
case failed, or none ran.
"""

import re
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

DOCTEST = re.compile(r"^\[doctest\] test cases: +\d+ +\| +(\d+) passed +\| +(\d+) failed(?: +\| +(\d+) skipped)?", re.M)
PYTEST = re.compile(r"^(?=.*\d+ (?:passed|failed|skipped|error))(.*) in [\d.]+s", re.M)
WORDS = {"passed": "passed", "failed": "failed", "error": "failed", "errors": "failed", "skipped": "skipped"}
CLOSING = re.compile(r"^(?:\d+% tests passed, .*|Total Test time .*)$", re.M)


def cases(output, succeeded):
    """Counts passed, failed and skipped cases in what a test printed."""
    counted = Counter()
    for passed, failed, skipped in DOCTEST.findall(output):
        counted.update(passed=int(passed), failed=int(failed), skipped=int(skipped or 0))
    for line in PYTEST.findall(output):
        for number, word in re.findall(r"(\d+) (\w+)", line):
            if word in WORDS:
                counted[WORDS[word]] += int(number)
    if not counted:
        counted["passed" if succeeded else "failed"] = 1
    elif not succeeded and not counted["failed"]:
        counted["failed"] = 1
    return counted


def of_ctest(file):
    """Yields (suite, cases, seconds) of each test that ctest ran."""
    for test in ElementTree.parse(file).getroot().iter("testcase"):
        suite = test.get("name").split(".")[0]
        output = test.findtext("system-out") or ""
        yield f"{file.stem} {suite}", cases(output, test.get("status") == "run"), float(test.get("time"))


def of_command(file):
    code, *seconds = file.read_text().split()
    log = file.with_suffix(".log")
    output = log.read_text(errors="replace") if log.exists() else ""
    yield file.stem, cases(output, code == "0"), float(seconds[0] if seconds else 0)


def main(folder):
    files = sorted((file for file in folder.iterdir() if file.suffix in (".xml", ".status")), key=lambda f: f.stat().st_mtime)
    suites, closing = {}, []
    for file in files:
        for suite, counted, seconds in of_ctest(file) if file.suffix == ".xml" else of_command(file):
            total = suites.setdefault(suite, Counter())
            total.update(counted)
            total.update(tests=1, seconds=seconds)
        if file.suffix == ".xml":
            closing += CLOSING.findall(file.with_suffix(".log").read_text(errors="replace"))
    for suite, total in suites.items():
        skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
        print(f"{suite:20} {total['tests']:3} tests, {total['passed']:5} cases passed, {total['failed']} failed{skipped},"
              f" {total['seconds']:.0f} s of testing")
    for line in closing:
        print(line)
    every = sum(suites.values(), Counter())
    print(f"{every['passed']} passed, {every['failed']} failed")
    return 0 if every["passed"] and not every["failed"] else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
