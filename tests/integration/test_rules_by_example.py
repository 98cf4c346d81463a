"""The table of rules in deploy/docs/configuration.md: what each row says is what `postern explain` and the server say."""

import json
import pathlib
import re

import pytest
from gate import SECRET, run, token
from wire import Client

PAGE = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "docs" / "configuration.md"
GOOD = {"BETTER_AUTH_SECRET": SECRET}
ROW = re.compile(r"\| `(POSTERN_\w+)=(.+)` \| `([A-Z]+ /[^`]*)` \| `([A-Z]+ /[^`]*) -> (\d+)` \|")


def rows():
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if match := ROW.fullmatch(line):
            variable, value, forwarded, refused, status = match.groups()
            yield {variable: value.replace("\\|", "|")}, forwarded, refused, int(status)


ROWS = list(rows())


def asked(request):
    """(method, target, token) of a line as explain --batch reads it."""
    line, _, who = request.partition(" as ")
    method, target = line.split(" ")
    if not who:
        return method, target, None
    uid, *claims = who.split(" ")
    values = {}
    for claim in claims:
        name, _, value = claim.partition("=")
        try:
            values[name] = json.loads(value)
        except ValueError:
            values[name] = value
    return method, target, token(uid, **values)


def test_the_table_has_a_row_for_each_kind():
    assert {variable for setting, *_ in ROWS for variable in setting} == {
        "POSTERN_USER_PATHS", "POSTERN_TOKEN_PATHS", "POSTERN_OPTIONAL_PATHS", "POSTERN_PUBLIC_PATHS", "POSTERN_OVERRIDE",
    }
    assert len(ROWS) >= 14


@pytest.mark.parametrize("setting,forwarded,refused,status", ROWS, ids=[str(row[0]) for row in ROWS])
def test_what_the_page_says_of_a_rule_holds(start, upstream, tmp_path, setting, forwarded, refused, status):
    batch = tmp_path / "policy.cases"
    batch.write_text(f"{forwarded} -> 200\n{refused} -> {status}\n")
    code, out, err = run("explain", "--batch", str(batch), **GOOD, **setting)
    assert code == 0, out + err

    ((variable, value),) = setting.items()
    conditions = re.findall(r"\S+=\S+", " ".join(value.split(",")))
    gate = start(**setting)
    for request, expected in ((forwarded, 200), (refused, status)):
        method, target, bearer = asked(request)
        with Client(gate.address) as client:
            assert client.get(target, token=bearer, method=method).status == expected, request
        arguments = ["--token", bearer] if bearer else []
        _, out, _ = run("explain", *arguments, method, target, **GOOD, **setting)
        assert (f"answer      {expected} " in out) == (expected != 200), out
        # The condition that decided has its line.
        if variable != "POSTERN_OVERRIDE" and conditions and expected in (200, 403):
            assert any(condition in out for condition in conditions), out
    gate.wait_for_log(count=2, msg="request")
    # Two threads log them, in either order.
    one, other = sorted(gate.requests(), key=lambda line: line["verdict"] == "refuse")
    assert one["verdict"] == ("override" if variable == "POSTERN_OVERRIDE" else "forward")
    assert other["verdict"] == "refuse" and other["reason"]
    if variable != "POSTERN_OVERRIDE":
        assert one["rule"] in value.split(",")
    assert len(upstream.requests) == 1
