"""The machine finds the holes that the usual recipes are known for; Postern stops the same requests."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "differential"), str(TESTS / "integration")]

import peers  # noqa: E402


def test_every_recipe_lets_requests_through_that_postern_stops():
    table, through_postern = peers.compare(seed=1, requests=1500)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    assert [row[0] for row in rows] == list(peers.GATES)
    violations = {row[0]: sum(int(cell.replace(",", "")) for cell in row[2:]) for row in rows}
    assert through_postern == [] and violations.pop("Postern") == 0
    violations.pop(peers.STRICT_ENVOY, None)  # may stop all of so few requests
    assert all(violations.values()), table
