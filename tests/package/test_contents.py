"""What is in the Debian package, and that its pages name what the program knows."""

import gzip
import os
import re
import subprocess

import pytest

from bill_of_materials import Bill, digests_below, problems_of

BILL = "usr/share/doc/postern/postern.cdx.json"
# Runs the program where it is another architecture's.
EMULATOR = os.environ.get("EMULATOR", "").split()


def output_of(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    root = tmp_path_factory.mktemp("deb")
    output_of("dpkg-deb", "-x", os.environ["DEB"], str(root))
    return root


@pytest.fixture(scope="module")
def program(unpacked):
    return [*EMULATOR, str(unpacked / "usr/bin/postern")]


@pytest.fixture(scope="module")
def variables(program):
    help_text = output_of(*program, "--help")
    found = re.findall(r"^  ([A-Z][A-Z0-9_]+) ", help_text, re.M)
    assert len(found) > 30
    return found


@pytest.fixture(scope="module")
def commands(program):
    """{command: its options}, as --help names them."""
    text = output_of(*program, "--help").partition("commands:\n")[2].partition("\n\n")[0]
    found, command = {}, ""
    for line in text.splitlines():
        if begun := re.match(r"  ([a-z]+)", line):
            command = begun[1]
        usage = re.split(r"  +", line.strip())[0]
        if command and not line.startswith(("  --", " " * 9)):
            found.setdefault(command, set()).update(re.findall(r"--[a-z-]+", usage))
    assert len(found) >= 7 and "--uid" in found["token"] and "--wait" in found["drain"]
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
        "usr/share/doc/postern/postern.cdx.json",
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


def test_the_settings_as_they_stand_are_the_defaults(unpacked, program):
    """With every # taken away, `check` prints what it prints without any."""
    secret = {"BETTER_AUTH_SECRET": "s" * 32, "POSTERN_THREADS": "1", "PATH": os.environ["PATH"]}
    lines = re.findall(r"^#([A-Z0-9_]+)=(.+)$", (unpacked / "etc/default/postern").read_text(), re.M)
    assert output_of(*program, "check", env=dict(lines) | secret) == output_of(*program, "check", env=secret)


def test_the_copyright_file_says_that_there_is_no_licence_yet(unpacked):
    text = (unpacked / "usr/share/doc/postern/copyright").read_text()
    assert "has not chosen a licence yet" in text and "Boost Software License" in text


def test_the_manual_page_names_every_command_and_option(unpacked, commands):
    page = gzip.decompress((unpacked / "usr/share/man/man1/postern.1.gz").read_bytes()).decode().replace("\\-", "-")
    section = page.partition(".SH COMMANDS")[2].partition(".SH SIGNALS")[0]
    for command, options in commands.items():
        assert re.search(rf"^{command}\b", section, re.M) and all(option in section for option in options)
    assert "--help" in section and "--version" in section


def bash_offers(unpacked, *words):
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _postern; printf "%s\\n" "${COMPREPLY[@]}"'
    completion = unpacked / "usr/share/bash-completion/completions/postern"
    return set(output_of("bash", "-c", script, "bash", str(completion), *words).split())


def test_bash_completes_every_command_and_option(unpacked, commands):
    assert bash_offers(unpacked, "postern", "") == {*commands, "--help", "--version"}
    for command, options in commands.items():
        assert bash_offers(unpacked, "postern", command, "--") == options


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["postern", "tok"], {"token"}),
        (["postern", "token", "--t"], {"--ttl"}),
        (["postern", "token", "--ttl", ""], set()),
        (["postern", "explain", "--token", "x", "P"], {"POST", "PUT", "PATCH"}),
        (["postern", "routes", "--openapi", "/etc/host"], {"/etc/hostname", "/etc/hosts", "/etc/host.conf"}),
    ],
)
def test_bash_completes(unpacked, words, offered):
    found = bash_offers(unpacked, *words)
    assert found and found <= offered if "--openapi" in words else found == offered


def test_zsh_completes_every_command_and_option(unpacked, commands):
    """With zsh's own completion functions replaced by ones that print what they are given."""
    completion = unpacked / "usr/share/zsh/vendor-completions/_postern"
    script = "_describe() { print -l -- ${(P)2%%:*} }; _values() { print -l -- ${@[2,-1]%%\\[*} }; _arguments() { print -l -- ${@%%:*} }; "
    script += 'completion=$1; shift; words=("$@"); CURRENT=$#; complete() { source $completion }; complete'

    def offers(*words):
        printed = output_of("zsh", "-f", "-c", script, "zsh", str(completion), *words).split()
        return {word.lstrip("*") for word in printed if not word.isdigit()}

    assert offers("postern", "") == {*commands, "--help", "--version"}
    for command, options in commands.items():
        assert offers("postern", command, "") == options


def test_the_program_does_not_name_the_folder_that_it_was_built_in(unpacked):
    assert b"/proxy/" not in (unpacked / "usr/bin/postern").read_bytes()


def test_the_bill_of_materials_is_one(unpacked):
    assert problems_of((unpacked / BILL).read_text()) == ""


def test_the_bill_of_materials_names_each_file_and_what_the_program_is_made_of(unpacked):
    bill = Bill((unpacked / BILL).read_text())
    assert bill.files == {path: digest for path, digest in digests_below(unpacked).items() if path != f"/{BILL}"}
    depends = {word for word in output_of("dpkg-deb", "-f", os.environ["DEB"], "Depends").split() if word.startswith("lib")}
    # Of spdlog it asks for what spdlog provides for one version of fmt.
    assert {re.sub(r"-fmt\d+$", "", name.rstrip(",")) for name in depends} <= bill.linked("loaded")
    assert any(re.fullmatch(r"libboost1\.\d+-dev", name) for name in bill.linked("compiled in"))


def test_the_package_has_the_commits_time_and_no_other():
    listed = output_of("dpkg-deb", "--contents", os.environ["DEB"]).splitlines()
    times = {" ".join(line.split()[3:5]) for line in listed}
    assert len(times) == 1, times
