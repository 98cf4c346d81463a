"""The same requests through HAProxy's, nginx's and Envoy's usual recipes, and how many of them get past each."""

import base64
import math
import os
import shutil
from functools import partial
from pathlib import Path

import on_the_wire
import processes
from invariant import IDENTITY, OTHER_USER, REQUESTS

from gate import SECRET, tampered, token
from wire import Client

HERE = Path(__file__).resolve().parent


def _program(name, package):
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, f"{name} is missing: apt-get install {package}"
    return found


def haproxy(address, upstream, **settings):
    command = [_program("haproxy", "haproxy"), "-db", "-f", HERE / "haproxy.cfg"]
    settings |= {"PEER_ADDRESS": address, "PEER_UPSTREAM": upstream, "PEER_SECRET": SECRET}
    return processes.Running("haproxy", command, address, **settings)


def _configuration(template, folder, **names):
    """That file with its @NAMES@ replaced, in the folder."""
    text = (HERE / template).read_text()
    for name, value in names.items():
        text = text.replace(f"@{name}@", str(value))
    (folder / template).write_text(text)


def nginx(address, upstream, **settings):
    folder = Path(f"{address}.nginx")
    folder.mkdir()
    machine = f"{os.uname().machine}-linux-gnu"
    _configuration("nginx.conf", folder, FOLDER=folder, PEERS=HERE, ADDRESS=address, UPSTREAM=upstream, MACHINE=machine)
    command = [_program("nginx", "nginx-light libnginx-mod-http-lua lua-cjson"), "-c", folder / "nginx.conf"]
    return processes.Running("nginx", command, address, PEER_SECRET=SECRET, **settings)


class Envoy(processes.Running):
    closes_when_idle = True

    def __init__(self, address, upstream, strict=False):
        folder = Path(f"{address}.envoy")
        folder.mkdir()
        slashes = "REJECT_REQUEST" if strict else "KEEP_UNCHANGED"
        options = {"NORMALIZE": str(strict).lower(), "SLASHES": slashes, "UNDERSCORES": "REJECT_REQUEST" if strict else "ALLOW"}
        key = base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode()
        _configuration("envoy.yaml", folder, PEERS=HERE, ADDRESS=address, UPSTREAM=upstream, KEY=key, **options)
        quiet = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
        super().__init__("envoy", [os.environ["ENVOY"], "-c", folder / "envoy.yaml", *quiet], address)


STRICT_ENVOY = "Envoy, and its options against odd paths and names"
ENVOYS = {
    "Envoy 1.40, `jwt_authn` and lua": Envoy,
    STRICT_ENVOY: partial(Envoy, strict=True),
}
GATES = {
    "no gate": None,
    "HAProxy 2.6, `jwt_verify` and `path,field(3,/)`": haproxy,
    "HAProxy, and every other path denied": partial(haproxy, PEER_DENY="1"),
    "HAProxy, and `normalize-uri`": partial(haproxy, PEER_DENY="1", PEER_NORMALIZE="1"),
    "nginx 1.22 with lua, a segment of `$uri`": nginx,
    "nginx, and every other path denied": partial(nginx, PEER_DENY="1"),
    **(ENVOYS if os.environ.get("ENVOY") else {}),  # tests/run and tests/attack/run set it where they could install it
    "Postern": processes.postern,
}


ALICE = token("alice")
HONEST = [
    # (target, token, status)
    ("/api/alice/tasks", ALICE, [200]),
    ("/api/v2/alice/notes", ALICE, [200]),
    ("/m/alice/tree/a/b", ALICE, [200]),
    ("/gw/api/alice/files/a/b", ALICE, [200, 404]),  # not every service has it
    ("/whoami", ALICE, [200]),
    ("/health", None, [200]),
    ("/public/x", None, [200]),
    ("/api/alice/tasks", None, [401]),
    ("/api/alice/tasks", tampered(ALICE), [401]),
    ("/api/alice/tasks", token("alice", secret="another secret of thirty-two bytes"), [401]),
    ("/api/alice/tasks", token("alice", ttl=-3600), [401]),
    ("/api/bob/tasks", ALICE, [403]),
    ("/api/v2/bob/notes", ALICE, [403]),
    ("/gw/api/v2/bob/notes", ALICE, [403]),
]


def prove(start, address, upstream):
    """Starts a gate that is shown to make the checks which it is compared in."""
    gate = start(address, upstream)
    for target, bearer, expected in HONEST:
        with Client(gate.address) as client:
            status = client.get(target, token=bearer).status
        assert status in expected, f"{gate.name}, {target}: {status}"
    with Client(upstream) as client:
        client.get("/seen")
    return gate


def _cases(tally, kind):
    return len({violation.index for violation in tally.violations if violation.kind == kind})


def compare(seed, requests, gates=GATES):
    """(Markdown table, violations through the last gate); so many requests to each."""
    # hypercorn waits for the rest of what a client cut short, which without a gate takes too long.
    servers = [server for server in processes.servers() if server[0].startswith(("debian-h11", "debian-httptools"))]
    count = math.ceil(requests / len(servers))
    lines = [
        f"| {count:,} requests (seed {seed}) to each of {len(servers)} services | forwarded "
        "| a handler ran for another user | saw a foreign identity | ran for a hidden request |",
        "|---|---|---|---|---|",
    ]
    for name, start in gates.items():
        tally = on_the_wire.search(seed, count, start_gate=start and partial(prove, start), servers=servers)
        counts = [_cases(tally, kind) for kind in (OTHER_USER, IDENTITY, REQUESTS)]
        lines.append(
            "| " + " | ".join([name, *(f"{number:,}" for number in [tally.forwarded, *counts])]) + " |"
        )
    return "\n".join(lines), tally.violations
