"""What counts as a user id written by Postern."""

from typing import Any

import pytest

from postern_fastapi.identity import raw_name, verified_user


@pytest.mark.parametrize(
    ("headers", "expected", "why"),
    [
        ([(b"x-user-id", b"alice")], "alice", "exactly one header"),
        ([(b"x-user-id", b"!#~,\"'")], "!#~,\"'", "any visible ASCII is an id"),
        ([(b"x-user-id", b"a" * 128)], "a" * 128, "the longest id"),
        (
            [(b"host", b"x"), (b"x-user-id", b"alice"), (b"x_user_id", b"bob")],
            "alice",
            "underscores are another header",
        ),
        ([], None, "no header"),
        ([(b"x_user_id", b"bob")], None, "underscores never stand in"),
        ([(b"x-user_id", b"bob")], None, "nor does a single one"),
        ([(b"x-user-id ", b"bob")], None, "a space belongs to the name"),
        ([(b"x-user-id", b"")], None, "empty"),
        ([(b"x-user-id", b"alice"), (b"x-user-id", b"alice")], None, "twice, though they agree"),
        ([(b"x-user-id", b"alice"), (b"x-user-id", b"bob")], None, "twice, as a trailer can add one"),
        ([(b"x-user-id", b""), (b"x-user-id", b"bob")], None, "twice, though one is empty"),
        ([(b"x-user-id", b"alice ")], None, "white space at the end"),
        ([(b"x-user-id", b"alice, bob")], None, "a joined list"),
        ([(b"x-user-id", b"al\x01ice")], None, "a control character"),
        ([(b"x-user-id", b"alice\x7f")], None, "DEL"),
        ([(b"x-user-id", b"al\xe9ce")], None, "not ASCII"),
        ([(b"x-user-id", b"a" * 129)], None, "longer than any id"),
    ],
)
def test_the_user_is_taken_from_one_header_as_postern_writes_it(
    headers: Any, expected: Any, why: str
) -> None:
    assert verified_user(headers, raw_name("X-User-Id")) == expected, why
