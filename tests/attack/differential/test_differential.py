"""The machine itself: gates that are wrong in a known way are caught, and a case can be run again."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "integration")]

import on_the_wire  # noqa: E402
import processes  # noqa: E402
import policed_service  # noqa: E402
from conditions import CONDITION, Conditions  # noqa: E402
from generator import Targets  # noqa: E402
from in_process import InProcess  # noqa: E402
from invariant import IDENTITY, OTHER_USER, REQUESTS, broken_by  # noqa: E402
from messages import Messages  # noqa: E402

BROKEN_GATES = [
    # (gate, what it lets happen)
    ("pass-through", OTHER_USER),
    ("raw-compare", OTHER_USER),
    ("normalised", OTHER_USER),
    ("keep-spelling", IDENTITY),
]


@pytest.mark.parametrize(("gate", "kind"), BROKEN_GATES)
def test_a_broken_gate_is_caught_in_process(gate, kind):
    tally = InProcess(seed=1, broken=gate).search(4000)
    assert kind in {violation.kind for violation in tally.violations}


def test_the_real_gate_lets_honest_requests_through_and_nothing_else():
    tally = InProcess(seed=1).search(4000)
    assert tally.violations == []
    assert tally.forwarded > 200 and tally.refused > 2000 and tally.ran > tally.forwarded


def without(word):
    """The rules with that word taken away."""
    changed = {
        kind: [" ".join(one for one in rule.split() if one != word) for rule in rules]
        for kind, rules in policed_service.RULES.items()
    }
    assert changed != policed_service.RULES
    return changed


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rules": without("{org_id}=orgs")}, "orgs runs with"),
        ({"rules": without("{org_id}=org")}, "team runs with"),
        ({"rules": without("role=admin")}, "admin runs with"),
        ({"rules": without("role=owner")}, "api runs with"),
        ({"rules": without("scope=reports:read")}, "reports runs with"),
        ({"rules": without("{year}=years")}, "reports runs with"),
        ({"rules": without("level=7")}, "level runs with"),
        ({"rules": without("GET")}, "by POST"),
        ({"overrides": ["role=support", "GET|POST|PUT|DELETE role=admin"]}, "api runs with"),
        ({"overrides": []}, "is refused"),
    ],
)
def test_a_gate_without_one_of_its_conditions_is_caught(change, says):
    tally = Conditions(seed=1, **change).search(4000)
    assert {violation.kind for violation in tally.violations} == {CONDITION}
    assert any(says in violation.what for violation in tally.violations)


def test_the_real_gate_keeps_every_condition_and_lets_through_whom_it_names():
    tally = Conditions(seed=2).search(4000)
    assert tally.violations == []
    assert tally.forwarded > 400 and tally.refused > 1500 and tally.ran > tally.forwarded


def test_no_gate_at_all_is_caught_on_the_wire():
    tally = on_the_wire.search(1, 400, start_gate=None, servers=processes.servers()[:2])
    assert {violation.kind for violation in tally.violations} == {OTHER_USER, IDENTITY, REQUESTS}


def test_a_violation_names_the_bytes_and_how_to_run_them_again():
    violation = InProcess(seed=7, broken="raw-compare").search(4000).violations[0]
    text = str(violation)
    assert repr(violation.sent) in text and repr(violation.upstream) in text
    assert f"tests/attack/run --seed 7 --case {violation.index}" in text
    explained = InProcess(seed=7, broken="raw-compare").explain(violation.index)
    assert violation.what in explained


def test_a_case_depends_on_its_seed_and_number_only():
    assert [Targets(3).make(index) for index in range(50)] == list(map(Targets(3).make, range(50)))
    assert Targets(3).make(9) != Targets(4).make(9)
    in_order, out_of_order = Messages(3), Messages(3)
    for index in range(20):
        in_order.make(index)
    assert in_order.make(20).way == out_of_order.make(20).way
    assert in_order.make(20).data.split(b"\r\n")[0] == out_of_order.make(20).data.split(b"\r\n")[0]


NOTES = [
    # (why, given, identity, preflight, credentials, uid, broken)
    ("her own", "alice", ["alice"], False, 1, "alice", None),
    ("another user", "bob", ["alice"], False, 1, "alice", OTHER_USER),
    ("nobody's token", "bob", [], False, 0, None, OTHER_USER),
    ("no identity for a user", "alice", [], False, 1, "alice", IDENTITY),
    ("a second identity", "alice", ["alice", "bob"], False, 1, "alice", IDENTITY),
    ("the same one twice", "alice", ["alice", "alice"], False, 1, "alice", IDENTITY),
    ("an identity on a public path", None, ["bob"], False, 0, None, IDENTITY),
    ("a public path", None, [], False, 0, None, None),
    ("a preflight", "bob", [], True, 0, "alice", None),
    ("an OPTIONS that is no preflight", "bob", [], False, 0, "alice", OTHER_USER),
    ("a preflight with credentials", "bob", [], True, 1, "alice", OTHER_USER),
]


@pytest.mark.parametrize(("why", "given", "identity", "preflight", "credentials", "uid", "broken"), NOTES)
def test_what_breaks_the_invariant(why, given, identity, preflight, credentials, uid, broken):
    note = {"identity": identity, "preflight": preflight, "credentials": credentials}
    note["given"] = {"user_id": given} if given else {}
    assert (broken_by(note, uid) or [None])[0] == broken, why
