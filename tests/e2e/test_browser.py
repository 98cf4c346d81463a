"""What a page on another origin gets to see, in a real browser: Postern's answers, the service's, and websockets."""

import json
import time

import pytest
from browser.chromium import FOLDER, Chromium
from browser.page_server import PageServer
from gate import token
from leaving import check_prompt
from test_better_auth import sign_up
from wire import Client

APPLICATION = ("app:app", FOLDER)
PAGE = ((FOLDER / "page.html").read_bytes(), {})
ISSUER = "http://auth.test"
JSON = {"Content-Type": "application/json"}
PREFLIGHT = {"method": "OPTIONS", "reason": "preflight", "status": 200}  # as it is logged; a new query makes the browser ask
NETWORK_ERROR = {"failure": "TypeError"}  # all that a script learns of an answer that its origin may not read


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    running = Chromium(tmp_path_factory.mktemp("chromium"))
    yield running
    assert running.stop() == 0, running.errors


@pytest.fixture(scope="module")
def page():
    """The origin that the service and Postern are configured for."""
    server = PageServer(PAGE)
    yield server.origin
    server.stop()


@pytest.fixture(scope="module")
def stranger():
    """Another origin, which neither knows."""
    server = PageServer(PAGE)
    yield server.origin
    server.stop()


@pytest.fixture(scope="module")
def people(issuer):
    """Name to id and token, as Better Auth gave them."""
    return {name: sign_up(issuer, name) for name in ("alice", "bob")}


@pytest.fixture(scope="module")
def tokens(people):
    """By the names that the tables use."""
    alice = people["alice"]
    header, payload, tag = alice["token"].split(".")
    return {
        "alice's": alice["token"],
        "expired": token(alice["id"], ttl=-60, iss=ISSUER, aud=ISSUER),
        "tampered": f"{header}.{payload}.{'A' if tag[0] != 'A' else 'B'}{tag[1:]}",
        "none": None,
    }


class Service:
    """FastAPI behind Postern, and how a page asks it: as fetch() and new WebSocket() do, on the user's place."""

    def __init__(self, backend, gate, chromium, people, tokens):
        self.backend, self.gate, self._chromium, self._people, self._tokens = backend, gate, chromium, people, tokens

    def _url(self, scheme, user, name):
        host, port = self.gate.address
        return f"{scheme}://{host}:{port}/api/{self._people[user]['id']}/{name}"

    def fetch(self, origin, user, bearer, name="tasks", headers=None, **options):
        sent = dict(headers or {})
        if self._tokens[bearer]:
            sent["Authorization"] = f"Bearer {self._tokens[bearer]}"
        return self._chromium.do(origin, "ask", url=self._url("http", user, name), headers=sent, **options)

    def leave(self, origin, user, bearer):
        """Aborts a fetch that nobody answers."""
        headers = {"Authorization": f"Bearer {self._tokens[bearer]}"}
        return self._chromium.do(origin, "leave", url=self._url("http", user, "slow"), headers=headers, after=300)

    def websocket(self, origin, user, bearer, *messages):
        offered = ["bearer", self._tokens[bearer]] if self._tokens[bearer] else []
        return self._chromium.do(origin, "talk", url=self._url("ws", user, "ws"), protocols=offered, messages=messages)

    def count(self, **fields):
        """Of the requests logged so far, those that have all these fields."""
        return len([line for line in self.gate.requests() if fields.items() <= line.items()])


@pytest.fixture(scope="module")
def start_service(start_backend, start_gate, chromium, page, people, tokens):
    def start():
        backend = start_backend(APPLICATION, PAGE_ORIGIN=page)
        gate = start_gate(backend, POSTERN_CORS_ORIGINS=page, POSTERN_WEBSOCKET_TOKEN="subprotocol",
                          POSTERN_JWT_ISSUER=ISSUER, POSTERN_JWT_AUDIENCE=ISSUER, POSTERN_MAX_BODY_BYTES="64KiB")
        return Service(backend, gate, chromium, people, tokens)

    return start


@pytest.fixture(scope="module")
def service(start_service):
    return start_service()


def test_a_page_reads_its_users_tasks_after_a_preflight_without_identity(service, page, people):
    before = service.count(**PREFLIGHT)
    answer = service.fetch(page, "alice", "alice's", "tasks?first")
    alice = people["alice"]["id"]
    assert (answer["status"], answer["body"]) == (200, {"tasks_of": alice, "verified": [alice]})
    assert "uid" not in service.gate.wait_for_log(before + 1, **PREFLIGHT)
    assert service.gate.wait_for_log(request_id=answer["headers"]["x-request-id"])["uid"] == alice


REFUSED = [  # (whose tasks, token, status, detail, WWW-Authenticate)
    ("alice", "none", 401, "Not authenticated", "Bearer"),
    ("alice", "tampered", 401, "Invalid token", 'Bearer error="invalid_token", error_description="The token is invalid"'),
    ("alice", "expired", 401, "Token expired", 'Bearer error="invalid_token", error_description="The token expired"'),
    ("bob", "alice's", 403, "Forbidden", None),
    ("bob", "expired", 401, "Token expired", 'Bearer error="invalid_token", error_description="The token expired"'),
]


@pytest.mark.parametrize("user,bearer,status,detail,challenge", REFUSED)
def test_a_page_reads_status_detail_challenge_and_request_id_of_a_refusal(
    service, page, user, bearer, status, detail, challenge
):
    answer = service.fetch(page, user, bearer)
    assert (answer["status"], answer["body"]) == (status, {"detail": detail})
    assert answer["headers"].get("www-authenticate") == challenge
    assert service.gate.wait_for_log(request_id=answer["headers"]["x-request-id"])["status"] == status


@pytest.mark.parametrize("user,bearer,status,detail,challenge", REFUSED)
def test_a_page_that_includes_credentials_reads_the_same(service, page, user, bearer, status, detail, challenge):
    """The browser withholds what does not name the page's origin and allow credentials."""
    answer = service.fetch(page, user, bearer, credentials="include")
    assert (answer["status"], answer["body"]) == (status, {"detail": detail})
    assert answer["headers"].get("www-authenticate") == challenge


def test_a_page_of_another_origin_that_includes_credentials_reads_nothing(service, stranger):
    assert service.fetch(stranger, "alice", "none", credentials="include") == NETWORK_ERROR


def test_a_page_that_aborts_is_missed_within_a_second(service, page):
    count = service.count(reason="client went away")

    def once():
        nonlocal count
        assert service.leave(page, "alice", "alice's") == {"failure": "AbortError"}
        left_at = time.monotonic()
        count += 1
        service.gate.wait_for_log(count, msg="request", reason="client went away")
        with Client(service.backend.address) as client:
            return json.loads(client.get("/heard").body) - left_at

    check_prompt(once)


def test_a_page_posts_json_after_a_preflight_and_cannot_choose_the_identity(service, page, people):
    before = service.count(**PREFLIGHT)
    headers = JSON | {"X-User-Id": people["bob"]["id"]}
    answer = service.fetch(page, "alice", "alice's", "tasks?new", headers, method="POST", body='{"title": "Water the plants"}')
    alice = people["alice"]["id"]
    assert answer["status"] == 201
    assert answer["body"] == {"added": {"title": "Water the plants"}, "tasks_of": alice, "verified": [alice]}
    service.gate.wait_for_log(before + 1, **PREFLIGHT)


def test_a_page_reads_413_for_a_body_that_is_refused_while_it_is_sent(service, page):
    answer = service.fetch(page, "alice", "alice's", headers=JSON, method="POST", body=json.dumps("x" * 2**20))
    assert (answer["status"], answer["body"]) == (413, {"detail": "Content Too Large"})


def test_a_pages_websocket_brings_its_token_as_a_subprotocol_and_echoes(service, page, people):
    seen = service.websocket(page, "alice", "alice's", "hello", "again")
    first, *echoes = seen["received"]
    assert json.loads(first) == {"verified": [people["alice"]["id"]], "offered": []}
    assert echoes == ["hello", "again"]
    assert (seen["opened"], seen["protocol"]) == (True, "bearer")
    assert (seen["failed"], seen["wasClean"], seen["code"]) == (False, True, 1000)


NOT_OPENED = [  # (whose websocket, token, status that only the log tells, reason)
    ("alice", "none", 401, "no credentials"),
    ("alice", "tampered", 401, "bad signature"),
    ("alice", "expired", 401, "expired"),
    ("bob", "alice's", 403, "another user"),
]


@pytest.mark.parametrize("user,bearer,status,reason", NOT_OPENED)
def test_a_websocket_without_a_good_token_does_not_open(service, page, people, user, bearer, status, reason):
    fields = {"path": f"/api/{people[user]['id']}/ws", "status": status, "reason": reason}
    before = service.count(**fields)
    seen = service.websocket(page, user, bearer, "hello")
    assert seen == {"opened": False, "failed": True, "received": [], "code": 1006, "wasClean": False}
    service.gate.wait_for_log(before + 1, **fields)


def test_a_page_of_an_origin_that_is_not_listed_sees_a_network_error_instead_of_the_401(service, page, stranger):
    """The very request that the listed page reads as 401. It needs no preflight, so it is Postern's answer that is withheld."""
    fields = {"method": "GET", "status": 401, "reason": "no credentials"}
    before = service.count(**fields)
    assert service.fetch(page, "alice", "none")["status"] == 401
    assert service.fetch(stranger, "alice", "none") == NETWORK_ERROR
    service.gate.wait_for_log(before + 2, **fields)


def test_nor_does_it_get_past_the_services_own_answer_to_its_preflight(service, stranger):
    assert service.fetch(stranger, "alice", "alice's") == NETWORK_ERROR
    service.gate.wait_for_log(reason="preflight", status=400)


def test_a_page_reads_502_of_a_stopped_service_while_its_browser_remembers_the_preflight(start_service, page):
    service = start_service()
    assert service.fetch(page, "alice", "alice's")["status"] == 200
    service.backend.stop()
    answer = service.fetch(page, "alice", "alice's")
    assert (answer["status"], answer["body"]) == (502, {"detail": "Bad Gateway"})
    assert service.gate.wait_for_log(request_id=answer["headers"]["x-request-id"])["status"] == 502
