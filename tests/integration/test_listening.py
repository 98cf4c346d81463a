"""What others may do with a listener, and what is said at start of who else is there, or is not."""

import os
import socket
import stat
import subprocess
import sys
import tempfile

import pytest
from gate import PATIENCE, token
from upstream import Upstream
from wire import Client

PATH = "/api/alice/x"
UMASKS = [0o000, 0o022, 0o077, 0o777]


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.mark.parametrize("umask", UMASKS)
@pytest.mark.parametrize("setting,expected", [(None, 0o666), ("0660", 0o660), ("0600", 0o600)])
def test_a_unix_listener_has_its_mode_whatever_the_umask(start, tmp_path, umask, setting, expected):
    gate = start(POSTERN_LISTEN=f"unix:{tmp_path}/gate", POSTERN_LISTEN_MODE=setting, preexec=lambda: os.umask(umask))
    assert mode(tmp_path / "gate") == expected
    with Client(gate.address) as client:
        assert client.get(PATH, token=token()).status == 200


@pytest.mark.parametrize("umask", UMASKS)
def test_an_admin_socket_is_its_owners(start, tmp_path, umask):
    gate = start(POSTERN_ADMIN_LISTEN=f"unix:{tmp_path}/admin", POSTERN_LISTEN_MODE="0666", preexec=lambda: os.umask(umask))
    assert mode(tmp_path / "admin") == 0o600
    with Client(gate.admin) as client:
        assert client.get("/healthz").status == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="takes another user")
def test_another_user_may_connect(start):
    """Under the umask that services have as a rule."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        gate = start(POSTERN_LISTEN=f"unix:{folder}/gate", preexec=lambda: os.umask(0o022))
        connect = f"import socket; socket.socket(socket.AF_UNIX).connect('{folder}/gate')"
        ended = subprocess.run([sys.executable, "-c", connect], user=65534, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
        assert ended.returncode == 0, ended.stderr
        gate.stop()


SHARED = {"msg": "another process listens on this address: it gets a part of the connections", "level": "warn"}


def test_a_port_that_is_another_processs_too_is_a_warning(start):
    first = start()
    second = start(POSTERN_LISTEN="{}:{}".format(*first.address))
    assert second.address == first.address
    assert second.wait_for_log(**SHARED)["address"] == "{}:{}".format(*first.address)
    assert [line for line in first.lines if line["msg"] == SHARED["msg"]] == []


def test_a_port_of_ones_own_is_none(start):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    # Left a moment ago, with a connection that still lingers.
    gate = start(POSTERN_LISTEN="{}:{}".format(*address), POSTERN_THREADS="4")
    with Client(gate.address) as client:
        assert client.get(PATH, token=token()).status == 200
    gate.stop()
    again = start(POSTERN_LISTEN="{}:{}".format(*address), POSTERN_THREADS="4")
    again.wait_for_log(msg="admin listening")
    assert [line for line in again.lines if line["msg"] == SHARED["msg"]] == []


def unreachable(gate, **fields):
    return gate.wait_for_log(msg="upstream unreachable", level="warn", **fields)


def test_nothing_that_listens_upstream_is_a_warning_with_address_and_cause(start):
    behind = Upstream()
    behind.close()
    gate = start(behind.url, POSTERN_THREADS="1")
    with Client(gate.address) as client:
        for _ in range(20):
            assert client.get(PATH, token=token()).status == 502
    unreachable(gate, address=f"127.0.0.1:{behind.port}", problem="Connection refused")
    gate.wait_for_log(20, msg="request", status=502, reason="upstream unreachable")
    # Once in a while is enough.
    assert len([line for line in gate.lines if line["msg"] == "upstream unreachable"]) == 1


def test_a_socket_file_that_is_not_there_is_one_too(start, tmp_path):
    gate = start(f"unix:{tmp_path}/service")
    with Client(gate.address) as client:
        assert client.get(PATH, token=token()).status == 502
    unreachable(gate, address=f"unix:{tmp_path}/service", problem="No such file or directory")


def test_a_service_that_takes_no_connection_in_time_is_one_too(start, tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        full = [socket.socket() for _ in range(4)]
        for filler in full:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        gate = start("http://{}:{}".format(*listener.getsockname()), POSTERN_CONNECT_TIMEOUT="200ms")
        with Client(gate.address) as client:
            assert client.get(PATH, token=token()).status == 502
        unreachable(gate, address="{}:{}".format(*listener.getsockname()), problem="no answer in time")
        for filler in full:
            filler.close()


def test_a_client_that_leaves_meanwhile_is_no_fault_of_the_services(start):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        full = [socket.socket() for _ in range(4)]
        for filler in full:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        gate = start("http://{}:{}".format(*listener.getsockname()), POSTERN_CONNECT_TIMEOUT="30s")
        client = Client(gate.address)
        client.send(b"GET /api/alice/x HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer " + token().encode() + b"\r\n\r\n")
        client.finish_sending()
        gate.wait_for_log(msg="request", reason="client went away")
        client.close()
        assert [line for line in gate.lines if line["msg"] == "upstream unreachable"] == []
        for filler in full:
            filler.close()
