"""A Debian that systemd boots, with nothing but a loopback for a network: it runs a list of commands and goes off."""

import shutil
import subprocess
from dataclasses import dataclass

PATIENCE = 300.0

UNIT = """[Unit]
Description=The commands of a test
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /commands/run
ExecStopPost=/bin/systemctl poweroff --force
[Install]
WantedBy=graphical.target
"""


@dataclass
class Outcome:
    code: int
    out: str  # standard output and error


def run_in(fresh, root, commands):
    """Boots a copy of `fresh` at `root` and runs `commands`, {name: shell text}, in their order: {name: Outcome}."""
    subprocess.run(["cp", "-a", "--reflink=auto", str(fresh), str(root)], check=True)
    folder = root / "commands"
    folder.mkdir()
    lines = [
        f"( {text}\n) >/commands/{name}.out 2>&1 </dev/null; echo $? >/commands/{name}.code" for name, text in commands.items()
    ]
    (folder / "run").write_text("\n".join(lines) + "\n")
    (root / "etc/systemd/system/commands.service").write_text(UNIT)
    wanted = root / "etc/systemd/system/graphical.target.wants"
    wanted.mkdir(exist_ok=True)
    (wanted / "commands.service").symlink_to("/etc/systemd/system/commands.service")
    booted = subprocess.run(
        ["systemd-nspawn", "--register=no", "--keep-unit", "--private-network", "--console=pipe", "--boot", "-D", str(root)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=PATIENCE,
        check=False,
    )
    try:
        return {name: Outcome(int((folder / f"{name}.code").read_text()), (folder / f"{name}.out").read_text()) for name in commands}
    except FileNotFoundError as missing:
        raise AssertionError(f"{missing}\n{booted.stdout[-3000:]}{booted.stderr[-3000:]}") from missing
    finally:
        shutil.rmtree(root)
