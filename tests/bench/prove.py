"""Before anything is measured: does every peer make the checks that it is measured with?"""

import time

from load import OTHER_SECRET
from peers import BODY, Failure

from gate import sign, token


def prove(peer, checks=True):
    """Asks questions with one right answer each; a wrong one ends the benchmark."""
    alice = token("alice")
    spoilt = alice[:-4] + ("AAAA" if alice[-4:] != "AAAA" else "BBBB")
    nobody = sign({"alg": "HS256", "typ": "JWT"}, {"iat": int(time.time()), "exp": int(time.time()) + 900})
    asked = [
        # (why, target, token, status without checks, status with them)
        ("her own token", "/api/alice/tasks", alice, 200, 200),
        ("no token", "/api/alice/tasks", None, 200, 401),
        ("a changed signature", "/api/alice/tasks", spoilt, 200, 401),
        ("another secret", "/api/alice/tasks", token("alice", secret=OTHER_SECRET), 200, 401),
        ("an expired token", "/api/alice/tasks", token("alice", ttl=-3600), 200, 401),
        ("no exp", "/api/alice/tasks", token("alice", exp=None), 200, 401),
        ("a stranger's path", "/api/bob/tasks", alice, 200, 403),
        ("a longer name", "/api/alice2/tasks", alice, 200, 403),
        ("no uid", "/api/alice/tasks", nobody, 200, (401, 403)),
    ]
    with peer.client() as client:
        for why, target, bearer, bare, checked in asked:
            answer = client.get(target, token=bearer)
            expected = checked if checks else bare
            if answer.status not in (expected if isinstance(expected, tuple) else (expected,)):
                raise Failure(f"{peer.name}, {why}: {answer.status} instead of {expected}")
            if answer.status == 200 and answer.body != BODY.encode():
                raise Failure(f"{peer.name}, {why}: the body is {answer.body!r}")
        seen = client.get("/api/alice/whoami", "X-User-Id: bob", token=alice).body
    if seen != (b"alice" if checks else b"bob"):
        raise Failure(f"{peer.name}: the upstream was told that the user is {seen!r}")


def prove_service(peer, route):
    """FastAPI, where `route` is checked by itself or by Postern in front of it."""
    alice = token("alice")
    asked = [
        (f"/api/alice/{route}", alice, 200),
        (f"/api/alice/{route}", None, 401),
        (f"/api/alice/{route}", token("alice", secret=OTHER_SECRET), 401),
        (f"/api/alice/{route}", token("alice", ttl=-3600), 401),
        (f"/api/bob/{route}", alice, 403),
    ]
    with peer.client() as client:
        for target, bearer, expected in asked:
            answer = client.get(target, token=bearer)
            if answer.status != expected:
                raise Failure(f"{peer.name}, {target}: {answer.status} instead of {expected}")
