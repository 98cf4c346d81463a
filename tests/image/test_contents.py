"""What is in the image, to the last file, and what it says of itself."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from container import EMULATOR, ROOT, SETTINGS, run

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "package"))

from bill_of_materials import Bill, digests_below, problems_of  # noqa: E402

LISTED = Path(__file__).with_name("files.txt")
BILL = "/usr/share/doc/postern/postern.cdx.json"
MIB = 1 << 20


def files():
    """Every path of the image with its mode; taken before a container adds its mount points."""
    return {f"{stat.filemode(path.lstat().st_mode)} /{path.relative_to(ROOT)}": path.lstat()
            for path in sorted(ROOT.rglob("*")) if path.is_symlink() or not path.is_dir()}


FOUND = files()
DIGESTS = digests_below(ROOT)


def as_on_amd64(line):
    """The line as the list has it: what is linked in came from the cross compiler's packages."""
    theirs = {"/aarch64-linux-gnu/": "/x86_64-linux-gnu/", "/lib/ld-linux-aarch64.so.1": "/lib64/ld-linux-x86-64.so.2"}
    for found, meant in theirs.items():
        line = line.replace(found, meant)
    return re.sub(r"-arm64-cross\b", "", line)


def paths(lines):
    return {line.split(" ", 1)[1] for line in lines}


def test_the_image_holds_the_listed_files_and_no_other():
    for line, status in FOUND.items():
        print(f"{status.st_size:>9} {line}")
    listed = LISTED.read_text().splitlines()
    if EMULATOR:
        # Which of two equal licence texts is the link may differ.
        assert paths(map(as_on_amd64, FOUND)) == paths(listed)
    else:
        assert list(FOUND) == listed, f"if this is meant, change {LISTED.name}"


def test_the_image_is_small():
    size = sum(status.st_size for status in FOUND.values())
    print(f"\nimage: {size / MIB:.1f} MiB in {len(FOUND)} files")
    assert size < 20 * MIB


def test_nothing_is_writable_or_gains_rights_or_belongs_to_the_user_it_runs_as():
    for line, status in FOUND.items():
        assert status.st_uid == 0 and status.st_gid == 0, line
        assert stat.S_ISLNK(status.st_mode) or not status.st_mode & 0o7022, line


@pytest.mark.skipif(bool(EMULATOR), reason="another architecture's loader, which starts the program in the other tests")
def test_no_library_is_missing():
    loader = next(path for path in ROOT.glob("lib*/ld-linux*"))
    listed = subprocess.run(["chroot", ROOT, "/" + str(loader.relative_to(ROOT)), "--list", "/postern"], capture_output=True,
                            text=True, check=True)
    assert "not found" not in listed.stdout and "libc.so.6" in listed.stdout


def test_the_program_does_not_name_the_folder_that_it_was_built_in():
    assert b"/proxy/" not in (ROOT / "postern").read_bytes()


def test_the_authorities_are_debians():
    bundle = (ROOT / "etc/ssl/certs/ca-certificates.crt").read_text()
    assert bundle.count("BEGIN CERTIFICATE") > 100
    assert "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt" in SETTINGS["Env"]


def test_every_library_has_its_licence_and_its_package():
    licences = {path.parent.name for path in ROOT.glob("usr/share/doc/*/copyright") if path.stat().st_size}
    packages = {path.name for path in ROOT.glob("var/lib/dpkg/status.d/*")}
    assert licences - packages == {"postern"} and packages < licences and len(packages) >= 5


@pytest.fixture(scope="module")
def bill():
    return Bill((ROOT / BILL.lstrip("/")).read_text())


def test_the_bill_of_materials_is_one():
    assert problems_of((ROOT / BILL.lstrip("/")).read_text()) == ""


def test_the_bill_of_materials_names_each_file(bill):
    assert bill.files == {path: digest for path, digest in DIGESTS.items() if path != BILL}


def test_the_bill_of_materials_names_what_is_loaded_linked_in_and_compiled_in(bill):
    assert bill.linked("loaded") == {"libc6"} and bill.linked("data") == {"ca-certificates"}
    for name in (r"libssl-dev", r"libboost-json1\.\d+-dev", r"libboost-program-options1\.\d+-dev", r"libstdc\+\+-\d+-dev.*"):
        assert any(re.fullmatch(name, package) for package in bill.linked("linked in")), name
    for name in (r"libboost1\.\d+-dev", r"libspdlog-dev", r"prometheus-cpp-dev"):
        assert any(re.fullmatch(name, package) for package in bill.linked("compiled in")), name


def test_scanners_find_the_same_packages_in_dpkgs_words(bill):
    status = (path.read_text() for path in ROOT.glob("var/lib/dpkg/status.d/*"))
    told = {field("Package", text): field("Version", text) for text in status}
    assert told == {name: version for name, (version, linkage) in bill.packages.items() if linkage != "compiled in"}


def field(name, text):
    return re.search(rf"^{name}: (.*)$", text, re.M)[1]


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
