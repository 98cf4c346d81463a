"""The image's entry point as the first process of a container: read-only, without rights, and well-behaved."""

import json
import socket
import time
from pathlib import Path

import pytest
from conftest import SECRET, get
from container import EMULATOR, SETTINGS, run


@pytest.fixture
def token(binds):
    def mint(uid):
        code, out, err = run("token", "--uid", uid, binds=binds, **SECRET)
        assert (code, err) == (0, "")
        return out.strip()

    return mint


def test_it_answers_200_401_and_403(container, token):
    answers = [get(container.port, path, bearer) for path, bearer in (
        ("/api/alice/tasks", token("alice")), ("/api/alice/tasks", None), ("/api/bob/tasks", token("alice")), ("/health", None))]
    assert answers == [(200, b"[]"), (401, b'{"detail":"Not authenticated"}'), (403, b'{"detail":"Forbidden"}'),
                       (200, b'{"status":"ok"}')]


def test_it_has_no_rights_and_can_write_nowhere(container):
    assert container.status("Uid") == ["65532"] * 4 and container.status("Gid") == ["65532"] * 4
    assert container.status("Groups") == [] and container.status("NoNewPrivs") == ["1"]
    for set_of in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(container.status(set_of)[0], 16) == 0
    assert container.status("NSpid")[-1] == "1"
    mounts = Path(f"/proc/{container.pid}/mountinfo").read_text().splitlines()
    options = {line.split()[4]: line.split()[5].split(",") for line in mounts}
    assert all("ro" in given for path, given in options.items() if path != "/proc"), options


def test_its_health_check_is_the_images_own(container, binds):
    check = SETTINGS["Healthcheck"]["Test"][2:]
    admin = {"POSTERN_ADMIN_LISTEN": f"127.0.0.1:{container.admin_port}"}
    assert run(*check, **admin) == (0, "ok\n", "")
    assert run(*check, "--ready", **admin) == (0, "ready\n", "")
    container.terminate()
    assert container.wait() == 0
    assert run(*check, **admin)[0] == 1


def test_it_drains_on_sigterm_as_the_first_process(container, token):
    body = json.dumps({"title": "water the plants"}).encode()
    head = (f"POST /api/carol/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token('carol')}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", container.port)) as client:
        client.sendall(head + body[:5])
        container.terminate()
        container.wait_for("draining")
        client.sendall(body[5:])
        assert client.makefile("rb").read().startswith(b"HTTP/1.1 201 ")
    assert container.wait() == 0


def test_a_bad_configuration_is_exit_2_and_told(binds):
    code, out, err = run(binds=binds, POSTERN_LISTEN="8080")
    assert (code, out) == (2, "") and sorted(line.split(":")[0] for line in err.splitlines()) == ["BETTER_AUTH_SECRET", "POSTERN_LISTEN"]


def test_figures(container):
    """Printed: what the page on operation quotes. Where memory has grown, deploy/wheel/startup.ld may be old."""
    assert get(container.port, "/health")[0] == 200
    answered = time.monotonic() - container.started
    resident = int(container.status("VmRSS")[0]) / 1024
    print(f"\nstart of the container to the first forwarded answer: {answered * 1000:.0f} ms; resident set: {resident:.1f} MiB")
    assert EMULATOR or resident < 10
