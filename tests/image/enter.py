"""Becomes a container's first process, the way an engine makes one: new mounts, a read-only root, no rights.

    unshare --mount --pid --fork --kill-child enter.py ROOT UID:GID [FROM=TO...] -- COMMAND...

FROM=TO binds a file or folder of the host, read-only. The environment is the command's.
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, LAST_CAPABILITY = 38, 24, 40


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def main():
    root, user, *rest = sys.argv[1:]
    root = Path(root)
    binds, command = rest[:rest.index("--")], rest[rest.index("--") + 1:]
    mount("--make-rprivate", "/")
    mount("--bind", root, root)
    (root / "proc").mkdir(exist_ok=True)
    mount("-t", "proc", "proc", root / "proc")
    for bind in binds:
        source, target = bind.split("=")
        inside = root / target.lstrip("/")
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.mkdir(exist_ok=True) if Path(source).is_dir() else inside.touch()
        mount("--bind", source, inside)
        mount("-o", "remount,bind,ro", inside)
    mount("-o", "remount,bind,ro", root)
    os.chroot(root)
    os.chdir("/")
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for capability in range(LAST_CAPABILITY + 1):
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    uid, gid = map(int, user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
