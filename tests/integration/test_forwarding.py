"""What the upstream sees of a request, and the client of a response: the end-to-end part, byte for byte, and nothing else."""

import pytest
from gate import token
from wire import Client, ok, request

TARGETS = [  # (as sent, as the upstream sees it)
    ("/api/alice/x", "/api/alice/x"),
    ("/api/alice/", "/api/alice/"),
    ("/api/%61lice/%C3%A9%20%7e", "/api/%61lice/%C3%A9%20%7e"),
    ("/api/alice/a;b=c,d:e@f!g$h&i'j(k)l*m+n", "/api/alice/a;b=c,d:e@f!g$h&i'j(k)l*m+n"),
    ("/api/alice/x?", "/api/alice/x?"),
    ("/api/alice/x?a=1&a=2&b[]=%00%2f%zz", "/api/alice/x?a=1&a=2&b[]=%00%2f%zz"),
    ("/api/alice/x?next=/../../bob//y?z\\", "/api/alice/x?next=/../../bob//y?z\\"),
    ("/api/alice/x?q={}|^`\"<>'", "/api/alice/x?q={}|^`\"<>'"),
    ("/api/alice/x?q=%C3%A9%FF", "/api/alice/x?q=%C3%A9%FF"),
    ("http://other:81/api/alice/x?y=http://z", "/api/alice/x?y=http://z"),
    ("HTTPS://other:81/api/%61lice/", "/api/%61lice/"),
]


@pytest.mark.parametrize("sent,seen", TARGETS)
def test_the_upstream_sees_the_very_bytes_that_were_judged(gate, upstream, sent, seen):
    with Client(gate.address) as client:
        assert client.get(sent, token=token("alice")).status == 200
    (got,) = upstream.requests
    assert (got.method, got.target, got.version) == ("GET", seen, "HTTP/1.1")
    assert got.head.one("Host") == ("other:81" if "://other" in sent else "gate")
    assert got.head.one("X-Forwarded-Host") == got.head.one("Host")


METHODS = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "get", "M-SEARCH", "!#$%&'*+-.^_`|~"]


@pytest.mark.parametrize("method", METHODS)
def test_any_method_but_connect_and_trace_passes_as_written(gate, upstream, method):
    with Client(gate.address) as client:
        client.send(request(method, "/api/alice/x", token=token("alice"), body=b"content"))
        assert client.read_response().status == 200
    (got,) = upstream.requests
    assert (got.method, got.body) == (method, b"content")


def test_the_host_is_kept_as_written(gate, upstream):
    hosts = ["Example.COM", "example.com:8443", "[2001:db8::1]:80", "a_b.internal"]
    with Client(gate.address) as client:
        for host in hosts:
            client.send(request("GET", "/api/alice/x", token=token("alice"), host=host)).read_response()
    assert [got.head.all("Host") for got in upstream.requests] == [[host] for host in hosts]


def test_end_to_end_fields_pass_in_their_order_byte_for_byte(gate, upstream):
    fields = ["Cookie: a=b; sid=\"x, y\"", "X-Latin: caf\xe9 \xff",
              "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate: a=b", "x-CASE: Kept",
              "Accept: text/html;q=0.9, */*", "X-Twice: 1", "Accept-Encoding: gzip", "X-Twice: 2",
              "X-Tab: a\tb", "Cookie: c=d", "If-None-Match: W/\"1\"", "Origin: https://app", "X-Empty: "]
    with Client(gate.address) as client:
        client.get("/api/alice/x", *fields, token=token("alice"))
    (got,) = upstream.requests
    lines = [b": ".join(field).decode("latin-1") for field in got.head.fields]
    assert [line for line in lines if line in fields] == fields


HOP_BY_HOP = ["Connection: keep-alive, X-Private, x-other", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive",
              "TE: trailers", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA", "X-Private: 1", "X-OTHER: 2",
              "x-private: 3"]


def test_hop_by_hop_fields_and_what_connection_names_stay_this_side(gate, upstream):
    with Client(gate.address) as client:
        client.get("/api/alice/x", *HOP_BY_HOP, "Proxy-Authorization: Basic YTpi", "X-Public: 4", token=token("alice"))
    (got,) = upstream.requests
    gone = {line.split(":")[0].lower() for line in HOP_BY_HOP}
    assert not gone & set(got.head.names()), got.head.raw
    assert got.head.one("X-Public") == "4"


def test_hop_by_hop_fields_of_the_response_stay_that_side(gate, upstream):
    lines = [line for line in HOP_BY_HOP if not line.startswith("Upgrade")]

    def script(connection):
        while connection.read_request():
            connection.send(ok(b"ok", *lines, "Set-Cookie: a=b", "X-Public: caf\xe9", "Set-Cookie: c=d", "Server: uvicorn"))

    upstream.script = script
    with Client(gate.address) as client:
        for _ in range(2):
            response = client.get("/api/alice/x", token=token("alice"))
            gone = {line.split(":")[0].lower() for line in lines}
            assert not gone & set(response.head.names()), response.head.raw
            assert response.head.all("Set-Cookie") == ["a=b", "c=d"]
            assert (response.head.one("X-Public"), response.head.one("Server")) == ("caf\xe9", "uvicorn")


@pytest.mark.parametrize("named", ["Host", "Content-Length", "Transfer-Encoding", "X-Forwarded-For", "X-Request-Id", "X-User-Id"])
def test_connection_cannot_remove_what_the_gate_relies_on(gate, upstream, named):
    with Client(gate.address) as client:
        fields = [f"Connection: {named}", "X-Request-Id: mine"]
        client.send(request("POST", "/api/alice/x", *fields, token=token("alice"), body=b"content"))
        assert client.read_response().status == 200
    (got,) = upstream.requests
    assert got.body == b"content"
    wanted = [got.head.all(name) for name in ("Host", "Content-Length", "X-Forwarded-For", "X-Request-Id", "X-User-Id")]
    assert wanted == [["gate"], ["7"], ["127.0.0.1"], ["mine"], ["alice"]]


FORWARDED = [  # (sent, seen from a stranger, seen from a trusted proxy); For, Proto, Host
    ([], ["127.0.0.1", "http", "gate"], ["127.0.0.1", "http", "gate"]),
    (["X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Host: app.example"],
     ["127.0.0.1", "http", "gate"], ["1.2.3.4, 127.0.0.1", "https", "app.example"]),
    (["X-Forwarded-For: 1.2.3.4, 5.6.7.8", "x-forwarded-for: 9.9.9.9"],
     ["127.0.0.1", "http", "gate"], ["1.2.3.4, 5.6.7.8, 9.9.9.9, 127.0.0.1", "http", "gate"]),
    (["X_Forwarded_For: 1.2.3.4", "X_Forwarded-Proto: https", "x-forwarded_host: evil"],
     ["127.0.0.1", "http", "gate"], ["127.0.0.1", "http", "gate"]),
    (["X-Forwarded-Proto: https", "X-Forwarded-Proto: http", "X-Forwarded-Host: a", "X-Forwarded-Host: b"],
     ["127.0.0.1", "http", "gate"], ["127.0.0.1", "http", "gate"]),
    (["X-Forwarded-Proto: javascript", "X-Forwarded-Host: a/b?c"], ["127.0.0.1", "http", "gate"], ["127.0.0.1", "http", "gate"]),
]


@pytest.mark.parametrize("trusted", [None, "10.0.0.0/8,::1", "127.0.0.0/8", "127.0.0.1"])
def test_forwarded_fields_are_believed_from_trusted_proxies_only(start, upstream, trusted):
    gate = start(POSTERN_TRUSTED_PROXIES=trusted)
    believed = bool(trusted) and trusted.startswith("127")
    with Client(gate.address) as client:
        for sent, _, _ in FORWARDED:
            client.get("/api/alice/x", *sent, token=token("alice"))
        client.get("/api/alice/x", "Forwarded: for=1.2.3.4;proto=https", token=token("alice"))
    *rows, last = upstream.requests
    for got, (sent, stranger, proxy) in zip(rows, FORWARDED, strict=True):
        seen = [got.head.all(f"X-Forwarded-{name}") for name in ("For", "Proto", "Host")]
        assert seen == [[value] for value in (proxy if believed else stranger)], sent
        assert not any("_" in name for name in got.head.names()), sent
    assert last.head.all("Forwarded") == (["for=1.2.3.4;proto=https"] if believed else [])


IDS = [  # (fields, kept)
    (["X-Request-Id: a.B_c:d-9"], True), (["x-request-id: 4"], True), (["X-Request-Id: " + "a" * 128], True), ([], False),
    (["X-Request-Id: " + "a" * 129], False), (["X-Request-Id: a b"], False), (['X-Request-Id: a"b'], False),
    (["X-Request-Id:"], False), (["X-Request-Id: caf\xe9"], False), (["X-Request-Id: a", "X-Request-Id: b"], False),
    (["X_Request_Id: a"], False),
]


@pytest.mark.parametrize("fields,kept", IDS)
def test_a_sane_request_id_is_kept_and_any_other_replaced(gate, upstream, fields, kept):
    with Client(gate.address) as client:
        answered = client.get("/api/alice/x", *fields, token=token("alice")).head.one("X-Request-Id")
        refused = client.get("/api/alice/x", *fields).head.one("X-Request-Id")
    (got,) = upstream.requests
    assert got.head.all("X-Request-Id") == [answered] and got.head.all("X_Request_Id") == []
    assert (fields == [f"X-Request-Id: {answered}"] or fields == [f"x-request-id: {answered}"]) == kept
    assert (answered == refused) == kept
    gate.wait_for_log(msg="request", request_id=answered, status=200)
    gate.wait_for_log(msg="request", request_id=refused, status=401)


def test_an_id_of_the_upstreams_own_does_not_reach_the_client(gate, upstream):
    def script(connection):
        while connection.read_request():
            connection.send(ok(b"ok", "X-Request-Id: other"))

    upstream.script = script
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", "X-Request-Id: mine", token=token("alice")).head.all("X-Request-Id") == ["mine"]


@pytest.mark.parametrize("setting", [None, "true", "false"])
def test_authorization_is_passed_on_unless_configured_otherwise(start, upstream, setting):
    gate = start(POSTERN_FORWARD_AUTHORIZATION=setting, POSTERN_PUBLIC_PATHS="/health")
    good = token("alice")
    with Client(gate.address) as client:
        assert client.get("/api/alice/x", token=good).status == 200
        assert client.get("/health", "Authorization: Basic YTpi").status == 200
    seen = [got.head.all("Authorization") for got in upstream.requests]
    assert seen == ([[], []] if setting == "false" else [[f"Bearer {good}"], ["Basic YTpi"]])
    assert [got.head.all("X-User-Id") for got in upstream.requests] == [["alice"], []]
