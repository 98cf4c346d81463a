"""The system-call filter of deploy/systemd/postern.service around a process, without a running systemd."""

import ctypes
import errno
import mmap
import shutil
import socket
import subprocess
from pathlib import Path

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "systemd" / "postern.service"
PATIENCE = 60.0
# CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
NAMESPACES = 0x80 | 0x20000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000


def directives(text):
    """Of [Service]: each directive with its values in order; an empty one forgets those before it."""
    found = {}
    section = None
    for line in text.splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name] = found.get(name, []) + [value] if value else []
    return found


def analyze(*arguments):
    assert shutil.which("systemd-analyze"), "systemd-analyze is missing: apt-get install systemd"
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def named_sets():
    """What systemd means by @system-service and its like: {name: members}, sets among them."""
    sets = {}
    for line in analyze("syscall-filter").stdout.splitlines():
        if line.startswith("@"):
            members = sets.setdefault(line.strip(), [])
        elif line.startswith(" ") and not line.strip().startswith("#"):
            members.append(line.strip())
    return sets


def allowed_calls(unit):
    """The names that SystemCallFilter= leaves."""
    sets = named_sets()

    def expand(name):
        return set().union(*map(expand, sets[name])) if name.startswith("@") else {name}

    # Those are in every list that allows.
    allowed = expand("@default")
    for line in unit["SystemCallFilter"]:
        names = set().union(*map(expand, line.removeprefix("~").split()))
        allowed = allowed - names if line.startswith("~") else allowed | names
    return allowed


def families(unit):
    return [getattr(socket, name) for name in " ".join(unit["RestrictAddressFamilies"]).split()]


def cage(unit):
    """A function that puts the calling process, and what it then executes, behind the unit's filter: as
    SystemCallFilter=, RestrictAddressFamilies=, RestrictNamespaces= and MemoryDenyWriteExecute= would."""
    try:
        import seccomp
    except ImportError as missing:
        raise AssertionError("seccomp is missing: apt-get install python3-seccomp") from missing
    from seccomp import ALLOW, EQ, ERRNO, MASKED_EQ, Arg

    assert unit["SystemCallErrorNumber"] == ["EPERM"]
    assert unit["RestrictNamespaces"] == unit["MemoryDenyWriteExecute"] == ["yes"]
    allowed = allowed_calls(unit)
    conditional = {"socket", "mmap", "mprotect", "pkey_mprotect", "clone", "clone3", "unshare", "setns"}
    families_left = families(unit)

    def enter():
        rules = seccomp.SyscallFilter(ERRNO(errno.EPERM))

        def allow(name, *conditions):
            # A condition narrows; it lets nothing in that the list keeps out.
            if name in allowed:
                rules.add_rule(ALLOW, name, *conditions)

        for name in allowed - conditional:
            if seccomp.resolve_syscall(seccomp.Arch(), name) >= 0:  # else it is of another machine
                rules.add_rule(ALLOW, name)
        for family in range(socket.AF_UNSPEC, 64):
            if family in families_left:
                allow("socket", Arg(0, EQ, family))
            else:
                rules.add_rule(ERRNO(errno.EAFNOSUPPORT), "socket", Arg(0, EQ, family))
        written_or_executed = mmap.PROT_WRITE | mmap.PROT_EXEC
        for protection in (0, mmap.PROT_WRITE, mmap.PROT_EXEC):
            allow("mmap", Arg(2, MASKED_EQ, written_or_executed, protection))
        for name in ("mprotect", "pkey_mprotect"):
            allow(name, Arg(2, MASKED_EQ, mmap.PROT_EXEC, 0))
        allow("clone", Arg(0, MASKED_EQ, NAMESPACES, 0))
        # Its flags are in memory, where a filter cannot look: libc then takes clone.
        rules.add_rule(ERRNO(errno.ENOSYS), "clone3")
        rules.load()

    return enter


def refused(call):
    """The error of the system call (name, arguments...) through libc, by its name; 0 when it succeeds."""
    libc = ctypes.CDLL(None, use_errno=True)
    name, *arguments = call
    libc[name].restype = ctypes.c_long
    return errno.errorcode[ctypes.get_errno()] if libc[name](*arguments) == -1 else 0
