"""Requests that somebody could read in two ways, each with what must happen to it."""

import corpus
import pytest
from exchange import run_in_pieces, run_whole

CASES = corpus.read("requests")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_judged_request_is_one_request_upstream(gates, recorder, case):
    run_whole(recorder, gates[0], case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_how_the_bytes_are_cut_on_their_way_changes_nothing(gates, recorder, case):
    run_in_pieces(recorder, gates[1], case)


def test_the_corpus_does_not_shrink():
    assert len(CASES) >= corpus.AT_LEAST["requests"]
