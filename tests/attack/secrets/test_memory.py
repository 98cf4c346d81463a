"""Where secrets are in the proxy's memory, and where they are no more: after a reload, and at the end."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "integration"))

from gate import Gate, token  # noqa: E402
from upstream import Upstream  # noqa: E402
from wire import Client  # noqa: E402

# Never whole in this file's memory nor in the proxy's environment: only files hold them.
FIRST, SECOND, IDENTITY = ("first-better-auth-secret-", "second-better-auth-secret-", "first-identity-key-secret-")
REST = "0123456789abcdef"


@pytest.fixture
def upstream():
    behind = Upstream()
    yield behind
    behind.close()


class Watched(Gate):
    """A gate that can be looked into while it stands still."""

    def __init__(self, upstream, folder):
        self.files = {name: folder / name for name in ("better-auth", "identity")}
        self.files["better-auth"].write_text(FIRST + REST)
        self.files["identity"].write_text(IDENTITY + REST)
        super().__init__(upstream, BETTER_AUTH_SECRET=None, BETTER_AUTH_SECRET_FILE=str(self.files["better-auth"]),
                         POSTERN_IDENTITY_KEY_FILE=str(self.files["identity"]), LD_PRELOAD=os.environ["STOP_AT_EXIT"])
        self.wait_until_listening()

    def holds(self, *texts):
        """Which of them are somewhere in the process's writable memory. It has to be stopped. Bytes are looked for as
        they are, text is the begin of a secret."""
        sought = {text: text if isinstance(text, bytes) else (text + REST).encode() for text in texts}
        found = set()
        with open(f"/proc/{self.pid}/maps") as maps, open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            for line in maps:
                begin, end, rights = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
                if "w" not in rights or "[vvar" in line:
                    continue
                memory.seek(int(begin, 16))
                content = memory.read(int(end, 16) - int(begin, 16))
                found |= {text for text, whole in sought.items() if whole in content}
        return found

    def look(self, *texts):
        self.signal(signal.SIGSTOP)
        wait_until_stopped(self.pid)
        try:
            return self.holds(*texts)
        finally:
            self.signal(signal.SIGCONT)

    def serve(self, secret):
        with Client(self.address) as client:
            assert client.get("/api/alice/x", token=token("alice", secret=secret + REST)).status == 200


def wait_until_stopped(pid):
    while Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        pass


def test_a_replaced_secret_is_gone_from_memory(upstream, tmp_path):
    gate = Watched(upstream.url, tmp_path)
    gate.serve(FIRST)
    # In the crypto contexts that verify and sign; so the look would find one elsewhere too.
    assert gate.look(FIRST, IDENTITY, "absent") == {FIRST, IDENTITY}
    gate.files["better-auth"].write_text(SECOND + REST)
    gate.signal(signal.SIGHUP)
    gate.wait_for_log(msg="keys reloaded")
    gate.serve(SECOND)
    gate.serve(SECOND)
    assert gate.look(FIRST, SECOND, IDENTITY) == {SECOND, IDENTITY}
    end(gate)


def test_a_token_that_was_kept_is_gone_with_its_secret(upstream, tmp_path):
    gate = Watched(upstream.url, tmp_path)
    kept, other = (token("alice", secret=FIRST + REST, jti=jti) for jti in ("kept", "other"))
    signature = kept.rpartition(".")[2].encode()
    with Client(gate.address) as client:
        # One connection, and larger requests around that one: no buffer holds any more of it.
        for bearer, filler in ((other, 8000), (kept, 0), (other, 8000)):
            assert client.get("/api/alice/x", f"X-Filler: {'x' * filler}", token=bearer).status == 200
    assert gate.look(signature) == {signature}
    gate.files["better-auth"].write_text(SECOND + REST)
    gate.signal(signal.SIGHUP)
    gate.wait_for_log(msg="keys reloaded")
    gate.serve(SECOND)
    gate.serve(SECOND)
    assert gate.look(signature) == set()
    end(gate)


def test_nothing_is_left_of_the_secrets_when_the_process_ends(upstream, tmp_path):
    gate = Watched(upstream.url, tmp_path)
    gate.serve(FIRST)
    gate.signal(signal.SIGTERM)
    wait_until_stopped(gate.pid)  # at its end, by the preloaded library
    assert gate.holds(FIRST, IDENTITY) == set()
    end(gate)


def end(gate):
    gate.signal(signal.SIGTERM)
    wait_until_stopped(gate.pid)
    gate.signal(signal.SIGCONT)
    assert gate.wait() == 0
