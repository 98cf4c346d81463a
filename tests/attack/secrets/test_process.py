"""What others on the machine see of the process, and what the compiler put into it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "integration"))

from gate import SECRET, Gate, binary, run, token  # noqa: E402

SECRETS = [SECRET, SECRET[:16], SECRET[-16:]]


@pytest.fixture
def gate():
    running = Gate("http://127.0.0.1:1").wait_until_listening()
    yield running
    assert running.stop() == 0


def test_no_core_dump_and_no_look_from_the_same_user(gate):
    """A process that is not dumpable leaves no core, and its files in /proc belong to root."""
    fields = Path(f"/proc/{gate.pid}/stat").read_text()
    assert fields
    assert Path(f"/proc/{gate.pid}/environ").stat().st_uid == 0
    if os.geteuid() != 0:
        with pytest.raises(PermissionError):
            Path(f"/proc/{gate.pid}/environ").read_bytes()


def test_the_command_line_holds_no_secret(gate):
    shown = Path(f"/proc/{gate.pid}/cmdline").read_bytes().decode()
    assert not any(secret in shown for secret in SECRETS)


@pytest.mark.parametrize("arguments,settings", [
    (["check"], {}), (["check"], {"BETTER_AUTH_SECRET": SECRET[:31]}), (["check"], {"BETTER_AUTH_SECRETS": f"x:{SECRET},2{SECRET}"}),
    (["check"], {"POSTERN_IDENTITY_KEY": SECRET}), (["check"], {"POSTERN_IDENTITY_KEY": SECRET[:20]}),
    (["explain", "--token", token("alice"), "/api/alice"], {}), (["--help"], {}), (["nonsense"], {}),
    (["check"], {"POSTERN_LISTEN": "bad"}), (["check"], {"BETTER_AUTH_SECRET_FILE": "/etc/hostname"}),
])
def test_no_command_prints_a_secret(arguments, settings):
    _, out, err = run(*arguments, **{"BETTER_AUTH_SECRET": SECRET} | settings)
    assert not any(secret in out + err for secret in SECRETS)


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, binary()], capture_output=True, text=True, check=True).stdout


def test_the_binary_is_hardened():
    headers, dynamic, symbols = readelf("-h", "-l"), readelf("-d"), readelf("-s")
    assert re.search(r"Type:\s+DYN", headers) and "Flags: NOW PIE" in dynamic, "position-independent, bound at start"
    assert "GNU_RELRO" in headers, "relocations read-only"
    assert re.search(r"GNU_STACK\s.* RW ", headers), "no executable stack"
    assert not re.search(r"LOAD\s.* RWE", headers), "nothing both writable and executable"
    assert "__stack_chk_fail" in symbols, "stack protector"
    assert re.search(r"__\w+_chk@", symbols), "fortified calls"
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic


def test_indirect_branches_have_marked_targets():
    """CET (-fcf-protection) on x86-64: functions begin with endbr64."""
    if os.uname().machine != "x86_64":
        return
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", binary()], capture_output=True, text=True, check=True).stdout
    functions = re.findall(r"^[0-9a-f]+ <(\S*postern\S*)>:\n[^\n]*?\t(\S+)", code, re.MULTILINE)
    marked = [name for name, first in functions if first == "endbr64"]
    assert len(functions) > 300 and len(marked) > 0.5 * len(functions), (len(marked), len(functions))
