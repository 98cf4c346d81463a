"""X-Postern-Identity: what is Postern's signature over this request, and what is not."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Any, Optional

import pytest

from postern_fastapi.signature import sign, signed_user, usable_keys
from postern_fastapi.testing import sign_identity

KEY = b"identity-key-of-the-tests-0123456789"
OLD = b"identity-key-before-that-0123456789-"
NOW = 1_700_000_000
TARGET = b"/api/alice/tasks?done=1"
GOOD = sign(KEY, NOW, "alice", "GET", TARGET, b"r-1")
ALICE = (b"x-user-id", b"alice")
ID = (b"x-request-id", b"r-1")


def proof(value: bytes = GOOD) -> tuple[bytes, bytes]:
    return b"x-postern-identity", value


def request(*headers: Any, **changes: Any) -> dict[str, Any]:
    """The scope of GET /api/alice/tasks?done=1 with these headers, or with Postern's."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/alice/tasks",
        "raw_path": b"/api/alice/tasks",
        "query_string": b"done=1",
        "root_path": "",
        "headers": list(headers or (ALICE, ID, proof())),
    }
    return {**scope, **changes}


def signed(scope: dict[str, Any], now: float = NOW, keys: Any = (KEY,)) -> Optional[str]:
    return signed_user(scope, b"x-user-id", keys, now)


def test_the_format_is_the_one_that_openssl_confirms() -> None:
    # printf 'postern-identity-v1\n1700000000\nalice\nGET\n/api/alice/tasks?done=1\nr-1' |
    #   openssl dgst -sha256 -hmac identity-key-of-the-tests-0123456789 -binary |
    #   base64 | tr "+/" "-_" | tr -d =
    assert GOOD == b"v1.1700000000.zsc96MR-nexutYxUXFNjlqdb-VE6YT9_hve_zJv9Et0"
    as_text = sign_identity(KEY, uid="alice", target=TARGET.decode(), request_id="r-1", seconds=NOW)
    assert as_text == GOOD.decode()


@pytest.mark.parametrize(
    ("scope", "expected", "why"),
    [
        (request(), "alice", "as Postern sent it"),
        (request((b"accept", b"*/*"), ALICE, ID, proof()), "alice", "other fields are not signed"),
        (request(ALICE, ID, proof(), (b"x_user_id", b"bob")), "alice", "underscores are another header"),
        (request(ID, proof()), None, "the uid taken away"),
        (request((b"x-user-id", b"bob"), ID, proof()), None, "another uid"),
        (request((b"x-user-id", b"Alice"), ID, proof()), None, "another case"),
        (request((b"x-user-id", b""), ID, proof()), None, "an empty uid"),
        (request((b"x_user_id", b"alice"), ID, proof()), None, "the uid under an underscore name"),
        (request(ALICE, ALICE, ID, proof()), None, "the uid twice"),
        (request(ALICE, (b"x-user-id", b"bob"), ID, proof()), None, "two uids"),
        (request(ALICE, (b"x-user-id", b""), ID, proof()), None, "an empty one beside it"),
        (request(method="POST"), None, "another method"),
        (request(method="get"), None, "the method is case-sensitive"),
        (request(method="HEAD"), None, "HEAD is not GET"),
        (request(raw_path=b"/api/bob/tasks"), None, "another path"),
        (request(raw_path=b"/api/%61lice/tasks"), None, "another spelling of the path"),
        (request(raw_path=b"/api/alice/tasks/"), None, "a slash more"),
        (request(query_string=b""), None, "the query taken away"),
        (request(query_string=b"done=1&user=bob"), None, "a query added to"),
        (request(query_string=b"done=%31"), None, "another spelling of the query"),
        (request(ALICE, proof()), None, "no request id"),
        (request(ALICE, (b"x-request-id", b"r-2"), proof()), None, "another request id"),
        (request(ALICE, (b"x-request-id", b""), proof()), None, "an empty request id"),
        (request(ALICE, ID, ID, proof()), None, "the request id twice"),
        (request(ALICE, (b"x_request_id", b"r-1"), proof()), None, "the request id under an underscore name"),
        (request(ALICE, ID), None, "no signature"),
        (request(ALICE, ID, proof(), proof()), None, "the signature twice"),
        (request(ALICE, ID, proof(), proof(b"")), None, "an empty one beside it"),
        (request(ALICE, ID, (b"x_postern_identity", GOOD)), None, "the signature under an underscore name"),
        (request(ALICE, ID, (b"x-postern_identity", GOOD)), None, "or with a single underscore"),
        (request(type="websocket"), "alice", "a websocket's handshake is a GET"),
        (request(type="websocket", method="POST"), "alice", "which has no other method"),
    ],
)
def test_everything_that_is_signed_is_held_to_it(scope: Any, expected: Any, why: str) -> None:
    assert signed(scope) == expected, why


def test_a_request_without_identity_is_signed_with_an_empty_uid() -> None:
    anonymous = proof(sign(KEY, NOW, "", "GET", TARGET, b"r-1"))
    assert signed(request(ID, anonymous)) == ""
    assert signed(request(ALICE, ID, anonymous)) is None, "nobody's signature with a user added"
    assert signed(request((b"x-user-id", b""), ID, anonymous)) is None, "Postern never writes an empty one"


MAC = GOOD.rpartition(b".")[2]
# The last of 43 characters carries four bits of the MAC and two that are zero.
LOOSE_BITS = (
    MAC[:-1]
    + b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[
        b"AEIMQUYcgkosw048".index(MAC[-1:]) * 4 + 1 :
    ][:1]
)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"", "empty"),
        (b"v1..", "empty parts"),
        (b"v1.1700000000", "no MAC"),
        (MAC, "the MAC alone"),
        (b"v2.1700000000." + MAC, "another version"),
        (b"V1.1700000000." + MAC, "another case"),
        (b" " + GOOD, "a space before"),
        (GOOD + b" ", "a space after"),
        (GOOD + b"\n", "a newline after"),
        (GOOD + b", " + GOOD, "a list"),
        (GOOD + b".x", "a fourth part"),
        (b"v1.+1700000000." + MAC, "a plus sign"),
        (b"v1.-1700000000." + MAC, "a minus sign"),
        (b"v1. 1700000000." + MAC, "a space in the number"),
        (b"v1.01700000000." + MAC, "a leading zero"),
        (b"v1.1_700_000_000." + MAC, "underscores, which int() takes"),
        (b"v1.1.7e9." + MAC, "a float"),
        (b"v1.0x6553f100." + MAC, "hexadecimal"),
        ("v1.١٧٠٠٠٠٠٠٠٠.".encode() + MAC, "Arabic digits, which int() takes"),
        ("v1.１７００００００００.".encode() + MAC, "full-width digits"),
        (b"v1.\xb11700000000." + MAC, "a byte that is not ASCII"),
        (b"v1." + b"9" * 5000 + b"." + MAC, "more digits than int() takes"),
        (b"v1.1700000000." + MAC[:-1], "a MAC too short"),
        (b"v1.1700000000." + MAC + b"A", "a MAC too long"),
        (b"v1.1700000000." + MAC + b"=", "padding"),
        (b"v1.1700000000." + LOOSE_BITS, "the same bits in another spelling"),
        (b"v1.1700000000." + MAC[1:] + MAC[:1], "another MAC"),
        (b"v1.1700000000." + b"A" * 43, "zeros"),
        (b"v1.1700000000." + MAC[:-1] + b"+", "the other base64 alphabet"),
        (b"v1.1700000000." + MAC[:-1] + b"\xe9", "not ASCII in the MAC"),
    ],
)
def test_a_signature_has_one_spelling(value: bytes, why: str) -> None:
    assert signed(request(ALICE, ID, proof(value))) is None, why


@pytest.mark.parametrize("text", ["+1", " 1", "01", "1 ", "١", "1_0", "", "-0", "00"])
def test_not_even_the_key_makes_a_number_of_another_spelling_good(text: str) -> None:
    lines = [b"postern-identity-v1", text.encode(), b"alice", b"GET", TARGET, b"r-1"]
    mac = urlsafe_b64encode(hmac.new(KEY, b"\n".join(lines), hashlib.sha256).digest()).rstrip(b"=")
    assert signed(request(ALICE, ID, proof(b"v1." + text.encode() + b"." + mac)), now=1) is None


@pytest.mark.parametrize(
    ("now", "passes", "why"),
    [
        (NOW, True, "at once"),
        (NOW + 0.9, True, "within the second"),
        (NOW + 30, True, "the last moment"),
        (NOW + 30.1, False, "just after it"),
        (NOW + 31, False, "a replay after 31 s"),
        (NOW + 86_400, False, "a replay the next day"),
        (NOW - 30, True, "the gate's clock is ahead, as far as it may be"),
        (NOW - 31, False, "a moment in the future"),
        (0, False, "a clock that was never set"),
    ],
)
def test_a_signature_is_good_for_30_seconds(now: float, passes: bool, why: str) -> None:
    assert (signed(request(), now) == "alice") == passes, why


@pytest.mark.parametrize(
    ("keys", "passes", "why"),
    [
        ([KEY], True, "the key"),
        ([OLD, KEY], True, "one of two, while a key is replaced"),
        ([KEY, OLD], True, "in any order"),
        ([OLD], False, "another key"),
        ([KEY + b"\n"], False, "a newline is another key"),
        ([KEY[:-1]], False, "a byte less"),
        ([], False, "no key signs nothing"),
    ],
)
def test_any_of_the_keys_will_do(keys: Any, passes: bool, why: str) -> None:
    assert (signed(request(), keys=keys) == "alice") == passes, why


@pytest.mark.parametrize(
    ("keys", "error", "why"),
    [
        ("k" * 32, TypeError, "one text instead of a list would be 32 keys"),
        (b"k" * 32, TypeError, "so would bytes"),
        (bytearray(b"k" * 32), TypeError, "and a bytearray"),
        ([None], TypeError, "a variable that is not set"),
        ([40], TypeError, "a number, which would be forty zeros"),
        ([""], ValueError, "empty"),
        (["k" * 31], ValueError, "31 bytes"),
        ([b"k" * 32, b"k" * 31], ValueError, "the second is too short"),
        (["é" * 15], ValueError, "30 bytes"),
    ],
)
def test_a_key_that_is_none_is_an_error_at_start(keys: Any, error: Any, why: str) -> None:
    with pytest.raises(error) as raised:
        usable_keys(keys)
    assert "kkk" not in str(raised.value), "no error shows a key"


def test_keys_are_bytes_and_text_is_utf_8() -> None:
    assert usable_keys(["é" * 16, bytearray(b"k" * 32)]) == (("é" * 16).encode(), b"k" * 32)
    assert usable_keys([]) == ()
