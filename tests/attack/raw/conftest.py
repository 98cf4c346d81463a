"""One gate and one upstream for all cases: each ends with no connection left open, so none meets another."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "integration"))

pytest.register_assert_rewrite("exchange", "recorder")

import corpus  # noqa: E402
from gate import Gate  # noqa: E402
from gates import SETTINGS, stop  # noqa: E402
from recorder import Recorder  # noqa: E402


@pytest.fixture(scope="module")
def recorder():
    behind = Recorder()
    yield behind
    behind.close()


@pytest.fixture(scope="module")
def gates(recorder, tmp_path_factory):
    """The same gate twice: on a port, and on a unix socket, where its reading shows at the other end."""
    path = tmp_path_factory.mktemp("gate") / "socket"
    both = [Gate(recorder.url, POSTERN_LISTEN=listen, **SETTINGS).wait_until_listening()
            for listen in ("127.0.0.1:0", f"unix:{path}")]
    yield both
    for gate in both:
        stop(gate)


def pytest_terminal_summary(terminalreporter):
    for part, least in corpus.AT_LEAST.items():
        themes = corpus.counts(part)
        each = ", ".join(f"{theme} {count}" for theme, count in themes.items())
        total = sum(themes.values())
        terminalreporter.write_line(f"raw corpus, {part}: {total} cases (at least {least}): {each}")
