"""Measures against hand-worked cases, and the shop's measuring data against its library."""

from __future__ import annotations

import json

import pytest

from assistant.errors import InputError
from assistant.records import LANGUAGES
from assistant.sample import sample_rows
from evals.datasets import load_wordings
from evals.measures import distinct, recall_at
from evals.shop import DATA, rivals
from evals.similarity import measure_pairs
from training.calibration_data import WORDINGS


def test_equal_answers_take_one_place() -> None:
    assert distinct(["a", "a", "b", "a"]) == ["a", "b"]
    assert recall_at(2, [["a", "a", "b"], ["c"]], ["b", "x"]) == 0.5
    assert recall_at(1, [["a", "b"]], ["b"]) == 0
    assert recall_at(1, [], []) == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sample_library_and_its_wordings_fit(language: str) -> None:
    library = {row["id"]: row for row in sample_rows(language)}
    assert len(library) >= 150
    assert all(30 <= len(row["answer"].split()) <= 150 for row in library.values())
    measuring = load_wordings(DATA / f"shop_queries_{language}.jsonl")
    fitting = load_wordings(WORDINGS / f"shop_wordings_{language}.jsonl")
    for wordings in (measuring, fitting):
        assert {w.answer_id for w in wordings if w.answer_id} <= library.keys()
    assert sum(w.answer_id is not None for w in measuring) == 150
    assert sum(w.answer_id is None for w in measuring) == 40
    # What measures must not have been fitted on.
    assert not {w.query.lower() for w in measuring} & {w.query.lower() for w in fitting}


@pytest.mark.parametrize("language", LANGUAGES)
def test_decisive_pairs_are_two_answers_of_the_library(language: str) -> None:
    library = {row["id"] for row in sample_rows(language)}
    with (DATA / f"shop_decisive_pairs_{language}.jsonl").open(encoding="utf-8") as stream:
        pairs = [json.loads(line) for line in stream]
    assert len(pairs) >= 20
    assert all({pair["a"], pair["b"]} <= library and pair["a"] != pair["b"] and pair["detail"] for pair in pairs)
    assert rivals(language)[pairs[0]["a"]] >= {pairs[0]["b"]}


def test_pairs_are_measured_over_the_replies_that_could_be_read() -> None:
    found = measure_pairs([True, True, False, False, True], [2.0, -1.0, -3.0, 1.0, None], 0.0)
    # Of the four pairs of one that is the same with one that is not, three are in order.
    assert (found.accuracy, found.roc_auc) == (0.5, 0.75)
    assert found.confusion == ((1, 1), (1, 1))
    assert (found.unreadable, found.rows) == (1, 5)
    assert measure_pairs([True, True], [1.0, -1.0], 0.0).roc_auc is None


def test_replies_that_all_cannot_be_read_are_an_error_with_the_way_out() -> None:
    with pytest.raises(InputError, match="None of 2 replies could be read as a label: measure with a trained adapter"):
        measure_pairs([True, False], [None, None], 0.0)
