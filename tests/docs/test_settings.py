"""Every setting that a page shows is one: `postern check` accepts it, together with the others of its line or block."""

import json

import pytest
import yaml
from certificates import certificates  # noqa: F401
from pages import NAMES, blocks, codes, prose
from settings import SETTING, Place, settings_of


@pytest.fixture
def place(tmp_path, certificates):  # noqa: F811
    return Place(tmp_path, certificates)


def on_lines(name):
    """The settings of each line; where it shows two values of one variable, each in its turn."""
    for line in prose(name).splitlines():
        shown = [match.groups() for code in codes(line) if (match := SETTING.match(code))]
        for variable, value in shown:
            yield dict(reversed(shown)) | {variable: value}


@pytest.mark.parametrize("name", [name for name in NAMES if any(on_lines(name))])
def test_the_settings_between_the_words_are_accepted(name, place):
    assert {str(one): problem for one in on_lines(name) if (problem := place.check(one))} == {}


def strings_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings_in(one)


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_yaml_is_yaml_and_its_settings_are_accepted(block, place):
    documents = list(yaml.safe_load_all(block.text))
    assert documents and None not in documents
    assert place.check(settings_of(strings_in(documents))) == ""


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_is_json(block):
    json.loads(block.text)


@pytest.mark.parametrize("block", blocks("env"), ids=str)
def test_a_block_of_settings_is_accepted(block, place):
    assert place.check(settings_of(block.text.splitlines())) == ""


def test_the_list_of_revoked_tokens_is_accepted(place):
    (listed,) = [block.text for block in blocks() if not block.language and "\nsub " in block.text]
    (place.folder / "etc/postern/revoked").write_text(listed)
    assert place.check({"POSTERN_REVOKED_FILE": "/etc/postern/revoked"}) == ""


def test_every_block_is_of_a_kind_that_is_tested():
    tested = {"", "sh", "env", "yaml", "json", "python", "ts"}
    assert [str(block) for block in blocks() if block.language not in tested] == []


def test_a_wrong_setting_is_found(place):
    assert "POSTERN_USER_PATHS" in place.check({"POSTERN_USER_PATHS": "/api/{user_id"})
