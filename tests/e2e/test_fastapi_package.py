"""postern_fastapi behind the real gate: what Postern signs passes on both parsers, the rest does not."""

import json
import re
from pathlib import Path

import pytest
from backend import EXAMPLE, ROOT
from gate import token
from websocket import TEXT, UPGRADE, read_frame
from wire import Client, request

KEY = "identity-key-of-the-tests-0123456789"
OLD = "identity-key-before-that-0123456789-"
APP = ("signed_identity_app:app", Path(__file__).resolve().parent)
PACKAGE = str(ROOT / "deploy" / "fastapi")
PATHS = {"POSTERN_PUBLIC_PATHS": "/public/**,/ready", "POSTERN_TOKEN_PATHS": "/whoami"}
REFUSED = (401, {"detail": "Not authenticated"})
MADE_UP = f"X-Postern-Identity: v1.1700000000.{'A' * 43}"
PREFLIGHT = ["Origin: https://app.example.com", "Access-Control-Request-Method: GET"]


@pytest.fixture(scope="module")
def service(start_backend):
    return start_backend(APP, PYTHONPATH=PACKAGE, POSTERN_IDENTITY_KEY=KEY, OLD_KEY=OLD)


@pytest.fixture(scope="module")
def gate(start_gate, service):
    return start_gate(service, POSTERN_IDENTITY_KEY=KEY, **PATHS)


def ask(address, method, target, *fields, bearer=None, body=None):
    with Client(address) as client:
        client.send(request(method, target, *fields, token=bearer, body=body))
        response = client.read_response(method)
    return response.status, json.loads(response.body) if response.body else None


THROUGH = [
    ("GET", "/api/alice/tasks", [], 200, "her own"),
    ("POST", "/api/alice/tasks", [], 200, "with a body"),
    ("HEAD", "/api/alice/tasks", [], 405, "which the service has no route for, and says so itself"),
    ("OPTIONS", "/api/alice/tasks", [], 405, "OPTIONS with a token"),
    ("GET", "/api/%61lice/tasks", [], 200, "a needless encoding is signed as it is sent"),
    ("GET", "/api/alice/files/a%20b/%C3%BC", [], 200, "a needed one too"),
    ("GET", "/api/alice/files/a@b:c;d=1,2$&'()*+!~", [], 200, "every plain character"),
    ("GET", "/api/alice/tasks?a=1&b=%2F", [], 200, "a query"),
    ("GET", "/api/alice/tasks?", [], 200, "an empty one"),
    ("GET", "/api/alice/tasks??", [], 200, "one that is a question mark"),
    ("GET", "/api/alice/tasks?a=b?c", [], 200, "one that has a question mark"),
    ("GET", "http://gate/api/alice/tasks?a=1", [], 200, "absolute-form, which Postern rewrites"),
    ("GET", "/whoami", [], 200, "any token"),
    ("GET", "/api/alice/tasks", ["X-Request-Id: the-clients-own"], 200, "a request id of the client's"),
    ("GET", "/api/alice/tasks", ["X-Request-Id: a", "X-Request-Id: b"], 200, "two of them"),
    ("GET", "/api/alice/tasks", ["X-User-Id: bob"], 200, "a forged user"),
    ("GET", "/api/alice/tasks", ["X-Postern-Identity: v1.0.x"], 200, "a forged signature"),
    ("GET", "/api/alice/tasks", ["x_postern_identity: x", "X-Postern_Identity: y"], 200, "other spellings"),
    ("GET", "/api/alice/tasks", ["Connection: X-Postern-Identity, X-User-Id"], 200, "named in Connection"),
    ("GET", "/api/alice/tasks", ["Connection: close, X-Request-Id"], 200, "the request id named there"),
    ("GET", "/api/bob/tasks", [], 403, "another user's"),
]


@pytest.mark.parametrize(
    ("method", "target", "fields", "status", "why"), THROUGH, ids=[row[4] for row in THROUGH]
)
def test_what_comes_through_the_gate_passes_the_service(gate, method, target, fields, status, why):
    body = b"hello" if method == "POST" else None
    got, answer = ask(gate.address, method, target, *fields, bearer=token("alice"), body=body)
    assert got == status, why
    if status == 200:
        assert answer["user"] == "alice", why
        assert answer.get("body", "") in ("", "hello"), why


def test_the_service_sees_one_signature_and_one_request_id(gate):
    _, answer = ask(
        gate.address,
        "GET",
        "/api/alice/tasks",
        "X-Postern-Identity: x",
        "x_request_id: y",
        bearer=token("alice"),
    )
    of = {}
    for name, value in answer["fields"]:
        of.setdefault(name.replace("_", "-"), []).append(value)
    assert of["x-user-id"] == ["alice"] and len(of["x-postern-identity"]) == 1
    assert re.fullmatch(r"v1\.[0-9]+\.[A-Za-z0-9_-]{43}", of["x-postern-identity"][0])
    assert len([name for name, _ in answer["fields"] if name == "x-request-id"]) == 1


def test_public_paths_and_preflights_are_signed_for_nobody(gate):
    assert ask(gate.address, "GET", "/public/a")[0] == 200
    assert ask(gate.address, "POST", "/public/a", "X-User-Id: bob", body=b"x")[1]["body"] == "x"
    assert ask(gate.address, "OPTIONS", "/api/alice/tasks", *PREFLIGHT)[0] == 405, "its own, without CORS"
    assert ask(gate.address, "GET", "/ready") == (200, {"user": None})


def test_many_requests_on_one_connection_have_a_signature_each(gate):
    with Client(gate.address) as client:
        for number in range(20):
            target = f"/api/alice/tasks?n={number}"
            client.send(request("POST", target, token=token("alice"), body=b"%d" % number))
            response = client.read_response("POST")
            assert (response.status, json.loads(response.body)["body"]) == (200, str(number))


def test_trailers_of_the_client_do_not_disturb_a_signature(gate):
    with Client(gate.address) as client:
        client.send(request("POST", "/api/alice/tasks", "Transfer-Encoding: chunked", token=token("alice")))
        client.send(b"1\r\nx\r\n0\r\nX-Postern-Identity: x\r\nX-Request-Id: y\r\nX-User-Id: bob\r\n\r\n")
        response = client.read_response("POST")
    assert (response.status, json.loads(response.body)["user"]) == (200, "alice")


def test_without_a_token_it_is_postern_that_refuses(gate):
    assert ask(gate.address, "GET", "/api/alice/tasks") == REFUSED
    assert gate.wait_for_log(msg="request", status=401)["reason"]


ROUND = [
    ("GET", "/api/alice/tasks", ["X-User-Id: alice"], "a forged user"),
    ("GET", "/api/alice/tasks", [], "nobody"),
    ("GET", "/api/alice/tasks", ["X-User-Id: alice", "X-Request-Id: r"], "with a request id"),
    ("GET", "/api/alice/tasks", ["X-User-Id: alice", "X-Request-Id: r", MADE_UP], "and a made-up signature"),
    ("GET", "/whoami", ["X-User-Id: alice"], "a path of any token"),
    ("GET", "/public/a", [], "a public path"),
    ("GET", "/public/a", ["X-User-Id: alice"], "with a forged user"),
    ("OPTIONS", "/api/alice/tasks", PREFLIGHT, "a preflight"),
    ("GET", "/not/there", [], "a path without a route"),
    ("GET", "/ready", ["X-User-Id: alice"], "a direct path with a forged user"),
]


@pytest.mark.parametrize(("method", "target", "fields", "why"), ROUND, ids=[row[3] for row in ROUND])
def test_what_goes_round_the_gate_is_401(service, method, target, fields, why):
    assert ask(service.address, method, target, *fields) == REFUSED, why


def test_a_direct_path_may_be_asked_round_the_gate(service):
    assert ask(service.address, "GET", "/ready") == (200, {"user": None})


def test_nobody_becomes_somebody_by_a_trailer(service):
    fields = ["Transfer-Encoding: chunked", "Expect: 100-continue"]
    with Client(service.address) as client:
        client.send(request("POST", "/late/", *fields))
        assert client.read_head().start.split()[1] == b"100", "the route runs and waits for the body"
        client.send(b"1\r\nx\r\n0\r\nX-User-Id: bob\r\n\r\n")
        response = client.read_response()
    assert (response.status, json.loads(response.body)) == (200, {"user": "nobody"})


def captured(gate):
    """The fields with which Postern sent alice's request on, as one who reads the wire behind it has them."""
    _, answer = ask(gate.address, "GET", "/api/alice/tasks?a=1", bearer=token("alice"))
    names = ("x-user-id", "x-request-id", "x-postern-identity")
    return {name: value for name, value in answer["fields"] if name in names}


REUSED = [
    ("GET", "/api/alice/tasks?a=1", {}, 200, "the same request, within 30 s"),
    ("GET", "/api/alice/tasks", {}, 401, "without the query"),
    ("GET", "/api/alice/tasks?a=2", {}, 401, "another query"),
    ("GET", "/api/bob/tasks?a=1", {}, 401, "another path"),
    ("POST", "/api/alice/tasks?a=1", {}, 401, "another method"),
    ("GET", "/api/bob/tasks?a=1", {"x-user-id": "bob"}, 401, "another user"),
    ("GET", "/api/alice/tasks?a=1", {"x-user-id": None}, 401, "no user"),
    ("GET", "/api/alice/tasks?a=1", {"x-request-id": "another"}, 401, "another request id"),
]


@pytest.mark.parametrize(
    ("method", "target", "changes", "status", "why"), REUSED, ids=[row[4] for row in REUSED]
)
def test_a_captured_signature_is_good_for_that_one_request(
    gate, service, method, target, changes, status, why
):
    fields = {**captured(gate), **changes}
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    assert ask(service.address, method, target, *lines)[0] == status, why


def test_a_websocket_passes_through_the_gate_and_not_round_it(gate, service):
    with Client(gate.address) as client:
        client.send(request("GET", "/api/alice/live?a=%20b", *UPGRADE, token=token("alice")))
        assert client.read_head().start.split()[1] == b"101"
        frame = read_frame(client)
        assert (frame.opcode, frame.payload) == (TEXT, b"alice")
    with Client(gate.address) as client:
        client.send(request("GET", "/api/bob/live", *UPGRADE, token=token("alice")))
        assert client.read_response().status == 403
    for fields in ([], ["X-User-Id: alice"], ["X-User-Id: alice", MADE_UP]):
        with Client(service.address) as client:
            client.send(request("GET", "/api/alice/live", *UPGRADE, *fields))
            # uvicorn 0.17 has 403 as its only refusal of a handshake.
            assert client.read_head().start.split()[1] in (b"401", b"403")


@pytest.mark.parametrize(
    ("key", "status", "why"),
    [
        (OLD, 200, "the key before this one"),
        (KEY[::-1], 401, "a key of another service"),
        (None, 401, "a gate that does not sign"),
    ],
)
def test_the_gate_has_to_sign_with_a_key_that_the_service_knows(start_gate, service, key, status, why):
    gate = start_gate(service, POSTERN_IDENTITY_KEY=key, **PATHS)
    assert ask(gate.address, "GET", "/api/alice/tasks", bearer=token("alice"))[0] == status, why


def test_the_key_can_be_in_a_file(start_backend, start_gate, tmp_path):
    file = tmp_path / "identity"
    file.write_text(KEY + "\n")
    service = start_backend(APP, PYTHONPATH=PACKAGE, POSTERN_IDENTITY_KEY_FILE=str(file))
    gate = start_gate(service, POSTERN_IDENTITY_KEY_FILE=str(file), **PATHS)
    assert ask(gate.address, "GET", "/api/alice/tasks", bearer=token("alice"))[0] == 200


def test_the_servers_root_path_is_no_part_of_the_signature(start_backend, start_gate):
    service = start_backend(APP, PYTHONPATH=PACKAGE, POSTERN_IDENTITY_KEY=KEY, UVICORN_ROOT_PATH="/gw")
    gate = start_gate(service, POSTERN_IDENTITY_KEY=KEY, **PATHS)
    assert ask(gate.address, "GET", "/api/alice/tasks?a=1", bearer=token("alice"))[1]["user"] == "alice"
    assert ask(gate.address, "GET", "/public/a")[0] == 200
    assert ask(service.address, "GET", "/api/alice/tasks?a=1", "X-User-Id: alice") == REFUSED
    assert ask(service.address, "GET", "/ready")[0] == 200


def test_posterns_own_question_whether_the_service_is_well_needs_a_direct_path(start_gate, service):
    for path, status in [("/ready", 200), ("/public/a", 503)]:
        gate = start_gate(service, POSTERN_IDENTITY_KEY=KEY, POSTERN_UPSTREAM_HEALTH_PATH=path, **PATHS)
        with Client(gate.admin) as client:
            assert client.get("/readyz").status == status, path


def test_a_service_that_does_not_ask_for_signatures_is_not_disturbed_by_them(start_backend, start_gate):
    service = start_backend(EXAMPLE, TASKS_DB=":memory:")
    gate = start_gate(service, POSTERN_IDENTITY_KEY=KEY, POSTERN_PUBLIC_PATHS="/health")
    assert ask(gate.address, "GET", "/api/alice/tasks", bearer=token("alice")) == (200, [])


@pytest.fixture(scope="module")
def documented(start_backend, start_gate, tmp_path_factory):
    """The to-do service, which takes signed requests only, with its documentation on public paths."""
    database = tmp_path_factory.mktemp("todo") / "tasks.db"
    service = start_backend(EXAMPLE, POSTERN_IDENTITY_KEY=KEY, TASKS_DB=str(database))
    public = "/openapi.json,/docs/**,/redoc,/health"
    return start_gate(service, POSTERN_IDENTITY_KEY=KEY, POSTERN_PUBLIC_PATHS=public)


def page(address, target):
    with Client(address) as client:
        response = client.get(target)
    assert response.status == 200, target
    return response.head.one("Content-Type"), response.body.decode()


def as_the_page_calls(document, summary, parameters, authorized):
    """(method, target, fields) of an operation, from the document alone: what its Execute button sends."""
    every = [(path, *item) for path, operations in document["paths"].items() for item in operations.items()]
    ((path, method, operation),) = [found for found in every if found[2]["summary"] == summary]
    for parameter in operation.get("parameters", []):
        assert parameter["in"] == "path", parameter
        path = path.replace("{%s}" % parameter["name"], parameters[parameter["name"]])
    schemes = [document["components"]["securitySchemes"][name] for name, in operation.get("security", [])]
    assert all((scheme["type"], scheme["scheme"]) == ("http", "bearer") for scheme in schemes)
    return method.upper(), path, [f"Authorization: Bearer {authorized}"] if schemes and authorized else []


def test_the_docs_page_and_its_authorize_button_work_through_the_gate(documented):
    content_type, html = page(documented.address, "/docs")
    assert content_type.startswith("text/html")
    where = re.search(r"url: '([^']+)'", html)[1]
    assert where == "/openapi.json" and page(documented.address, "/docs/oauth2-redirect")
    document = json.loads(page(documented.address, where)[1])
    assert "servers" not in document, "so the page asks where it came from, which is the gate"

    her, his = {"user_id": "alice", "task_id": "1"}, {"user_id": "bob"}
    good, task = token("alice"), {"id": 1, "title": "x", "done": False}
    rows = [
        ("Is the service up?", her, None, None, (200, {"status": "ok"}), "needs nobody"),
        ("List my tasks", her, None, None, REFUSED, "before Authorize"),
        ("List my tasks", her, good, None, (200, []), "after it"),
        ("Add a task", her, good, {"title": "x"}, (201, task), "with a body"),
        ("Mark a task done or open", her, good, {"done": True}, (200, {**task, "done": True}), "a number"),
        ("List my tasks", his, good, None, (403, {"detail": "Forbidden"}), "somebody else's id"),
        ("Delete a task", her, good, None, (204, None), "no content"),
    ]
    for operation, parameters, authorized, body, expected, why in rows:
        method, target, fields = as_the_page_calls(document, operation, parameters, authorized)
        data = None
        if body is not None:
            data, fields = json.dumps(body).encode(), [*fields, "Content-Type: application/json"]
        assert ask(documented.address, method, target, *fields, body=data) == expected, why


def test_the_documentation_is_public_through_the_gate_only(documented, start_backend):
    service = start_backend(EXAMPLE, POSTERN_IDENTITY_KEY=KEY, TASKS_DB=":memory:")
    for path in ("/docs", "/openapi.json", "/redoc"):
        page(documented.address, path)
        assert ask(service.address, "GET", path) == REFUSED
    assert ask(service.address, "GET", "/health") == (200, {"status": "ok"})
