"""The identity key from the environment, as Postern reads it."""

from pathlib import Path
from typing import Any

import pytest

from postern_fastapi import identity_keys

KEY = "identity-key-of-the-tests-0123456789"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("POSTERN_IDENTITY_KEY", raising=False)
    monkeypatch.setenv("POSTERN_IDENTITY_KEY_FILE", str(tmp_path / "key"))
    return tmp_path / "key"


@pytest.mark.parametrize(
    ("value", "expected", "why"),
    [
        (KEY, KEY.encode(), "as it is"),
        (f" {KEY}\n", f" {KEY}\n".encode(), "byte for byte"),
        ("é" * 16, ("é" * 16).encode(), "UTF-8"),
        ("\udce9" * 32, b"\xe9" * 32, "any bytes that an environment can hold"),
    ],
)
def test_the_variable_is_the_key(
    file: Path, monkeypatch: pytest.MonkeyPatch, value: str, expected: bytes, why: str
) -> None:
    monkeypatch.setenv("POSTERN_IDENTITY_KEY", value)
    monkeypatch.setenv("POSTERN_IDENTITY_KEY_FILE", "")
    assert identity_keys() == [expected], why


@pytest.mark.parametrize(
    ("content", "expected", "why"),
    [
        (KEY.encode(), KEY.encode(), "as it is"),
        (KEY.encode() + b"\n", KEY.encode(), "but for one newline at the end"),
        (KEY.encode() + b"\n\n", KEY.encode() + b"\n", "one only"),
        (KEY.encode() + b"\r\n", KEY.encode() + b"\r", "the newline only"),
        (b"\x00\xff" * 16, b"\x00\xff" * 16, "any bytes"),
    ],
)
def test_or_it_is_in_the_file(file: Path, content: bytes, expected: bytes, why: str) -> None:
    file.write_bytes(content)
    assert identity_keys() == [expected], why


def test_a_key_that_is_missing_short_or_there_twice_is_an_error(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError):
        identity_keys(required=False)
    file.write_text("k" * 31 + "\n")
    with pytest.raises(ValueError, match="31 bytes"):
        identity_keys(required=False)
    monkeypatch.setenv("POSTERN_IDENTITY_KEY", KEY)
    with pytest.raises(ValueError, match="both"):
        identity_keys()


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_key_there_are_none_only_where_that_was_said(
    monkeypatch: pytest.MonkeyPatch, value: Any
) -> None:
    for name in ("POSTERN_IDENTITY_KEY", "POSTERN_IDENTITY_KEY_FILE"):
        monkeypatch.setenv(name, value) if value is not None else monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match="required"):
        identity_keys()
    assert identity_keys(required=False) == []
