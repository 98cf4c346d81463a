"""What is in the Debian package, and that its pages name what the program knows."""

import gzip
import os
import re
import subprocess

import pytest


def output_of(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    root = tmp_path_factory.mktemp("deb")
    output_of("dpkg-deb", "-x", os.environ["DEB"], str(root))
    return root


@pytest.fixture(scope="module")
def variables(unpacked):
    help_text = output_of(str(unpacked / "usr/bin/postern"), "--help")
    found = re.findall(r"^  ([A-Z][A-Z0-9_]+) ", help_text, re.M)
    assert len(found) > 30
    return found


def test_it_has_these_files(unpacked):
    assert sorted(str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()) == [
        "etc/default/postern",
        "usr/bin/postern",
        "usr/lib/systemd/system/postern.service",
        "usr/share/bash-completion/completions/postern",
        "usr/share/doc/postern/README.Debian",
        "usr/share/doc/postern/changelog.gz",
        "usr/share/doc/postern/copyright",
        "usr/share/man/man1/postern.1.gz",
        "usr/share/zsh/vendor-completions/_postern",
    ]


def test_it_asks_for_the_libraries_that_it_loads():
    depends = output_of("dpkg-deb", "-f", os.environ["DEB"], "Depends")
    assert all(library in depends for library in ("libssl3", "libboost-json", "libspdlog", "libprometheus-cpp-core", "libstdc++6", "libc6"))


def test_the_manual_page_names_every_variable_and_has_no_fault(unpacked, variables):
    page = gzip.decompress((unpacked / "usr/share/man/man1/postern.1.gz").read_bytes()).decode()
    assert re.findall(r"^\.B ([A-Z][A-Z0-9_]+)$", page, re.M) == variables
    formatted = subprocess.run(["man", "--warnings", "-l", "-"], input=page, capture_output=True, text=True, check=True)
    assert formatted.stderr == "" and "between requests, else close" in formatted.stdout


def test_the_settings_name_every_variable_but_secrets_and_set_none(unpacked, variables):
    text = (unpacked / "etc/default/postern").read_text()
    assert [line for line in text.splitlines() if line and not line.startswith("#")] == []
    secrets = {"BETTER_AUTH_SECRET", "BETTER_AUTH_SECRET_FILE", "BETTER_AUTH_SECRETS", "BETTER_AUTH_SECRETS_FILE", "POSTERN_IDENTITY_KEY"}
    assert re.findall(r"^#([A-Z0-9_]+)=", text, re.M) == [name for name in variables if name not in secrets]


def test_the_settings_as_they_stand_are_the_defaults(unpacked):
    """With every # taken away, `check` prints what it prints without any."""
    program, secret = str(unpacked / "usr/bin/postern"), {"BETTER_AUTH_SECRET": "s" * 32, "POSTERN_THREADS": "1"}
    lines = re.findall(r"^#([A-Z0-9_]+)=(.+)$", (unpacked / "etc/default/postern").read_text(), re.M)
    assert output_of(program, "check", env=dict(lines) | secret) == output_of(program, "check", env=secret)


def test_the_copyright_file_says_that_there_is_no_licence_yet(unpacked):
    text = (unpacked / "usr/share/doc/postern/copyright").read_text()
    assert "has not chosen a licence yet" in text and "Boost Software License" in text


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["postern", ""], {"serve", "check", "token", "explain", "health", "drain", "--help", "--version"}),
        (["postern", "tok"], {"token"}),
        (["postern", "token", "--"], {"--uid", "--ttl", "--claim"}),
        (["postern", "health", "-"], {"--ready"}),
        (["postern", "drain", "-"], {"--after", "--wait"}),
        (["postern", "explain", "--token", ""], set()),
    ],
)
def test_bash_completes(unpacked, words, offered):
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _postern; printf "%s\\n" "${COMPREPLY[@]}"'
    completion = unpacked / "usr/share/bash-completion/completions/postern"
    assert set(output_of("bash", "-c", script, "bash", str(completion), *words).split()) == offered


def test_zsh_takes_its_completion(unpacked):
    output_of("zsh", "-n", str(unpacked / "usr/share/zsh/vendor-completions/_postern"))
