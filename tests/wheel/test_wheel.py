"""The wheel of the program and the package for FastAPI, as they were built and as pip installed them."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WHEEL, DIST, INSTALLED = (Path(os.environ[name]) for name in ("WHEEL", "DIST", "INSTALLED"))
sys.path.insert(0, str(ROOT / "deploy/wheel"))

import pack  # noqa: E402


def output_of(*command, **environment):
    environment = {"PATH": f"{INSTALLED / 'bin'}:/usr/bin:/bin", **environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120, cwd="/").stdout


def test_the_wheel_says_which_glibc_it_needs_and_holds_nothing_else():
    name = re.fullmatch(r"postern-(\d+\.\d+\.\d+)-py3-none-manylinux_2_(\d+)_(?:x86_64|aarch64)\.whl", WHEEL.name)
    version = name[1]
    assert 17 <= int(name[2]) < 100
    with zipfile.ZipFile(WHEEL) as wheel:
        assert wheel.testzip() is None
        names = wheel.namelist()
        (mode,) = {entry.external_attr >> 16 & 0o777 for entry in wheel.infolist() if "scripts" in entry.filename}
        assert f"Version: {version}\n" in wheel.read(f"postern-{version}.dist-info/METADATA").decode()
    info = f"postern-{version}.dist-info"
    files = ["METADATA", "RECORD", "WHEEL", "licenses/copyright"]
    assert sorted(names) == sorted([f"postern-{version}.data/scripts/postern", *(f"{info}/{file}" for file in files)])
    assert mode == 0o755


def test_the_same_program_gives_the_same_wheel(tmp_path):
    program = str(ROOT / "build/release/portable/postern")
    assert pack.pack(program, tmp_path).read_bytes() == WHEEL.read_bytes()


def test_a_program_that_needs_other_libraries_is_refused():
    with pytest.raises(SystemExit, match="is not portable"):
        pack.platform_tag("/usr/bin/python3" if "libz" in subprocess.getoutput("ldd /usr/bin/python3") else "/usr/bin/curl")


def test_pip_puts_the_program_on_the_path():
    assert re.match(r"postern \d+\.\d+\.\d+, commit ", output_of("postern", "--version"))
    checked = output_of("postern", "check", BETTER_AUTH_SECRET="s" * 40)
    assert "POSTERN_UPSTREAM" in checked and "s" * 40 not in checked


def test_both_guard_a_service_together():
    program, *statuses = output_of(str(INSTALLED / "bin/python"), str(ROOT / "tests/wheel/guarded.py")).split()
    assert (program, statuses) == (str(INSTALLED / "bin/postern"), ["200", "403", "401"])


def test_the_package_for_fastapi_is_typed_and_carries_no_tests():
    (wheel,), (source,) = DIST.glob("postern_fastapi-*.whl"), DIST.glob("postern_fastapi-*.tar.gz")
    modules = {path.name for path in (ROOT / "deploy/fastapi/postern_fastapi").glob("*.py")} | {"py.typed"}
    with zipfile.ZipFile(wheel) as archive:
        held = {Path(name).name for name in archive.namelist() if name.startswith("postern_fastapi/")}
    assert held == modules
    with tarfile.open(source) as archive:
        assert not [name for name in archive.getnames() if "tests" in name or "egg-info" in name]
    where = output_of(str(INSTALLED / "bin/python"), "-c", "import postern_fastapi; print(postern_fastapi.__file__)")
    assert where.startswith(str(INSTALLED))
