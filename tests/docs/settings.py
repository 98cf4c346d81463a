"""Settings as a page shows them, made ready to be checked: files that exist, secrets that are long enough, days ahead."""

import datetime
import os
import re
import subprocess
from pathlib import Path

from gate import binary

SECRET = "a-secret-for-the-pages-0123456789"
SETTING = re.compile(r"^((?:POSTERN|BETTER_AUTH)_[A-Z_]+)=(\S.*)$")
# Where pages say that files lie, and which.
_FOLDERS = re.compile(r"(?<![\w.])/(?:run|etc)/")
_CONTENTS = {
    "better-auth": SECRET,
    "better-auth-secret": SECRET,
    "better-auth-secrets": f"2:{SECRET}-new,1:{SECRET}-old",
    "postern-identity": "an-identity-key-for-the-pages-0123",
    "revoked": "sub alice before 1767225600\n",
}


class Place:
    """A folder that stands for the machine of the page."""

    def __init__(self, folder, certificates):
        self.folder = folder
        for name, content in _CONTENTS.items():
            for where in ("run/secrets", "etc/postern"):
                path = folder / where / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
                path.chmod(0o600)
        server = certificates.server
        for name, source in (("tls.crt", server.cert), ("tls.key", server.key)):
            (folder / "run/secrets" / name).write_bytes(Path(source).read_bytes())
            (folder / "run/secrets" / name).chmod(0o600)

    def here(self, text):
        """The text with the page's files in this folder."""
        return _FOLDERS.sub(lambda match: f"{self.folder}{match[0]}", text)

    def value(self, name, shown):
        if name == "BETTER_AUTH_SECRETS":
            return re.sub(r":(\w+)", rf":\1-{SECRET}", shown)
        if name == "POSTERN_SHADOW_UNTIL":
            ahead = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)
            return ahead.strftime("%Y-%m-%dT%H:%M:%SZ")
        return self.here(shown)

    def check(self, settings):
        """What `postern check` says against these settings, or nothing."""
        chosen = {name: self.value(name, shown) for name, shown in settings.items()}
        if not any(name.startswith("BETTER_AUTH_SECRET") for name in chosen):
            chosen["BETTER_AUTH_SECRET"] = SECRET
        ended = subprocess.run([binary(), "check"], env={"PATH": os.environ["PATH"], **chosen},
                               capture_output=True, text=True, timeout=60, check=False)
        return "" if ended.returncode == 0 else ended.stderr


def settings_of(lines):
    """name: value of lines NAME=VALUE."""
    return {match[1]: match[2] for line in lines if (match := SETTING.match(line.strip()))}
