"""The target that is signed, found again in what different servers make of it."""

from typing import Any

import pytest

from postern_fastapi.signature import sign, signed_user

KEY = b"identity-key-of-the-tests-0123456789"
NOW = 1_700_000_000


def passes(target: bytes, scope: dict[str, Any]) -> bool:
    """Whether the scope is taken for a request to that target."""
    proof = sign(KEY, NOW, "", "GET", target, b"r-1")
    headers = [(b"x-request-id", b"r-1"), (b"x-postern-identity", proof)]
    whole = {
        "type": "http",
        "method": "GET",
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        **scope,
    }
    return signed_user(whole, b"x-user-id", [KEY], NOW) == ""


@pytest.mark.parametrize(
    ("target", "scope", "expected", "why"),
    [
        (b"/p", {"raw_path": b"/p"}, True, "a path"),
        (b"/p%20q", {"path": "/p q", "raw_path": b"/p%20q"}, True, "as it was sent"),
        (b"/%70", {"path": "/p", "raw_path": b"/%70"}, True, "even if it need not be encoded"),
        (b"/p", {"raw_path": b"/%70"}, False, "two spellings are two targets"),
        (b"/p?a=1", {"raw_path": b"/p", "query_string": b"a=1"}, True, "with a query"),
        (b"/p??", {"raw_path": b"/p", "query_string": b"?"}, True, "the second ? is the query"),
        (b"/p?a=\xe9", {"raw_path": b"/p", "query_string": b"a=\xe9"}, True, "a query of any bytes"),
        (
            b"/p?a=1",
            {"raw_path": b"/p?a=1", "query_string": b"a=1"},
            True,
            "an older TestClient says it twice",
        ),
        (b"/p?a=1", {"raw_path": b"/p?a=1", "query_string": b"b=2"}, False, "then the query counts"),
        (b"/p%20q", {"raw_path": "/p%20q"}, True, "uvicorn 0.17 gives a websocket's as text"),
        (b"/p", {"raw_path": "/\udcff"}, False, "which can hold bytes that are not ASCII"),
        (b"/p", {"path": "/p"}, True, "a server without raw_path"),
        (b"/p", {"path": "/p", "raw_path": None}, True, "or with none"),
        (b"/p%20q%C3%A9", {"path": "/p qé"}, True, "then what must be encoded is"),
        (b"/a@b:c/$&'()*+,;=-._~!", {"path": "/a@b:c/$&'()*+,;=-._~!"}, True, "what need not be is not"),
        (b"/%70", {"path": "/p"}, False, "so a needless encoding is refused"),
        (b"/p?a=1", {"path": "/p", "query_string": b"a=1"}, True, "the query is as sent even so"),
    ],
)
def test_the_target_is_what_was_sent(target: bytes, scope: Any, expected: bool, why: str) -> None:
    assert passes(target, scope) == expected, why


@pytest.mark.parametrize(
    ("target", "scope", "expected", "why"),
    [
        (b"/p", {"raw_path": b"/gw/p", "root_path": "/gw"}, True, "uvicorn >= 0.26 --root-path /gw"),
        (b"/p?a=1", {"raw_path": b"/gw/p", "root_path": "/gw", "query_string": b"a=1"}, True, "with a query"),
        (b"/", {"raw_path": b"/gw/", "root_path": "/gw"}, True, "the root itself"),
        (b"/gw/p", {"raw_path": b"/gw/gw/p", "root_path": "/gw"}, True, "a path that begins alike"),
        (b"/p", {"raw_path": b"/gw//p", "root_path": "/gw/"}, True, "a root path that ends in a slash"),
        (
            b"/p",
            {"raw_path": b"/p", "root_path": "/gw"},
            True,
            "uvicorn 0.17 --root-path, FastAPI(root_path=)",
        ),
        (b"/gw/p", {"raw_path": b"/gw/p", "root_path": "/gw"}, True, "where a client may say the root path"),
        (b"/m/p", {"raw_path": b"/m/p", "root_path": "/m"}, True, "in an application mounted at /m"),
        (
            b"/m/p",
            {"raw_path": b"/gw/m/p", "root_path": "/gw/m", "app_root_path": "/gw"},
            True,
            "both, as newer Starlette says it",
        ),
        (b"/p", {"path": "/gw/p", "root_path": "/gw"}, True, "without raw_path"),
        (b"/gw/p", {"raw_path": b"/p", "root_path": "/gw"}, False, "a root path is never put in front"),
        (b"/p", {"raw_path": b"/gw/gw/p", "root_path": "/gw"}, False, "it is taken off once"),
        (b"x/p", {"raw_path": b"/gwx/p", "root_path": "/gw"}, False, "in whole segments"),
        (b"", {"raw_path": b"/gw", "root_path": "/gw"}, False, "and something is left"),
        (b"/p", {"raw_path": b"/xy/p", "root_path": "/gw"}, False, "only where it stands"),
        (b"/p", {"raw_path": b"/gw/p"}, False, "without a root path the path is whole"),
    ],
)
def test_the_servers_root_path_is_no_part_of_it(target: bytes, scope: Any, expected: bool, why: str) -> None:
    assert passes(target, scope) == expected, why
