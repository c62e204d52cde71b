"""Measures against hand-worked cases, and the shop's measuring data against its library."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from assistant.library.sample import sample_rows
from assistant.records import LANGUAGES, Answer, Candidate, Differences, Part, Signals, Verdict
from evals.data.named_sets import DATA, near_twins, shop_wordings
from evals.data.published import Wording, load_wordings
from evals.measures.ranking import distinct, mean_reciprocal_rank, ndcg_at, recall_at
from evals.retrieval import nothing_shown, spread_over
from evals.shop import matches_at, measures, share
from training.calibration.data import WORDINGS


def test_equal_answers_take_one_place() -> None:
    assert distinct(["a", "a", "b", "a"]) == ["a", "b"]
    assert recall_at(2, [["a", "a", "b"], ["c"]], ["b", "x"]) == 0.5
    assert recall_at(1, [["a", "b"]], ["b"]) == 0
    assert recall_at(1, [], []) == 0


def test_ranks_count_less_the_lower_they_are() -> None:
    rankings = [["a", "b"], ["a", "a", "b"], ["a", "b", "b", "c"], ["a"]]
    right = ["a", "b", "c", "x"]
    # Ranks 1, 2, 3 and none: 1, 1/2, 1/3, 0 and 1, 1/log2(3), 1/log2(4), 0.
    assert mean_reciprocal_rank(rankings, right) == pytest.approx((1 + 1 / 2 + 1 / 3) / 4)
    assert ndcg_at(10, rankings, right) == pytest.approx((1 + 0.6309297535714575 + 0.5) / 4)
    assert ndcg_at(2, rankings, right) == pytest.approx((1 + 0.6309297535714575) / 4)
    assert (mean_reciprocal_rank([], []), ndcg_at(10, [], [])) == (0, 0)


def judged(*probabilities: float) -> Part:
    """A part whose verdicts a, b, c … have these probabilities, the first a match and the others near misses."""
    verdicts = [
        Verdict(
            Candidate(Answer(name, name, name, "en"), name, 0.9, 1.0),
            probability,
            "different",
            Signals(0.9, 0.0, 0.0),
            Differences((), ()),
        )
        for name, probability in zip("abcdef", probabilities, strict=False)
    ]
    return Part("?", "en", tuple(verdicts[:1]), tuple(verdicts[1:]))


def test_another_threshold_shows_what_the_desk_would_have_shown() -> None:
    part = judged(0.9, 0.5, 0.4, 0.35, 0.1)
    assert matches_at(part, 0.95, 0.25, 3) == []
    assert matches_at(part, 0.6, 0.25, 3) == ["a"]
    assert matches_at(part, 0.3, 0.25, 3) == ["a", "b", "c"]
    # Two that lie close reach the threshold together.
    assert matches_at(judged(0.4, 0.3, 0.1), 0.6, 0.25, 3) == ["a", "b"]


def test_what_is_shown_is_counted_for_wordings_with_and_without_an_answer() -> None:
    asked = [("a", ["a", "b"]), ("a", ["b", "a"]), ("a", []), ("a", ["a"]), (None, []), (None, ["c"])]
    found = measures("en", [(Wording("?", "en", right), ids) for right, ids in asked])
    assert {name: share(hits) for name, hits in found.items()} == {
        "right answer first": "0.500 (2/4)",
        "right answer shown": "0.750 (3/4)",
        "wrong answer shown": "0.500 (2/4)",
        "nothing shown": "0.250 (1/4)",
        "wrong answer first": "0.250 (1/4)",
        "first one right, where any is shown": "0.667 (2/3)",
        "its near twin first": "–",
        "no answer exists: nothing shown": "0.500 (1/2)",
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sample_library_and_its_wordings_fit(language: str) -> None:
    library = {row["id"]: row for row in sample_rows(language)}
    assert len(library) >= 150
    assert all(30 <= len(row["answer"].split()) <= 150 for row in library.values())
    measuring = shop_wordings(language)
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
    assert near_twins(language)[pairs[0]["a"]] >= {pairs[0]["b"]}


def test_a_query_counts_as_refused_when_not_one_match_is_shown() -> None:
    labels = {"a": ["different", "same"], "b": ["different", "unjudged"], "c": [], "d": ["same"]}
    retriever = SimpleNamespace(candidates=lambda text, languages, limit: [text] * len(labels[text]))
    judge = SimpleNamespace(judge=lambda text, language, found: [SimpleNamespace(label=one) for one in labels[text]])
    assert nothing_shown(list(labels), retriever, judge) == 0.5


def test_a_limit_takes_queries_from_everywhere() -> None:
    assert spread_over(range(100), 4) == range(0, 100, 25)
    assert spread_over([1, 2], 10) == [1, 2] and spread_over([1, 2], None) == [1, 2]
