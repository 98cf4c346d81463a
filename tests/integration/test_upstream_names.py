"""An upstream known by name: which of its addresses is tried, when the name is looked up, and what a change costs."""

import signal
import threading
import time

import pytest
from gate import PATIENCE, check_in_time, token
from names import Names, Port
from wire import Client, ok, request

NAME = "backend.test"
PATH = "/api/alice/x"
FRESH = "Connection: close"  # answered with it, the next request needs a new connection
LONG = "50s"
V4, OTHER_V4, V6 = "127.0.0.2", "127.0.0.3", "::1"


@pytest.fixture
def names(tmp_path):
    with Names(tmp_path) as table:
        yield table


@pytest.fixture
def places():
    """places(address, ...) is a port on them."""
    ports = []

    def open_port(*addresses):
        ports.append(Port(*addresses))
        return ports[-1]

    yield open_port
    for port in ports:
        port.close()


@pytest.fixture
def begin(names, start):
    """Gates in front of the name, with one thread, so that every look-up is that thread's."""

    def begin_gate(port, host=NAME, **settings):
        defaults = {"POSTERN_THREADS": "1", "POSTERN_ADMIN_LISTEN": "off", "POSTERN_UPSTREAM_IDLE_TIMEOUT": LONG}
        return start(f"http://{host}:{port.number}", **names.environment(), **(defaults | settings))

    return begin_gate


def ask(gate, method="GET", body=None):
    """(status, body): an upstream's answer is its address."""
    with Client(gate.address) as client:
        response = client.send(request(method, PATH, token=token(), body=body)).read_response(method)
        return response.status, response.body


def answered_by(address):
    return 200, address.encode()


def ask_until(gate, expected):
    """A look-up that is through shows in the answers a moment later."""
    limit = time.monotonic() + PATIENCE
    while (answer := ask(gate)) != expected:
        assert answer[0] == 200 and time.monotonic() < limit, answer


def look_up_again(gate, names, expected):
    """Time passes until the name was looked up ten times more; meanwhile every answer is as expected. A look-up ends
    between two requests, and another begins only after it, so what nine of them found has been in use."""
    limit = time.monotonic() + PATIENCE
    enough = names.look_ups() + 10
    while names.look_ups() < enough:
        with names.held():
            names.forward(31)
            assert ask(gate) == expected and time.monotonic() < limit
        with Client(gate.address) as nobody:
            assert nobody.get(PATH).status == 401


BAD_GATEWAY = (502, b'{"detail":"Bad Gateway"}')
RESOLVED = [  # (what the name has, where something listens, who answers)
    ([V4], [V4], V4),
    ([V6], [V6], V6),
    ([V4, V6], [V4, V6], V4),
    ([V6, V4], [V4, V6], V6),
    ([V4, V6], [V6], V6),
    ([V6, V4], [V4], V4),
    ([V4, OTHER_V4], [OTHER_V4], OTHER_V4),
    ([V4, V6, OTHER_V4], [OTHER_V4], OTHER_V4),
]


@pytest.mark.parametrize("addresses,listening,answers", RESOLVED)
def test_the_addresses_of_a_name_are_tried_in_turn(begin, names, places, addresses, listening, answers):
    port = places(*addresses)
    for address in listening:
        port.serve(address)
    names.set(NAME, addresses)
    gate = begin(port)
    assert ask(gate) == answered_by(answers)


@pytest.mark.parametrize("host,address", [(V4, V4), (f"[{V6}]", V6)])
def test_an_address_is_never_looked_up(begin, names, places, host, address):
    port = places(address)
    port.serve(address, FRESH)
    gate = begin(port, host)
    assert ask(gate) == answered_by(address)
    names.forward(31)
    assert ask(gate) == answered_by(address)
    assert names.look_ups() == 0


def test_upstreams_on_one_port_of_several_addresses_are_not_mixed_up(begin, names, places):
    port = places(V4, OTHER_V4)
    for address in (V4, OTHER_V4):
        port.serve(address)
        names.set(f"at-{address}.test", [address])
    gates = {address: begin(port, f"at-{address}.test") for address in (V4, OTHER_V4)}
    for address, gate in gates.items():
        assert ask(gate) == answered_by(address)


@pytest.mark.parametrize("dead", [[], ["fails"]], ids=["has no address", "cannot be looked up"])
def test_a_name_that_has_no_address_is_502_until_it_has_one(begin, names, places, dead):
    port = places(V4)
    port.serve(V4)
    names.set(NAME, dead)
    gate = begin(port)
    assert [ask(gate) for _ in range(3)] == [BAD_GATEWAY] * 3
    names.set(NAME, [V4])
    assert ask(gate) == answered_by(V4)


def test_the_address_that_worked_last_is_tried_first(begin, names, places):
    port = places(V4, V6)
    second = port.serve(V6, FRESH)
    names.set(NAME, [V4, V6])
    gate = begin(port)
    assert ask(gate) == answered_by(V6)
    first = port.serve(V4, FRESH)
    for _ in range(3):
        assert ask(gate) == answered_by(V6)
    assert first.connections == 0
    second.close()
    for _ in range(3):
        assert ask(gate) == answered_by(V4)
    again = port.serve(V6, FRESH)
    assert ask(gate) == answered_by(V4)
    assert again.connections == 0


def test_the_address_that_worked_last_stays_first_when_the_name_is_looked_up_again(begin, names, places):
    port = places(V4, V6)
    port.serve(V6, FRESH)
    names.set(NAME, [V4, V6])
    gate = begin(port)
    assert ask(gate) == answered_by(V6)
    first = port.serve(V4, FRESH)
    look_up_again(gate, names, answered_by(V6))
    assert first.connections == 0


def test_an_address_that_swallows_connections_costs_no_request(begin, names, places):
    port = places(V4, OTHER_V4)
    hole = port.swallow(V4)
    port.serve(OTHER_V4, FRESH)
    names.set(NAME, [V4, OTHER_V4])
    gates = []

    def attempt(timeout):
        gates.append(begin(port, POSTERN_CONNECT_TIMEOUT=timeout))
        return ask(gates[-1]) == answered_by(OTHER_V4)

    check_in_time(attempt)
    gate = gates[-1]
    # With room in its backlog again it would take a connection, but the other one is known to be good.
    hole.listen(1024)
    for _ in range(3):
        assert ask(gate) == answered_by(OTHER_V4)


def test_each_address_has_the_connect_timeout_for_itself(begin, names, places):
    holes = [f"127.0.0.{last}" for last in range(10, 14)]
    port = places(*holes, V4)
    for address in holes:
        port.swallow(address)
    port.serve(V4)
    names.set(NAME, [*holes, V4])
    check_in_time(lambda timeout: ask(begin(port, POSTERN_CONNECT_TIMEOUT=timeout)) == answered_by(V4))


def test_when_no_address_takes_a_connection_it_is_502_after_one_more_look_up(begin, names, places):
    port = places(V4, V6)
    names.set(NAME, [V4, V6])
    gate = begin(port)
    for number in range(1, 4):
        assert ask(gate) == BAD_GATEWAY
        assert names.look_ups() <= 2 * number
    port.serve(V6)
    assert ask(gate) == answered_by(V6)


def closes(port, service, address):
    service.close()


def vanishes(port, service, address):
    """As a host that is gone: nothing refuses."""
    service.close()
    port.swallow(address)


@pytest.mark.parametrize("known_for", [0, 2], ids=["just looked up", "looked up 2 s ago"])
@pytest.mark.parametrize("goes", [closes, vanishes])
@pytest.mark.parametrize("method,body", [("GET", None), ("POST", b"body")])
def test_an_upstream_under_another_address_costs_no_request(begin, names, places, goes, method, body, known_for):
    def attempt(timeout):
        port = places(V4, OTHER_V4)
        old = port.serve(V4)
        names.set(NAME, [V4])
        gate = begin(port, POSTERN_CONNECT_TIMEOUT=timeout)
        clients = [Client(gate.address) for _ in range(8)]
        for client in clients:
            client.send(request("GET", PATH, token=token()))
        assert [client.read_response().status for client in clients] == [200] * 8
        names.set(NAME, [OTHER_V4])
        new = port.serve(OTHER_V4)
        names.forward(known_for)
        goes(port, old, V4)
        for client in clients:
            client.send(request(method, PATH, token=token(), body=body))
        responses = [client.read_response() for client in clients]
        answers = {(response.status, response.body) for response in responses}
        for client in clients:
            client.close()
        if BAD_GATEWAY in answers:  # the name was not looked up in time
            return False
        assert answers == {answered_by(OTHER_V4)}
        for _ in range(3):
            assert ask(gate, method, body) == answered_by(OTHER_V4)
        assert len(new.requests) == 8 + 3
        return True

    check_in_time(attempt)


def test_a_request_that_the_old_upstream_swallowed_reaches_the_new_one(begin, names, places):
    port = places(V4, OTHER_V4)

    def end_with_the_second(connection):
        connection.read_request()
        connection.send(ok(V4.encode()))
        if connection.read_request():
            old.stop_listening()

    old = port.serve(V4, script=end_with_the_second)
    names.set(NAME, [V4])
    gate = begin(port)
    assert ask(gate) == answered_by(V4)
    names.set(NAME, [OTHER_V4])
    port.serve(OTHER_V4)
    names.forward(2)
    assert ask(gate) == answered_by(OTHER_V4)


AGES = [(29, 0), (31, 1)]  # (seconds since the look-up, how many more a request for a new connection makes)


@pytest.mark.parametrize("age,more", AGES)
def test_what_is_known_for_more_than_30_seconds_is_looked_up_again(begin, names, places, age, more):
    port = places(V4, OTHER_V4)
    port.serve(V4, FRESH)
    port.serve(OTHER_V4)
    names.set(NAME, [V4])
    gate = begin(port)
    assert ask(gate) == answered_by(V4)
    before = names.look_ups()
    names.set(NAME, [OTHER_V4])
    names.forward(age)
    if more:
        ask_until(gate, answered_by(OTHER_V4))
    else:
        assert [ask(gate) for _ in range(5)] == [answered_by(V4)] * 5
    assert names.look_ups() == before + more


def test_a_name_that_stays_costs_a_pooled_connection_nothing(begin, names, places):
    port = places(V4)
    service = port.serve(V4)
    names.set(NAME, [V4])
    gate = begin(port)
    assert ask(gate) == answered_by(V4)
    look_up_again(gate, names, answered_by(V4))
    assert service.connections == 1


def test_a_name_that_moved_is_followed_though_the_pool_never_rests(begin, names, places):
    """And though the old address goes on answering."""
    port = places(V4, OTHER_V4)
    old = port.serve(V4)
    port.serve(OTHER_V4)
    names.set(NAME, [V4])
    gate = begin(port)
    assert ask(gate) == answered_by(V4)
    names.set(NAME, [OTHER_V4])
    for _ in range(6):  # 24 s of steady traffic
        names.forward(4)
        assert ask(gate) == answered_by(V4)
    names.forward(7)
    ask_until(gate, answered_by(OTHER_V4))
    assert old.connections == 1
    # What was connected to an address that the name has left is closed.
    old.wait_until_quiet()
    assert ask(gate) == answered_by(OTHER_V4)


def test_an_exchange_on_an_address_that_the_name_left_ends_in_peace_and_is_the_last_one(begin, names, places):
    port = places(V4, OTHER_V4)
    go_on = threading.Event()

    def slow(connection):
        while seen := connection.read_request():
            if seen.target.endswith("/slow"):
                assert go_on.wait(PATIENCE)
            connection.send(ok(V4.encode()))

    old = port.serve(V4, script=slow)
    port.serve(OTHER_V4)
    names.set(NAME, [V4])
    gate = begin(port)
    with Client(gate.address) as client:
        client.send(request("GET", f"{PATH}/slow", token=token()))
        old.wait_for_requests(1)
        names.set(NAME, [OTHER_V4])
        names.forward(31)
        ask_until(gate, answered_by(OTHER_V4))
        go_on.set()
        assert client.read_response().body == V4.encode()
    old.wait_until_quiet()
    assert ask(gate) == answered_by(OTHER_V4)


@pytest.mark.parametrize("dead", [[], ["fails"]], ids=["finds nothing", "fails"])
def test_known_addresses_stay_in_use_while_a_look_up(begin, names, places, dead):
    port = places(V4)
    port.serve(V4, FRESH)
    names.set(NAME, [V4])
    gate = begin(port)
    assert ask(gate) == answered_by(V4)
    names.set(NAME, dead)
    look_up_again(gate, names, answered_by(V4))


def test_known_addresses_stay_in_use_when_they_refused_and_the_look_up_fails(begin, names, places):
    port = places(V4)
    service = port.serve(V4, FRESH)
    names.set(NAME, [V4])
    gate = begin(port)
    assert ask(gate) == answered_by(V4)
    names.fail(NAME)
    service.close()
    assert ask(gate) == BAD_GATEWAY
    port.serve(V4)
    assert ask(gate) == answered_by(V4)


def test_known_addresses_stay_in_use_while_a_look_up_takes_long(begin, names, places):
    port = places(V4)
    port.serve(V4, FRESH)
    names.set(NAME, [V4])
    gate = begin(port)
    assert ask(gate) == answered_by(V4)
    names.forward(31)
    with names.held():
        assert [ask(gate) for _ in range(3)] == [answered_by(V4)] * 3
        names.wait_for_look_ups(2)
    assert ask(gate) == answered_by(V4)


def test_requests_that_wait_for_the_first_look_up_are_all_answered_after_it(begin, names, places):
    port = places(V4)
    port.serve(V4)
    names.set(NAME, [V4])
    gate = begin(port, POSTERN_CONNECT_TIMEOUT=LONG)
    with names.held():
        clients = [Client(gate.address).send(request("GET", PATH, token=token())) for _ in range(60)]
        names.wait_for_look_ups(1)
        for client in clients[::3]:
            client.reset()
        half = Client(gate.address).send(request("POST", PATH, "Content-Length: 4", token=token()) + b"bo")
    staying = [client for number, client in enumerate(clients) if number % 3]
    assert [client.read_response().status for client in staying] == [200] * 40
    assert half.send(b"dy").read_response().status == 200
    for client in [*staying, half]:
        client.close()
    assert names.look_ups() == 1


def test_a_first_look_up_that_takes_too_long_is_502_and_the_next_request_is_served(begin, names, places):
    port = places(V4)
    port.serve(V4)
    names.set(NAME, [V4])

    def attempt(timeout):
        gate = begin(port, POSTERN_CONNECT_TIMEOUT=timeout)
        with names.held():
            assert [ask(gate) for _ in range(2)] == [BAD_GATEWAY] * 2
        return ask(gate) == answered_by(V4)

    check_in_time(attempt, ("300ms", "3s"))


def test_a_request_that_waits_for_a_look_up_is_answered_while_draining(begin, names, places):
    port = places(V4)
    port.serve(V4)
    names.set(NAME, [V4])
    gate = begin(port, POSTERN_CONNECT_TIMEOUT=LONG, POSTERN_DRAIN_TIMEOUT=LONG)
    with Client(gate.address) as client:
        with names.held():
            client.send(request("GET", PATH, token=token()))
            names.wait_for_look_ups(1)
            gate.signal(signal.SIGTERM)
            gate.wait_for_log(msg="draining")
        assert client.read_response().status == 200
    assert gate.wait() == 0


@pytest.mark.parametrize("patience", ["300ms", "5m"], ids=["nobody waits for", "a request waits for"])
def test_the_process_ends_in_time_though_a_look_up_does_not_that(begin, names, places, patience):
    names.set(NAME, [V4])
    gate = begin(places(V4), POSTERN_CONNECT_TIMEOUT=patience, POSTERN_DRAIN_TIMEOUT="300ms")
    with names.held(), Client(gate.address) as client:
        client.send(request("GET", PATH, token=token()))
        names.wait_for_look_ups(1)
        if patience == "300ms":
            assert client.read_response().status == 502
        gate.signal(signal.SIGTERM)
        assert gate.wait() == 0
