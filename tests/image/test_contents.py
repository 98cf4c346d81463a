"""What is in the image, to the last file, and what it says of itself."""

import stat
import subprocess
from pathlib import Path

from container import ROOT, SETTINGS, run

LISTED = Path(__file__).with_name("files.txt")
MIB = 1 << 20


def files():
    """Every path of the image with its mode; taken before a container adds its mount points."""
    return {f"{stat.filemode(path.lstat().st_mode)} /{path.relative_to(ROOT)}": path.lstat()
            for path in sorted(ROOT.rglob("*")) if path.is_symlink() or not path.is_dir()}


FOUND = files()


def test_the_image_holds_the_listed_files_and_no_other():
    for line, status in FOUND.items():
        print(f"{status.st_size:>9} {line}")
    listed = LISTED.read_text().splitlines()
    assert list(FOUND) == listed, f"if this is meant, change {LISTED.name}"


def test_the_image_is_small():
    size = sum(status.st_size for status in FOUND.values())
    print(f"\nimage: {size / MIB:.1f} MiB in {len(FOUND)} files")
    assert size < 20 * MIB


def test_nothing_is_writable_or_gains_rights_or_belongs_to_the_user_it_runs_as():
    for line, status in FOUND.items():
        assert status.st_uid == 0 and status.st_gid == 0, line
        assert stat.S_ISLNK(status.st_mode) or not status.st_mode & 0o7022, line


def test_no_library_is_missing():
    loader = next(path for path in ROOT.glob("lib*/ld-linux*"))
    listed = subprocess.run(["chroot", ROOT, "/" + str(loader.relative_to(ROOT)), "--list", "/postern"], capture_output=True,
                            text=True, check=True)
    assert "not found" not in listed.stdout and "libcrypto" in listed.stdout


def test_the_authorities_are_debians():
    bundle = (ROOT / "etc/ssl/certs/ca-certificates.crt").read_text()
    assert bundle.count("BEGIN CERTIFICATE") > 100
    assert "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt" in SETTINGS["Env"]


def test_every_library_has_its_licence_and_its_package():
    licences = {path.parent.name for path in ROOT.glob("usr/share/doc/*/copyright") if path.stat().st_size}
    packages = {path.name for path in ROOT.glob("var/lib/dpkg/status.d/*")}
    assert licences == packages and len(packages) >= 8


def test_the_image_says_what_it_is():
    assert SETTINGS["User"] == "65532:65532"
    assert SETTINGS["Entrypoint"] == ["/postern"] and not SETTINGS["Cmd"]
    assert SETTINGS["Healthcheck"]["Test"] == ["CMD", "/postern", "health"]
    assert list(SETTINGS["ExposedPorts"]) == ["8080/tcp"]
    assert not SETTINGS["Volumes"]
    labels = {name.rsplit(".", 1)[1]: value for name, value in SETTINGS["Labels"].items() if name.startswith("org.opencontainers.image.")}
    assert labels.keys() >= {"title", "description", "version", "revision"}
    code, said, errors = run("--version")
    assert (code, errors) == (0, "") and said.startswith(f"postern {labels['version']}, commit {labels['revision'][:12]}, OpenSSL 3.")
