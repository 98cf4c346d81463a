"""deploy/systemd/postern.service, as systemd's own tools judge it, and that it agrees with Postern."""

import re

import pytest

from cage import UNIT, analyze, directives
from gate import SECRET, binary, run

SETTINGS = UNIT.parent / "postern.env"
# In tenths, as systemd-analyze takes it: 2.0 and more fails.
THRESHOLD = 19


@pytest.fixture
def placed(tmp_path):
    """placed(text) puts a unit into a file; its program is the one under test."""

    def place(text):
        unit = tmp_path / "postern.service"
        unit.write_text(text.replace("/usr/local/bin/postern", binary()))
        return str(unit)

    return place


def exposure(unit):
    """The exit code, and the line that sums it up."""
    ended = analyze("security", "--offline=true", f"--threshold={THRESHOLD}", "--no-pager", unit)
    return ended.returncode, ended.stdout.rstrip().splitlines()[-1], ended.stderr


def test_the_unit_has_no_fault(placed):
    ended = analyze("verify", placed(UNIT.read_text()))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("ProtectSystem=strict", "ProtectSytem=strict"),
        ("ProtectSystem=strict", "ProtectSystem=strickt"),
        ("SystemCallFilter=@system-service", "SystemCallFilter=@system-services"),
        ("RestrictAddressFamilies=AF_INET AF_INET6", "RestrictAddressFamilies=AF_INET AF_INET7"),
        ("TimeoutStopSec=35s", "TimeoutStopSec=35x"),
        ("Restart=on-failure", "Restart=on-fault"),
        ("RestartPreventExitStatus=2", "RestartPreventExitStatus=two"),
    ],
)
def test_a_wrong_directive_would_be_seen(placed, line, instead):
    text = UNIT.read_text()
    assert text.count(line) == 1
    number = text[: text.index(line)].count("\n") + 1
    assert f"postern.service:{number}: " in analyze("verify", placed(text.replace(line, instead))).stderr


def test_the_exposure_is_below_two(placed, capsys):
    code, summary, errors = exposure(placed(UNIT.read_text()))
    with capsys.disabled():
        print(f"\nsystemd-analyze security: {summary.removeprefix('→ ')}")
    assert (code, errors) == (0, "")
    assert float(re.search(r": (\d+\.\d)", summary)[1]) < 2.0


def test_a_unit_that_is_not_hardened_would_be_seen(placed):
    hardening = re.compile("Protect|Capability|System|Restrict")
    bare = "\n".join(line for line in UNIT.read_text().splitlines() if not hardening.match(line))
    code, summary, _ = exposure(placed(bare))
    assert code != 0
    assert float(re.search(r": (\d+\.\d)", summary)[1]) >= 2.0


def settings():
    lines = [line for line in SETTINGS.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_postern_takes_the_example_settings():
    code, out, errors = run("check", **settings(), BETTER_AUTH_SECRET=SECRET)
    assert (code, errors) == (0, "")
    in_force = dict(line.split("=", 1) for line in out.splitlines() if not line.startswith("#"))
    assert settings().items() <= in_force.items()


def test_the_secret_is_a_credential_and_nothing_else():
    unit = directives(UNIT.read_text())
    (credential,) = unit["LoadCredential"]
    name, _, path = credential.partition(":")
    assert unit["Environment"] == [f"BETTER_AUTH_SECRET_FILE=%d/{name}"]
    assert path.startswith("/etc/postern/") and path not in unit["EnvironmentFile"]
    assert not [name for name in settings() if name.startswith("BETTER_AUTH_")]


def test_stopping_leaves_time_for_the_drain_and_a_restart_means_a_failure():
    unit = directives(UNIT.read_text())
    (stop,) = unit["TimeoutStopSec"]
    assert unit["KillSignal"] == ["SIGTERM"]
    assert int(stop.removesuffix("s")) >= int(settings()["POSTERN_DRAIN_TIMEOUT"].removesuffix("s")) + 5
    assert "POSTERN_DRAIN_TIMEOUT           for requests in flight after SIGTERM [25s]" in run("--help")[1]
    assert unit["Restart"] == ["on-failure"]
    code, _, _ = run("serve", BETTER_AUTH_SECRET="short")
    assert unit["RestartPreventExitStatus"] == [str(code)]


def test_the_limit_of_open_files_is_enough_for_every_connection():
    unit = directives(UNIT.read_text())
    _, out, _ = run("check", **settings(), BETTER_AUTH_SECRET=SECRET)
    (connections,) = re.findall(r"^POSTERN_MAX_CONNECTIONS=(\d+)$", out, re.M)
    assert int(unit["LimitNOFILE"][0]) > 2 * int(connections)
