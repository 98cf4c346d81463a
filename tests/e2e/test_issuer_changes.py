"""Better Auth's keys change, and Better Auth itself comes and goes, while requests arrive: no honest one fails."""

import contextlib
import os
import threading

import pytest
from gate import PATIENCE, SECRET
from issuers import SecretIssuer, part_of, status
from names import Names, Port
from wire import Client

NEW_SECRET = "rotated-secret-0123456789abcdefghijkl"


@contextlib.contextmanager
def traffic(gate, uid, current):
    """Requests on four connections meanwhile, with the tokens of the list `current` in turn; then all were answered 200."""
    done, answers = threading.Event(), []

    def ask():
        with Client(gate.address) as client:
            while not done.is_set():
                for bearer in list(current):
                    answers.append(client.get(f"/api/{uid}/tasks", token=bearer).status)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    try:
        yield
    finally:
        done.set()
        for asker in askers:
            asker.join(PATIENCE)
    assert answers and set(answers) == {200}


def test_keys_are_rotated(start_issuer, gate_for):
    issuer = start_issuer()
    alice, session = issuer.sign_up("alice")
    gate = gate_for(issuer, POSTERN_JWKS_COOLDOWN="1s")
    current = [issuer.token(session)]
    assert status(gate, current[0], alice) == 200
    with traffic(gate, alice, current):
        for _ in range(2):  # as many as the bucket holds
            issuer.rotate()
            current.append(issuer.token(session))
            assert status(gate, current[-1], alice) == 200
    assert len({part_of(bearer, 0)["kid"] for bearer in current}) == 3


def test_two_keys_are_minted_at_once(start_issuer, gate_for):
    """Better Auth does not lock that: two first calls make two keys."""
    issuer = start_issuer()
    alice, session = issuer.sign_up("alice")
    gate = gate_for(issuer)
    assert status(gate, issuer.token(session), alice) == 200
    issuer.rotate()
    minted = []
    callers = [threading.Thread(target=lambda: minted.append(issuer.token(session))) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(PATIENCE)
    assert [status(gate, bearer, alice) for bearer in minted] == [200] * 8


def test_the_issuer_is_down_at_the_start(start_issuer, gate_for):
    issuer = start_issuer()
    issuer.stop()
    gate = gate_for(issuer)
    gate.wait_for_log(msg="key set not fetched")
    late = start_issuer(PORT=str(issuer.port))
    alice, session = late.sign_up("alice")
    bearer = late.token(session)
    gate.wait_for_log(msg="key set fetched")
    assert status(gate, bearer, alice) == 200


def test_the_issuer_goes_and_comes_back_elsewhere(start_issuer, gate_for, tmp_path):
    place = Port("127.0.0.2", "127.0.0.3")
    place.close()
    where = {"PORT": str(place.number), "STATE": str(tmp_path / "state")}
    with Names(tmp_path) as names:
        names.set("auth.test", ["127.0.0.2"])
        issuer = start_issuer(HOST="127.0.0.2", **where)
        alice, session = issuer.sign_up("alice")
        current = [issuer.token(session), issuer.token(session)]
        gate = gate_for(issuer, POSTERN_JWKS_URL=f"http://auth.test:{place.number}/api/auth/jwks",
                        POSTERN_JWKS_REFRESH="1s", POSTERN_JWKS_COOLDOWN="1s", **names.environment())
        assert status(gate, current[0], alice) == 200
        with traffic(gate, alice, current):
            issuer.stop()
            gate.wait_for_log(msg="key set not fetched")
            names.set("auth.test", ["127.0.0.3"])
            back = start_issuer(HOST="127.0.0.3", **where)
            gate.wait_for_log(msg="key set can be fetched again")
            back.rotate()
            current.append(back.token(session))
            assert status(gate, current[-1], alice) == 200


def test_the_shared_secret_is_rotated(todo, start_gate, tmp_path):
    listed = tmp_path / "secrets"

    def write(text):
        new = tmp_path / "new"
        new.write_text(text)
        os.replace(new, listed)

    old_issuer = SecretIssuer(BETTER_AUTH_SECRETS=f"1:{SECRET}")
    try:
        alice, session = old_issuer.sign_up("alice")
        old = old_issuer.token(session)
    finally:
        old_issuer.stop()
    write(f"1:{SECRET}\n")
    gate = start_gate(todo, BETTER_AUTH_SECRET=None, BETTER_AUTH_SECRETS_FILE=str(listed),
                      POSTERN_JWT_ISSUER=SecretIssuer.base, POSTERN_JWT_AUDIENCE=SecretIssuer.base)
    with traffic(gate, alice, [old]):
        write(f"2:{NEW_SECRET},1:{SECRET}\n")
        gate.wait_for_log(msg="keys reloaded")
        # The old one stays in its BETTER_AUTH_SECRET, as it does in many an .env: the list wins.
        issuer = SecretIssuer(BETTER_AUTH_SECRETS=f"2:{NEW_SECRET},1:{SECRET}")
        try:
            bob, session = issuer.sign_up("bob")
            new = issuer.token(session)
        finally:
            issuer.stop()
        while (code := status(gate, new, bob)) != 200:
            assert code == 401  # until each thread has its turn at what the log has told
    write(f"2:{NEW_SECRET}\n")
    gate.wait_for_log(msg="keys reloaded", count=2)
    while status(gate, old, alice) != 401:
        pass
    assert status(gate, new, bob) == 200
