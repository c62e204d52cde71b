"""The judge on pairs, with the shipped adapter: as the app would judge them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.library.sample import sample_rows
from assistant.records import Answer, Candidate
from assistant.serving.build import make_judge
from assistant.settings import load_settings
from evals.data.published import QuestionPair
from evals.systems.app_pairs import AppPairs, open_app_pairs, rivalry

ROWS = {row["id"]: row for row in sample_rows("en")}
ASKED = "The tent I ordered this morning, can I still call it off? It has not left you yet."


def pair(answer_id: str, same: bool, with_answer: bool = True) -> QuestionPair:
    row = ROWS[answer_id]
    return QuestionPair(ASKED, row["question"], same, "en", row["answer"] if with_answer else None)


@pytest.fixture(scope="module")
def judge() -> Iterator[AppPairs]:
    with open_app_pairs("judge", load_settings(dtype="float32")) as system:
        yield system


def test_candidates_of_one_question_are_rivals(judge: AppPairs) -> None:
    right, twin = pair("en-orders-001", True), pair("en-orders-002", False)
    alone = [judge.probabilities([one])[0] for one in (right, twin)]
    together = judge.probabilities([right, twin])
    # One of them takes from the other; alone each has nothing to be ahead of.
    assert together[0] <= alone[0] and together[1] <= alone[1] and sum(together) < sum(alone)
    # Those of another question in between are none of theirs.
    other = QuestionPair("Do you sell gift cards?", right.question2, False, "en", right.answer)
    mixed = judge.probabilities([right, twin, other])
    assert mixed[:2] == pytest.approx(together, abs=1e-4)
    assert mixed[2] < 0.5


def test_the_judge_itself_says_the_same(judge: AppPairs, embedder) -> None:
    pairs = [pair("en-orders-001", True), pair("en-orders-002", False), pair("en-returns-001", False)]
    asked, *vectors = embedder.embed([ASKED, *(text for p in pairs for text in (p.question2, p.answer))])
    cosines = [float(asked @ vector) for vector in vectors]
    pool = [
        Candidate(Answer(str(n), p.question2, p.answer, "en"), p.question2, cosines[2 * n], 0.0, cosines[2 * n + 1])
        for n, p in enumerate(pairs)
    ]
    of_the_app = make_judge(load_settings(dtype="float32"), judge.loaded, embedder)
    said = {verdict.candidate.answer.id: verdict.probability for verdict in of_the_app.judge(ASKED, "en", pool)}
    assert judge.probabilities(pairs) == pytest.approx([said[str(n)] for n in range(3)], abs=1e-3)


def test_pairs_of_questions_stand_by_themselves(judge: AppPairs) -> None:
    one, two = pair("en-orders-001", True, False), pair("en-orders-002", False, False)
    assert rivalry(one) is None and rivalry(pair("en-orders-001", True)) is not None
    apart = [judge.probabilities([p])[0] for p in (one, two)]
    assert judge.probabilities([one, two]) == pytest.approx(apart, abs=1e-4)
    assert judge.model["base"] and judge.model["prompt_version"] and judge.model["device"]
