"""CORS: what a browser sends before a request, and what it needs to show a script the gate's own answers."""

import socket

import pytest
from gate import token
from wire import Client, ok, request

ORIGIN, METHOD = "Origin: https://app", "Access-Control-Request-Method: PUT"
FIELDS = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers", "Vary")


def cors_of(response):
    return [response.head.one(name) for name in FIELDS]


PREFLIGHTS = [  # (why, fields)
    ("plain", [ORIGIN, METHOD]),
    ("with headers", [ORIGIN, METHOD, "Access-Control-Request-Headers: authorization, content-type"]),
    ("length 0", [ORIGIN, METHOD, "Content-Length: 0"]),
    ("credentials", [ORIGIN, METHOD, "Authorization: Bearer {token}", "Cookie: a=b"]),
    ("other credentials", [ORIGIN, METHOD, "Authorization: Basic YTpi", "authorization: x", "Authorization_: kept"]),
    ("any case", ["origin: null", "ACCESS-CONTROL-REQUEST-METHOD: PUT"]),
]


@pytest.mark.parametrize("why,fields", PREFLIGHTS, ids=[row[0] for row in PREFLIGHTS])
def test_a_preflight_is_forwarded_without_identity_and_authorization(gate, upstream, why, fields):
    def script(connection):
        while connection.read_request():
            connection.send(ok(b"", "Access-Control-Allow-Origin: https://app", "Access-Control-Allow-Methods: PUT"))

    upstream.script = script
    with Client(gate.address) as client:
        response = client.get("/api/bob/x?y", *[field.format(token=token("alice")) for field in fields], method="OPTIONS")
    assert (response.status, response.head.one("Access-Control-Allow-Methods")) == (200, "PUT")
    (seen,) = upstream.requests
    assert (seen.method, seen.target) == ("OPTIONS", "/api/bob/x?y")
    assert seen.head.all("Authorization") == seen.head.all("X-User-Id") == []
    for field in fields:
        if not field.lower().startswith(("authorization:", "content-length")):
            assert field.encode() in seen.head.raw
    assert gate.wait_for_log(msg="request")["reason"] == "preflight"


ORDINARY = [  # (why, method, fields, body)
    ("no origin", "OPTIONS", [METHOD], None),
    ("no method asked for", "OPTIONS", [ORIGIN], None),
    ("two origins", "OPTIONS", [ORIGIN, ORIGIN, METHOD], None),
    ("two methods asked for", "OPTIONS", [ORIGIN, METHOD, METHOD], None),
    ("other spelling", "OPTIONS", [ORIGIN, "Access_Control_Request_Method: PUT"], None),
    ("an origin that goes no further", "OPTIONS", [ORIGIN, METHOD, "Connection: Origin"], None),
    ("a method asked for that goes no further", "OPTIONS", [ORIGIN, METHOD, "Connection: access-control-request-method"], None),
    ("a body", "OPTIONS", [ORIGIN, METHOD], b"content"),
    ("another method", "GET", [ORIGIN, METHOD], None),
    ("the method in small letters", "options", [ORIGIN, METHOD], None),
]


@pytest.mark.parametrize("why,method,fields,body", ORDINARY, ids=[row[0] for row in ORDINARY])
def test_what_only_looks_like_a_preflight_needs_a_token(gate, upstream, why, method, fields, body):
    rows = [(None, 401), (token("bob"), 403), (token("alice"), 200)]
    for bearer, status in rows:
        with Client(gate.address) as client:
            client.send(request(method, "/api/alice/x", *fields, token=bearer, body=body))
            assert client.read_response().status == status, bearer
    (seen,) = upstream.requests
    assert seen.head.all("X-User-Id") == ["alice"]


def test_a_chunked_body_makes_no_preflight(gate, upstream):
    with Client(gate.address) as client:
        client.send(request("OPTIONS", "/api/alice/x", ORIGIN, METHOD, "Transfer-Encoding: chunked") + b"0\r\n\r\n")
        assert client.read_response().status == 401
    assert upstream.requests == []


def test_a_preflight_gets_no_further_than_the_rules_go(gate, upstream):
    rows = [("/elsewhere", None, 401), ("/elsewhere", token("alice"), 404), ("/api/bob/../x", None, 400),
            ("/api%2fbob", None, 400)]
    for target, bearer, status in rows:
        with Client(gate.address) as client:
            assert client.get(target, ORIGIN, METHOD, token=bearer, method="OPTIONS").status == status, target
    assert upstream.requests == []


def test_preflights_need_a_token_where_that_is_configured(start, upstream):
    gate = start(POSTERN_CORS_PREFLIGHT="reject", POSTERN_PUBLIC_PATHS="/health")
    rows = [("/api/alice/x", None, 401, None), ("/api/alice/x", token("bob"), 403, None),
            ("/api/alice/x", token("alice"), 200, ["alice"]), ("/health", None, 200, [])]
    for target, bearer, status, _ in rows:
        with Client(gate.address) as client:
            assert client.get(target, ORIGIN, METHOD, token=bearer, method="OPTIONS").status == status
    assert [seen.head.all("X-User-Id") for seen in upstream.requests] == [["alice"], []]


@pytest.fixture
def dead_end():
    """An address where nobody listens, and nobody else can begin to."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield "http://{}:{}".format(*bound.getsockname())


OWN = [  # (status, target, who)
    (401, "/api/alice/x", None), (401, "/api/alice/x", "garbage"), (403, "/api/bob/x", "alice"), (404, "/elsewhere", "alice"),
    (400, "/api/alice/../x", "alice"), (502, "/api/alice/x", "alice"),
]
EXPOSED = "WWW-Authenticate, X-Request-Id, Retry-After"
LISTS = [  # (setting, origin sent, fields expected)
    ("https://app", "https://app", ["https://app", "true", EXPOSED, "Origin"]),
    ("https://a,https://app:8443", "https://app:8443", ["https://app:8443", "true", EXPOSED, "Origin"]),
    ("https://app", "https://app.evil", [None, None, None, "Origin"]),
    ("https://app", "http://app", [None, None, None, "Origin"]),
    ("https://app", "https://app, https://app", [None, None, None, "Origin"]),
    ("https://app", "null", [None, None, None, "Origin"]),
    ("https://app", None, [None, None, None, "Origin"]),
    ("*", "https://any", ["*", None, EXPOSED, None]),
    ("*", None, ["*", None, EXPOSED, None]),
    (None, "https://app", [None] * 4),
]


@pytest.mark.parametrize("setting,origin,expected", LISTS)
def test_the_gates_own_answers_are_readable_for_listed_origins(start, dead_end, setting, origin, expected):
    gate = start(dead_end, POSTERN_CORS_ORIGINS=setting)
    fields = [f"Origin: {origin}"] if origin else []
    for status, target, who in OWN:
        with Client(gate.address) as client:
            response = client.get(target, *fields, token=token(who) if who == "alice" else who)
        assert response.status == status
        assert cors_of(response) == expected, target


def test_two_origins_are_none(start, dead_end):
    gate = start(dead_end, POSTERN_CORS_ORIGINS="https://app,https://other")
    with Client(gate.address) as client:
        response = client.get("/api/alice/x", "Origin: https://app", "Origin: https://other")
    assert cors_of(response) == [None, None, None, "Origin"]


def test_a_malformed_head_is_readable_too_when_its_origin_was_read(start, dead_end):
    gate = start(dead_end, POSTERN_CORS_ORIGINS="https://app")
    with Client(gate.address) as client:
        response = client.get("/api/alice/x", ORIGIN, "X : y", token=token("alice"))
    assert (response.status, cors_of(response)) == (400, ["https://app", "true", EXPOSED, "Origin"])


@pytest.mark.parametrize("setting", ["https://app", "*", None])
def test_forwarded_responses_keep_the_upstreams_cors_fields(start, upstream, setting):
    answers = [ok(), ok(b"ok", "Access-Control-Allow-Origin: https://theirs", "Vary: Accept"),
               b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"]

    def script(connection):
        for answer in answers:
            connection.read_request()
            connection.send(answer)

    upstream.script = script
    gate = start(POSTERN_CORS_ORIGINS=setting)
    with Client(gate.address) as client:
        seen = [cors_of(client.get("/api/alice/x", ORIGIN, token=token("alice"))) for _ in answers]
    assert seen == [[None] * 4, ["https://theirs", None, None, "Accept"], [None] * 4]
