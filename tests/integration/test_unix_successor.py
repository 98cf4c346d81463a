"""A restart on a unix socket: the old gate drains while the new one already serves."""

import signal

from gate import token
from wire import Client, ok, request


def wait_until_refused(path):
    """Until nobody listens on the socket file any more."""
    try:
        while True:
            Client(str(path)).close()
    except (ConnectionRefusedError, FileNotFoundError):
        pass


def test_a_gate_that_drains_leaves_its_successors_socket_file(start, upstream, tmp_path):
    path = tmp_path / "gate.sock"

    def script(connection):
        connection.read_request()
        upstream.wait_for_requests(2)
        connection.send(ok())

    upstream.script = script
    old = start(POSTERN_LISTEN=f"unix:{path}")
    with Client(old.address) as slow:
        slow.send(request("GET", "/api/alice/x", token=token("alice")))
        upstream.wait_for_requests(1)
        old.signal(signal.SIGTERM)
        old.wait_for_log(msg="draining")
        wait_until_refused(path)
        new = start(POSTERN_LISTEN=f"unix:{path}")
        with Client(new.address) as client:
            assert client.get("/api/alice/x", token=token("alice")).status == 200
        assert slow.read_response().status == 200
    assert old.wait() == 0
    with Client(new.address) as client:
        assert client.get("/api/alice/x", token=token("alice")).status == 200
