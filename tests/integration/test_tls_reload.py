"""New certificates, keys and authorities are taken from their files while the gate serves, and no connection notices."""

import os
import shutil
import signal
import ssl
import threading
import time

import pytest
from certificates import Identity, certificates, serving
from gate import PATIENCE, token
from tls_wire import TlsClient, TlsUpstream
from wire import Client, ok, request

PATH = "/api/alice/x"
ALICE = token("alice")
STAY = "keys not reloaded, the old ones stay"


class Files:
    """The files that the gate is told of, each replaced as a whole by a rename."""

    def __init__(self, folder):
        self._folder = folder
        self.served = Identity(str(folder / "tls.crt"), str(folder / "tls.key"))

    def put(self, name, path):
        """A copy of the file `path`, or nothing."""
        place = self._folder / name
        if path is None:
            place.unlink()
        else:
            shutil.copyfile(path, self._folder / "new")
            os.replace(self._folder / "new", place)
        return str(place)

    def show(self, identity):
        self.put("tls.crt", identity.cert)
        self.put("tls.key", identity.key)


@pytest.fixture
def files(tmp_path, certificates):
    made = Files(tmp_path)
    made.show(certificates.server)
    return made


@pytest.fixture
def gate(start, files):
    return start(**serving(files.served))


@pytest.fixture
def successor(certificates):
    return certificates.make("successor", issuer=certificates.ca)


def shown(gate, certificates):
    """The certificate that a new connection gets, as PEM."""
    with TlsClient(gate.address, certificates.client_context()) as client:
        assert client.get(PATH, token=ALICE).status == 200
        return ssl.DER_cert_to_PEM_cert(client.tls.getpeercert(binary_form=True))


def content(path):
    with open(path) as file:
        return file.read()


def is_let_in(gate, context, session=None):
    """By either side: the client holds the gate to its authority, the gate may ask for a certificate."""
    try:
        with TlsClient(gate.address, context, session=session) as client:
            return client.get(PATH, token=ALICE).status == 200
    except ConnectionError:
        return False


def until(is_so):
    """The log tells of a reload before each thread has its turn at it."""
    give_up = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < give_up


def wait_until_shown(gate, certificates, identity):
    """On any thread: connections are spread over them by their port."""
    for _ in range(8):
        until(lambda: shown(gate, certificates) == content(identity.cert))


def reload(gate, count=1, message="keys reloaded"):
    gate.signal(signal.SIGHUP)
    return gate.wait_for_log(msg=message, count=count)


# ---- Towards clients

@pytest.mark.parametrize("how", ["the change is noticed", "SIGHUP"])
def test_new_connections_get_the_new_certificate_and_open_ones_stay(gate, files, certificates, successor, upstream, how):
    released = threading.Event()

    def script(connection):
        while seen := connection.read_request():
            if seen.target.endswith("/held"):
                assert released.wait(PATIENCE)
            connection.send(ok())

    upstream.script = script
    context = certificates.client_context()
    assert shown(gate, certificates) == content(certificates.server.cert)
    with TlsClient(gate.address, context) as idle, TlsClient(gate.address, context) as busy:
        assert idle.get(PATH, token=ALICE).status == 200
        busy.send(request("GET", f"{PATH}/held", token=ALICE))
        upstream.wait_for_requests(3)
        files.show(successor)
        if how == "SIGHUP":
            reload(gate)
        wait_until_shown(gate, certificates, successor)
        released.set()
        assert busy.read_response().status == 200
        for client in (idle, busy):
            assert client.get(PATH, token=ALICE).status == 200
            assert ssl.DER_cert_to_PEM_cert(client.tls.getpeercert(binary_form=True)) == content(certificates.server.cert)


def test_a_folder_that_is_swapped_by_a_link_is_noticed(start, certificates, successor, tmp_path):
    """As Kubernetes does it: the names stay, what they lead to changes at once."""
    for name, identity in [("old", certificates.server), ("new", successor)]:
        (tmp_path / name).mkdir()
        shutil.copyfile(identity.cert, tmp_path / name / "tls.crt")
        shutil.copyfile(identity.key, tmp_path / name / "tls.key")
    (tmp_path / "data").symlink_to("old")
    gate = start(**serving(Identity(f"{tmp_path}/data/tls.crt", f"{tmp_path}/data/tls.key")))
    assert shown(gate, certificates) == content(certificates.server.cert)
    (tmp_path / "next").symlink_to("new")
    os.replace(tmp_path / "next", tmp_path / "data")
    wait_until_shown(gate, certificates, successor)


BROKEN = [  # (what, the file, its new content, the variable that the log names)
    ("another key", "tls.key", lambda made: made.foreign.key, "POSTERN_TLS_KEY"),
    ("another certificate", "tls.crt", lambda made: made.foreign.cert, "POSTERN_TLS_KEY"),
    ("no key", "tls.key", lambda made: None, "POSTERN_TLS_KEY"),
    ("no certificate", "tls.crt", lambda made: None, "POSTERN_TLS_CERT"),
    ("an encrypted key", "tls.key", lambda made: made.encrypted_key, "POSTERN_TLS_KEY"),
    ("an empty key", "tls.key", lambda made: os.devnull, "POSTERN_TLS_KEY"),
    ("a key as certificate", "tls.crt", lambda made: made.server.key, "POSTERN_TLS_CERT"),
]


@pytest.mark.parametrize("what,name,broken,variable", BROKEN, ids=[row[0] for row in BROKEN])
def test_a_broken_pair_leaves_the_old_one_until_it_is_mended(gate, files, certificates, successor, what, name, broken, variable):
    files.put(name, broken(certificates))
    line = reload(gate, message=STAY)
    assert line["level"] == "error" and line["problem"].startswith(f"{variable}: ")
    assert "PRIVATE" not in str(gate.lines)
    for _ in range(8):
        assert shown(gate, certificates) == content(certificates.server.cert)
    files.show(successor)  # noticed without a signal
    wait_until_shown(gate, certificates, successor)


def test_a_broken_file_that_is_noticed_leaves_the_old_one_too(gate, files, certificates):
    files.put("tls.crt", certificates.foreign.cert)
    gate.wait_for_log(msg=STAY)
    assert shown(gate, certificates) == content(certificates.server.cert)
    files.put("tls.key", certificates.foreign.key)
    gate.wait_for_log(msg="keys reloaded")
    until(lambda: not is_let_in(gate, certificates.client_context()))
    until(lambda: is_let_in(gate, certificates.client_context(ca=certificates.other_ca)))


def test_many_reloads_under_load_drop_nothing(start, files, certificates, successor):
    """Certificate and key in one file, which is never seen half."""
    pairs = [certificates.write(f"pair-{number}.pem", content(pair.cert) + content(pair.key))
             for number, pair in enumerate((certificates.server, successor))]
    both = files.put("both.pem", pairs[0])
    gate = start(**serving(Identity(both, both)))
    stop = threading.Event()
    wrong = []

    def load(requests):
        try:
            while not stop.is_set():
                with TlsClient(gate.address, certificates.client_context()) as client:
                    for _ in range(requests):
                        assert client.get(PATH, token=ALICE).status == 200
        except Exception as failure:  # noqa: BLE001: shown below
            wrong.append(failure)

    threads = [threading.Thread(target=load, args=(requests,)) for requests in (1, 1, 50, 50)]
    for thread in threads:
        thread.start()
    for count in range(1, 31):
        files.put("both.pem", pairs[count % 2])
        reload(gate, count)
    stop.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert wrong == []


# ---- Authorities

def test_clients_are_held_to_the_new_authority(start, files, certificates):
    authority = files.put("ca.crt", certificates.ca.cert)
    gate = start(**serving(files.served, POSTERN_TLS_CLIENT_CA=authority))
    ours, theirs = (certificates.client_context(identity) for identity in (certificates.client, certificates.foreign))
    assert (is_let_in(gate, ours), is_let_in(gate, theirs)) == (True, False)
    with TlsClient(gate.address, ours) as client:
        assert client.get(PATH, token=ALICE).status == 200
        session = client.tls.session
        files.put("ca.crt", certificates.other_ca.cert)
        reload(gate)
        for _ in range(8):
            until(lambda: is_let_in(gate, theirs))
            until(lambda: not is_let_in(gate, ours))
            # What was resumed would be let in unasked.
            assert not is_let_in(gate, ours, session)
        assert client.get(PATH, token=ALICE).status == 200


@pytest.fixture
def behind(certificates):
    upstream = TlsUpstream(certificates.server_context(), name="localhost")
    yield upstream
    upstream.close()


def ask(gate):
    with Client(gate.address) as client:
        return client.get(PATH, token=ALICE).status


def readiness(gate):
    with Client(gate.admin) as client:
        return client.get("/readyz").status


@pytest.mark.parametrize("when", ["nothing is under way", "a request is under way"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_upstream_is_held_to_the_new_authority(start, files, certificates, behind, version, when):
    """Neither a connection nor a session from before speaks for it."""
    released = threading.Event()

    def script(connection):
        while seen := connection.read_request():
            if seen.target.endswith("/held"):
                assert released.wait(PATIENCE)
            connection.send(ok())

    behind.script = script
    behind.context.minimum_version = behind.context.maximum_version = version
    authority = files.put("ca.crt", certificates.ca.cert)
    gate = start(behind.url, POSTERN_UPSTREAM_CA=authority, POSTERN_UPSTREAM_IDLE_TIMEOUT="1h", POSTERN_THREADS="1")
    assert (ask(gate), readiness(gate)) == (200, 200)
    with Client(gate.address) as client:
        if when == "a request is under way":
            client.send(request("GET", f"{PATH}/held", token=ALICE))
            behind.wait_for_requests(2)
        files.put("ca.crt", certificates.other_ca.cert)
        reload(gate)
        if when == "nothing is under way":
            behind.wait_until_quiet()
        until(lambda: ask(gate) == 502)
        released.set()
        if when == "a request is under way":
            assert client.read_response().status == 200
        assert [ask(gate) for _ in range(3)] == [502] * 3
        assert readiness(gate) == 503
        files.put("ca.crt", certificates.ca.cert)
        reload(gate, 2)
        until(lambda: ask(gate) == 200)
        assert readiness(gate) == 200
