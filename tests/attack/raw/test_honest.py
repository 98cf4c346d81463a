"""Requests that look odd and are in order: none is refused, and what goes upstream is what is documented."""

import corpus
import pytest
from exchange import run_in_pieces, run_whole

CASES = corpus.read("honest")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_odd_but_honest_request_passes_as_documented(gates, recorder, case):
    run_whole(recorder, gates[0], case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_passes_however_it_is_cut_on_its_way(gates, recorder, case):
    run_in_pieces(recorder, gates[1], case)


def test_the_corpus_holds_only_requests_that_pass_and_does_not_shrink():
    assert {case.columns[0].split()[0] for case in CASES} == {"200", "HEAD:200"}
    assert len(CASES) >= corpus.AT_LEAST["honest"]
