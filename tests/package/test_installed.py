"""The package in a Debian that systemd has booted: installed, started, asked, upgraded, removed."""

import os
from pathlib import Path

import pytest

from machine import run_in

SECRET = "/etc/postern/better-auth-secret"
ASK = "curl -sS -o /dev/null -w '%{http_code}'"
TOKEN = f"$(BETTER_AUTH_SECRET_FILE={SECRET} postern token --uid alice)"
# systemd says "started" when the program has been executed; the listener comes a moment later.
READY = "until curl -sf http://127.0.0.1:9090/healthz; do systemctl is-active -q postern || exit 1; sleep 0.1; done"

COMMANDS = {
    "install": "dpkg -i /postern.deb",
    "enabled": "systemctl is-enabled postern",
    "before": "systemctl is-active postern",
    "verify": "systemd-analyze verify postern.service",
    "secret": f"head -c 32 /dev/urandom | base64 | install -m 600 /dev/stdin {SECRET}",
    "settings": "sed -i 's,^#POSTERN_PUBLIC_PATHS=.*,POSTERN_PUBLIC_PATHS=/health,' /etc/default/postern",
    "start": "systemctl start postern",
    "ready": READY,
    "user": "stat -c %U /proc/$(systemctl show -P MainPID postern)",
    "listed": "systemctl show postern -P NRestarts -P ActiveState",
    "nobody": f"{ASK} http://127.0.0.1:8080/api/alice/tasks",
    "another": f'{ASK} -H "Authorization: Bearer {TOKEN}" http://127.0.0.1:8080/api/bob/tasks',
    "owner": f'{ASK} -H "Authorization: Bearer {TOKEN}" http://127.0.0.1:8080/api/alice/tasks',
    "public": f"{ASK} http://127.0.0.1:8080/health",
    "reload": "systemctl reload postern",
    "after_reload": READY,
    "upgrade": "before=$(systemctl show -P MainPID postern); dpkg -i /postern.deb && [ $(systemctl show -P MainPID postern) != $before ]",
    "upgraded": READY,
    "kept": "grep -x POSTERN_PUBLIC_PATHS=/health /etc/default/postern",
    "log": "journalctl -u postern --no-pager -o cat",
    "remove": "dpkg -r postern",
    "removed": "systemctl is-active postern; test ! -e /usr/bin/postern && test -e /etc/default/postern",
    "purge": "dpkg -P postern",
    "purged": "test ! -e /etc/default/postern && test ! -e /etc/postern && ! find /etc/systemd /var/lib/systemd/deb-systemd-helper-enabled | grep postern",
}


@pytest.fixture(scope="module")
def ran():
    fresh = Path(os.environ["FRESH"])
    return run_in(fresh, fresh.with_name("root"), COMMANDS)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "before"])
def test_each_step_succeeds(ran, name):
    assert ran[name].code == 0, ran[name].out + ran["log"].out[-2000:]


def test_it_is_enabled_but_waits_for_its_secret(ran):
    assert ran["enabled"].out == "enabled\n"
    assert ran["before"].out == "inactive\n"
    assert SECRET in ran["install"].out


def test_the_unit_has_no_fault(ran):
    assert "postern" not in ran["verify"].out


def test_it_runs_as_nobody_in_particular(ran):
    assert ran["user"].out.strip() not in ("root", "")


@pytest.mark.parametrize(
    ("request_of", "status"), [("nobody", "401"), ("another", "403"), ("owner", "502"), ("public", "502")]
)
def test_it_guards(ran, request_of, status):
    """502: nothing listens behind it, so that was let through."""
    assert ran[request_of].out == status


def test_the_journal_has_its_log(ran):
    assert '"reason":"another user"' in ran["log"].out
