"""What `cmake --install` puts where, below DESTDIR: the same files as the package's, below /usr/local."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from bill_of_materials import Bill, digests_below

BUILD = Path(__file__).resolve().parents[2] / "build/release"
BILL = "/usr/local/share/doc/postern/postern.cdx.json"


def install(root):
    subprocess.run(["cmake", "--install", str(BUILD)], env=os.environ | {"DESTDIR": str(root)}, check=True, capture_output=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    install(root)
    return root


def test_it_puts_these_files(installed):
    assert sorted(digests_below(installed)) == [
        "/etc/default/postern",
        "/usr/local/bin/postern",
        "/usr/local/lib/systemd/system/postern.service",
        "/usr/local/share/bash-completion/completions/postern",
        "/usr/local/share/doc/postern/README.Debian",
        "/usr/local/share/doc/postern/changelog.gz",
        "/usr/local/share/doc/postern/copyright",
        "/usr/local/share/doc/postern/postern.cdx.json",
        "/usr/local/share/man/man1/postern.1.gz",
        "/usr/local/share/zsh/vendor-completions/_postern",
    ]


def test_the_unit_names_the_program_and_the_settings_where_they_lie(installed):
    unit = (installed / "usr/local/lib/systemd/system/postern.service").read_text()
    assert re.search(r"^ExecStart=/usr/local/bin/postern$", unit, re.M)
    assert re.search(r"^EnvironmentFile=-?/etc/default/postern$", unit, re.M)


def test_the_bill_of_materials_is_of_the_files_as_they_were_installed(installed):
    bill = Bill((installed / BILL.lstrip("/")).read_text())
    assert bill.files == {path: digest for path, digest in digests_below(installed).items() if path != BILL}


def test_settings_that_somebody_wrote_are_kept(installed):
    settings = installed / "etc/default/postern"
    settings.write_text("POSTERN_THREADS=1\n")
    install(installed)
    assert settings.read_text() == "POSTERN_THREADS=1\n"
