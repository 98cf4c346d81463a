"""Packs the portable program into a wheel, and prints where it is.

    python3 deploy/wheel/pack.py PROGRAM FOLDER

The wheel's tag names the glibc that the program asks for (PEP 600), which is read from the program itself; a program
that asks for any other library is refused. The same program gives the same wheel, byte for byte.
"""

import base64
import hashlib
import os
import platform
import re
import stat
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
OF_GLIBC = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1"}
NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]")
GLIBC = re.compile(r"\bGLIBC_(\d+)\.(\d+)")


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def platform_tag(program):
    libraries = {name for name in NEEDED.findall(output("readelf", "--dynamic", program)) if not name.startswith("ld-linux")}
    if libraries - OF_GLIBC:
        sys.exit(f"pack.py: the program needs {', '.join(sorted(libraries - OF_GLIBC))}: that is not portable")
    versions = [tuple(map(int, found)) for found in GLIBC.findall(output("readelf", "--version-info", program))]
    major, minor = max(versions)
    return f"manylinux_{major}_{minor}_{platform.machine()}"


def stripped(program):
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "postern"
        subprocess.run(["strip", "-o", copy, program], check=True)
        return copy.read_bytes()


def moment():
    """When the wheel says its files are from: SOURCE_DATE_EPOCH, or the earliest that a zip file can tell."""
    return time.gmtime(max(int(os.environ.get("SOURCE_DATE_EPOCH", 0)), 315532800))[:6]


def pack(program, folder):
    version = output(program, "--version").split()[1].rstrip(",")
    tag = f"py3-none-{platform_tag(program)}"
    info = f"postern-{version}.dist-info"
    metadata = (HERE / "METADATA").read_text(encoding="utf-8").replace("@VERSION@", version)
    files = {
        f"postern-{version}.data/scripts/postern": stripped(program),
        f"{info}/licenses/copyright": (HERE.parent / "debian" / "copyright").read_bytes(),
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: postern\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
    }
    record = ""
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(data)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()

    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"postern-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, moment())
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFREG | (0o755 if name.endswith("scripts/postern") else 0o644)) << 16
            archive.writestr(entry, data)
    return wheel


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: pack.py PROGRAM FOLDER")
    print(pack(sys.argv[1], Path(sys.argv[2])))
