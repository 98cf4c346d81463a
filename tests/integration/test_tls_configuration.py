"""The files of TLS when they will not do: one line each that names the variable and the file, exit 2, and nothing secret."""

import os
import pty

import pytest
from certificates import PASSPHRASE, Identity, certificates, openssl, serving
from gate import SECRET, binary, clean_environment, run, token
from tls_wire import TlsClient
from wire import Client

GOOD = {"BETTER_AUTH_SECRET": SECRET}
CERT, KEY, CLIENT_CA, UPSTREAM_CA = "POSTERN_TLS_CERT", "POSTERN_TLS_KEY", "POSTERN_TLS_CLIENT_CA", "POSTERN_UPSTREAM_CA"
TO_TLS = "https://127.0.0.1:1"


def starts(*command, **settings):
    """A start that is expected to fail: (exit code, standard output, lines of standard error)."""
    code, out, err = run(*command, **GOOD, **settings)
    assert "Sanitizer" not in err and "PRIVATE" not in err and PASSPHRASE not in err, err
    return code, out, err.splitlines()


class Files:
    """Files by what is wrong with them."""

    def __init__(self, certificates, folder):
        made = certificates
        self.missing = str(folder / "missing.pem")
        self.folder = str(folder)
        self.empty = self._write(folder, "empty.pem", "")
        self.garbage = self._write(folder, "garbage.pem", "hidden-garbage\n" * 20)
        self.half = self._write(folder, "half.pem", open(made.server.cert).read()[:300])
        self.binary = str(folder / "server.der")
        openssl("x509", "-in", made.server.cert, "-outform", "DER", "-out", self.binary)
        self.cert, self.key = made.server
        self.other_key = made.foreign.key
        self.encrypted = made.encrypted_key
        self.old_encrypted = str(folder / "old-encrypted.key")
        openssl("ec", "-in", made.server.key, "-aes256", "-passout", f"pass:{PASSPHRASE}", "-out", self.old_encrypted)
        self.ca = made.ca.cert

    @staticmethod
    def _write(folder, name, content):
        (folder / name).write_text(content)
        return str(folder / name)


@pytest.fixture
def files(certificates, tmp_path):
    return Files(certificates, tmp_path)


NO_CERTIFICATE = "holds no certificate"
NO_KEY = "holds no private key that can be read without a passphrase"
OTHERS_KEY = "is not the key of that certificate"
WRONG = [  # (why, settings by the kind of their file, the variable that is wrong, what is said of it)
    ("a certificate without a key", {CERT: "cert"}, KEY, f"is required beside {CERT}"),
    ("a key without a certificate", {KEY: "key"}, CERT, f"is required beside {KEY}"),
    ("authorities for clients alone", {CLIENT_CA: "ca"}, CERT, f"is required beside {CLIENT_CA}"),
    ("no such certificate", {CERT: "missing", KEY: "key"}, CERT, "No such file"),
    ("no such key", {CERT: "cert", KEY: "missing"}, KEY, "No such file"),
    ("no such authorities", {CERT: "cert", KEY: "key", CLIENT_CA: "missing"}, CLIENT_CA, "No such file"),
    ("a folder", {CERT: "folder", KEY: "key"}, CERT, "directory"),
    ("an empty certificate", {CERT: "empty", KEY: "key"}, CERT, "is empty"),
    ("an empty key", {CERT: "cert", KEY: "empty"}, KEY, "is empty"),
    ("empty authorities", {CERT: "cert", KEY: "key", CLIENT_CA: "empty"}, CLIENT_CA, "is empty"),
    ("a certificate that is no PEM", {CERT: "garbage", KEY: "key"}, CERT, NO_CERTIFICATE),
    ("a certificate in DER", {CERT: "binary", KEY: "key"}, CERT, NO_CERTIFICATE),
    ("half a certificate", {CERT: "half", KEY: "key"}, CERT, NO_CERTIFICATE),
    ("a key that is no PEM", {CERT: "cert", KEY: "garbage"}, KEY, NO_KEY),
    ("the key in the place of the certificate", {CERT: "key", KEY: "key"}, CERT, NO_CERTIFICATE),
    ("the certificate in the place of the key", {CERT: "cert", KEY: "cert"}, KEY, NO_KEY),
    ("another certificate's key", {CERT: "cert", KEY: "other_key"}, KEY, OTHERS_KEY),
    ("an encrypted key", {CERT: "cert", KEY: "encrypted"}, KEY, NO_KEY),
    ("a key encrypted the old way", {CERT: "cert", KEY: "old_encrypted"}, KEY, NO_KEY),
    ("authorities without a certificate", {CERT: "cert", KEY: "key", CLIENT_CA: "key"}, CLIENT_CA, NO_CERTIFICATE),
    ("no such authorities of the upstream", {UPSTREAM_CA: "missing"}, UPSTREAM_CA, "No such file"),
    ("empty authorities of the upstream", {UPSTREAM_CA: "empty"}, UPSTREAM_CA, "is empty"),
    ("authorities of the upstream that are no PEM", {UPSTREAM_CA: "garbage"}, UPSTREAM_CA, NO_CERTIFICATE),
]


@pytest.mark.parametrize("command", [[], ["check"]], ids=["serve", "check"])
@pytest.mark.parametrize("why,kinds,variable,said", WRONG, ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_one_line(files, why, kinds, variable, said, command):
    settings = {name: getattr(files, kind) for name, kind in kinds.items()}
    code, out, lines = starts(*command, POSTERN_UPSTREAM=TO_TLS, **settings)
    assert (code, out, len(lines)) == (2, "", 1), lines
    assert lines[0].startswith(f"{variable}: ") and said in lines[0] and f"e.g. {variable}=/" in lines[0]
    assert "hidden" not in lines[0]
    if said == "No such file":  # it may be the key itself that stands there
        assert "what it names" in lines[0]
    elif variable in settings:
        assert settings[variable][:40] in lines[0]  # a long name is cut


def test_every_wrong_file_has_its_own_line(files):
    code, _, lines = starts(**{CERT: files.missing, KEY: files.empty, CLIENT_CA: files.empty, UPSTREAM_CA: files.garbage},
                            POSTERN_UPSTREAM=TO_TLS, POSTERN_THREADS="0")
    assert code == 2
    assert sorted(line.split(":")[0] for line in lines) == sorted(["POSTERN_THREADS", CERT, KEY, CLIENT_CA, UPSTREAM_CA])


def test_nobody_is_asked_for_a_passphrase(files):
    """On a terminal, where OpenSSL would."""
    environment = clean_environment(**GOOD, **{CERT: files.cert, KEY: files.encrypted})
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(binary(), [binary(), "check"], environment)
    said = b""
    try:
        while part := os.read(terminal, 4096):
            said += part
    except OSError:
        pass  # the terminal ends with the process
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 2
    assert said.count(b"\n") == 1 and said.startswith(KEY.encode())


def test_check_shows_the_names_of_the_files_and_nothing_of_what_is_in_them(files, certificates):
    named = {CERT: files.cert, KEY: files.key, CLIENT_CA: files.ca, UPSTREAM_CA: files.ca}
    code, out, err = run("check", **GOOD, **named, POSTERN_UPSTREAM="https://service.test")
    assert (code, err) == (0, "")
    for name, path in named.items():
        assert any(name in line and path in line for line in out.splitlines()), out
    assert "https://service.test:443" in out and "BEGIN" not in out and SECRET not in out


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "unix:/tmp/none"])
def test_authorities_for_an_upstream_without_tls_are_a_warning(files, url):
    code, out, err = run("check", **GOOD, POSTERN_UPSTREAM=url, **{UPSTREAM_CA: files.ca})
    assert code == 0
    warnings = [line for line in (out + err).splitlines() if "warning" in line]
    assert len(warnings) == 1 and UPSTREAM_CA in warnings[0] and "https://" in warnings[0]


def test_that_warning_is_in_the_log_at_start(start, files):
    gate = start(**{UPSTREAM_CA: files.ca})
    assert UPSTREAM_CA in gate.wait_for_log(msg="configuration", level="warn")["warning"]
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=token("alice")).status == 200


def test_certificate_and_key_may_share_a_file(start, certificates, tmp_path):
    both = tmp_path / "both.pem"
    both.write_text("".join(open(part).read() for part in certificates.server))
    gate = start(**serving(Identity(str(both), str(both))))
    with TlsClient(gate.address, certificates.client_context()) as client:
        assert client.get("/api/alice/x", token=token("alice")).status == 200
