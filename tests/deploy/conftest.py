"""Fixtures: the manifests, built once."""

import sys
from pathlib import Path

import pytest

for folder in ("integration", "e2e"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / folder))

from manifests import build, copy_of_sources, judge, unpack_kubectl  # noqa: E402


@pytest.fixture(scope="session")
def sources(tmp_path_factory):
    return copy_of_sources(tmp_path_factory.mktemp("kubernetes"))


@pytest.fixture(scope="session")
def kubectl(tmp_path_factory):
    unpacked = unpack_kubectl(tmp_path_factory.mktemp("kubectl"))
    yield unpacked
    unpacked.unlink()  # it is large, and pytest keeps folders


@pytest.fixture(scope="session")
def judged_example(kubectl, sources):
    return judge(build(kubectl, sources / "example"))


@pytest.fixture(scope="session")
def judged_overlay(kubectl, sources):
    return judge(build(kubectl, sources / "overlay"))


@pytest.fixture(scope="session")
def judged_shared(kubectl, sources):
    return judge(build(kubectl, sources / "shared"))


@pytest.fixture(scope="session")
def shared(judged_shared):
    return [one for one, _ in judged_shared]


@pytest.fixture(scope="session")
def example(judged_example):
    return [one for one, _ in judged_example]


@pytest.fixture(scope="session")
def overlay(judged_overlay):
    return [one for one, _ in judged_overlay]
