"""Certificates as an operator would have them: made by openssl when a test first asks for one, and kept for the session.

A test module imports the fixture `certificates` from here."""

import datetime
import shutil
import ssl
import subprocess
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from gate import PATIENCE

HERE = "DNS:localhost,DNS:gate,IP:127.0.0.1,IP:::1"
CURVE = "ec_paramgen_curve:P-256"
PASSPHRASE = "hidden-passphrase"


class Identity(NamedTuple):
    """Two PEM files."""

    cert: str
    key: str


def openssl(*arguments, input=b"", succeeds=True):
    """Runs the command; everything it said."""
    assert shutil.which("openssl"), "openssl is missing: sudo apt-get install openssl"
    ended = subprocess.run(["openssl", *arguments], input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           timeout=PATIENCE, check=False)
    said = ended.stdout.decode(errors="replace")
    assert (ended.returncode == 0) == succeeds, said
    return said


class Certificates:
    def __init__(self, folder):
        self._folder = folder
        self._made = {}

    def make(self, name, *, issuer=None, san=HERE, authority=False, usage=None, key=("ec", CURVE)):
        """Of that name, the one made before if there is one; without an issuer it signs itself."""
        if name not in self._made:
            made = Identity(str(self._folder / f"{name}.crt"), str(self._folder / f"{name}.key"))
            constraints = "critical,CA:TRUE" if authority else "critical,CA:FALSE"
            arguments = ["req", "-x509", "-newkey", key[0], "-pkeyopt", key[1], "-nodes", "-subj", f"/CN=test {name}",
                         "-days", "2", "-keyout", made.key, "-out", made.cert,
                         "-addext", f"basicConstraints={constraints}"]
            if san:
                arguments += ["-addext", f"subjectAltName={san}"]
            if usage:
                arguments += ["-addext", f"extendedKeyUsage={usage}"]
            if issuer:
                arguments += ["-CA", issuer.cert, "-CAkey", issuer.key]
            openssl(*arguments)
            self._made[name] = made
        return self._made[name]

    def write(self, name, content):
        """A file of that content; its path."""
        path = self._folder / name
        path.write_text(content)
        return str(path)

    @cached_property
    def ca(self):
        return self.make("ca", san=None, authority=True)

    @cached_property
    def other_ca(self):
        return self.make("other-ca", san=None, authority=True)

    @cached_property
    def server(self):
        return self.make("server", issuer=self.ca)

    @cached_property
    def rsa_server(self):
        return self.make("rsa-server", issuer=self.ca, key=("rsa", "rsa_keygen_bits:2048"))

    @cached_property
    def chained_server(self):
        """Issued by an authority that no client knows: its certificate comes along in the file."""
        between = self.make("between", issuer=self.ca, san=None, authority=True)
        leaf = self.make("leaf", issuer=between)
        chain = "".join(open(each.cert).read() for each in (leaf, between))
        return Identity(self.write("chain.crt", chain), leaf.key)

    @cached_property
    def wrong_name(self):
        return self.make("wrong-name", issuer=self.ca, san="DNS:elsewhere.test,IP:192.0.2.1")

    @cached_property
    def expired(self):
        """openssl issues nothing that is over already, so this one is signed anew with other dates."""
        made = self.make("expired", issuer=self.ca)
        good = x509.load_pem_x509_certificate(Path(made.cert).read_bytes())
        authority = serialization.load_pem_private_key(Path(self.ca.key).read_bytes(), None)
        begin = datetime.datetime(2020, 1, 1)
        over = x509.CertificateBuilder(good.issuer, good.subject, good.public_key(), good.serial_number)
        over = over.not_valid_before(begin).not_valid_after(begin + datetime.timedelta(days=1))
        for extension in good.extensions:
            over = over.add_extension(extension.value, extension.critical)
        pem = over.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        return Identity(self.write("over.crt", pem.decode()), made.key)

    @cached_property
    def self_signed(self):
        return self.make("self-signed")

    @cached_property
    def foreign(self):
        return self.make("foreign", issuer=self.other_ca)

    @cached_property
    def client(self):
        return self.make("client", issuer=self.ca, san=None)

    @cached_property
    def only_client(self):
        """May do as a client's certificate alone."""
        return self.make("only-client", issuer=self.ca, usage="clientAuth")

    @cached_property
    def only_server(self):
        return self.make("only-server", issuer=self.ca, usage="serverAuth")

    @cached_property
    def encrypted_key(self):
        """The server's key under a passphrase."""
        path = str(self._folder / "encrypted.key")
        openssl("pkey", "-in", self.server.key, "-aes256", "-passout", f"pass:{PASSPHRASE}", "-out", path)
        return path

    def client_context(self, identity=None, ca=None):
        """For a client, which holds the server to the authority but not to a name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations((ca or self.ca).cert)
        if identity:
            context.load_cert_chain(identity.cert, identity.key)
        return context

    def server_context(self, identity=None):
        """For an upstream."""
        identity = identity or self.server
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.cert, identity.key)
        return context


def serving(identity, **settings):
    """The settings of a gate that shows this certificate to its clients."""
    return {"POSTERN_TLS_CERT": identity.cert, "POSTERN_TLS_KEY": identity.key, **settings}


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))
