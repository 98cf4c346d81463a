"""Postern as a process, for the tests: started on ports that the kernel chooses, watched through its log, ended by pid."""

import base64
import collections
import hashlib
import hmac
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

SECRET = "integration-secret-0123456789abcdef"
# Sanitizer builds are slow; nothing waits this long unless it is broken.
PATIENCE = 60.0


def check_in_time(attempt, timeouts=("300ms", "3s", "20s")):
    """A busy machine does in a longer time what it should do in the shortest: `attempt(timeout)` tells whether it did."""
    assert any(attempt(timeout) for timeout in timeouts)


def binary():
    path = os.environ.get("POSTERN_BIN")
    assert path, "POSTERN_BIN is not set: run these tests by ctest, or POSTERN_BIN=build/release/postern pytest ..."
    return path


def sign(header, payload, secret=SECRET):
    """A compact HS256 token; header and payload are objects, or text to be taken as it is."""

    def encode(part):
        text = part if isinstance(part, str) else json.dumps(part, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).rstrip(b"=")

    signed = encode(header) + b"." + encode(payload)
    tag = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(tag).rstrip(b"=")).decode()


# Seconds. Many tokens are made before the first test begins, and a busy machine takes long to reach the last.
LASTING = 6 * 3600


def token(uid="alice", ttl=LASTING, secret=SECRET, **claims):
    """As Better Auth signs it, for longer. A claim that is None is left out."""
    now = int(time.time())
    payload = {"uid": uid, "sub": uid, "iat": now, "exp": now + ttl, **claims}
    payload = {name: value for name, value in payload.items() if value is not None}
    return sign({"alg": "HS256", "typ": "JWT"}, payload, secret)


def tampered(good):
    """That token with another first character of the signature: its last ones carry fewer bits than they show."""
    signed, _, tag = good.rpartition(".")
    return f"{signed}.{'B' if tag[0] == 'A' else 'A'}{tag[1:]}"


def clean_environment(**settings):
    """Nothing of the caller's environment but what processes and sanitizers need."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME") or name.endswith("SAN_OPTIONS")}
    return kept | {name: value for name, value in settings.items() if value is not None}


class Gate:
    """A running Postern. Settings are environment variables; None unsets a default."""

    def __init__(self, upstream, preexec=None, **settings):
        defaults = {
            "BETTER_AUTH_SECRET": SECRET,
            "POSTERN_LISTEN": "127.0.0.1:0",
            "POSTERN_ADMIN_LISTEN": "127.0.0.1:0",
            "POSTERN_UPSTREAM": upstream,
            "POSTERN_THREADS": "2",
        }
        settings = defaults | settings
        self._has_admin = settings["POSTERN_ADMIN_LISTEN"] != "off"
        self.process = subprocess.Popen(
            [binary()],
            env=clean_environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=preexec,
        )
        self.lines = []  # the log, one object a line (text when the format is text)
        self._by_message = collections.defaultdict(list)
        self._news = threading.Condition()
        self._ended = False
        self._errors = b""
        self._readers = [threading.Thread(target=reader, daemon=True) for reader in (self._read_log, self._read_errors)]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self):
        return self.process.pid

    def wait_until_listening(self):
        self.address = _address(self.wait_for_log(msg="listening")["address"])
        self.admin = None
        if self._has_admin:  # its line comes after the other
            self.admin = _address(self.wait_for_log(msg="admin listening")["address"])
        return self

    def _read_log(self):
        for line in self.process.stdout:
            try:
                entry = json.loads(line)
            except ValueError:
                entry = {"text": line.decode(errors="replace").rstrip("\n")}
            with self._news:
                self.lines.append(entry)
                self._by_message[entry.get("msg")].append(entry)
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _read_errors(self):
        self._errors = self.process.stderr.read()

    def wait_for_log(self, count=1, **fields):
        """The count-th line that has all these fields; waits for it."""
        found = []
        looked_at = 0

        def enough():
            # Each line is looked at once: under load there are hundreds of thousands, and who reads slowly misses some.
            nonlocal looked_at
            lines = self._by_message[fields["msg"]] if "msg" in fields else self.lines
            for line in lines[looked_at:]:
                if all(line.get(name) == value for name, value in fields.items()):
                    found.append(line)
            looked_at = len(lines)
            return len(found) >= count or self._ended

        with self._news:
            self._news.wait_for(enough, PATIENCE)
        assert len(found) >= count, f"no log line {count} with {fields}; the last: {self.lines[-50:]}; {self._errors.decode()}"
        return found[count - 1]

    def wait_for_text(self, part):
        """The first line with that in it, of a log that is text; waits for it."""

        def matching():
            return [line["text"] for line in self.lines if part in line.get("text", "")]

        with self._news:
            self._news.wait_for(lambda: matching() or self._ended, PATIENCE)
            assert matching(), f"no {part!r} in {self.lines}; {self._errors.decode()}"
            return matching()[0]

    def requests(self):
        return [line for line in self.lines if line.get("msg") == "request"]

    def memory(self, figure="VmHWM"):
        """Of resident memory, in bytes: VmHWM the most ever, VmRSS now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(figure + ":"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no {figure}")

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """Waits for the end; returns the exit code."""
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        return code

    def stop(self):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        code = self.wait()
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    @property
    def errors(self):
        """Standard error; whole only after the end."""
        return self._errors.decode(errors="replace")


def run(*arguments, input=None, **settings):
    """A command that ends by itself: (exit code, standard output, standard error)."""
    ended = subprocess.run(
        [binary(), *arguments],
        env=clean_environment(**settings),
        input=input,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


def _address(text):
    if text.startswith("unix:"):
        return text.removeprefix("unix:")
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
