"""The articles' protocols: what they count, by hand, and that article A's labels come from what the model is given."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sklearn.metrics import f1_score

from assistant import prompts
from evals.benchmarks.articles.pairs import Agreement, agreement, article_a, first_label, published_labels
from evals.benchmarks.articles.reading import NEW_TOKENS, Matches, published, token_f1
from evals.data.published import QuestionPair
from evals.data.squad import ReadingQuestion

PAIRS = [
    QuestionPair("How do I cancel my order?", "How can I cancel an order?", True),
    QuestionPair("How do I cancel my order?", "Where is the shop in Dublin?", False),
    QuestionPair("Como cancelo o pedido?", "Onde fica a loja?", False, "pt"),
]
ASKED = ReadingQuestion(0, "Onde fica a loja?", "A loja Marola fica em Recife, perto do porto.", ("Recife",))


def test_the_loop_finds_the_label_that_it_was_given(model) -> None:
    assert published_labels(model, PAIRS, 3) == [True, False, False]
    # The same questions with the labels the other way round: the model has no say.
    turned = [replace(pair, same=not pair.same) for pair in PAIRS]
    assert published_labels(model, turned, 3) == [False, True, True]


def test_the_honest_figures_stand_beside_the_published_one(model) -> None:
    turned = [replace(pair, same=not pair.same) for pair in PAIRS[:2]]
    found = article_a(model, turned, 3)
    assert found.published == Agreement(2, 2, 2)
    # Three tokens hold no explanation with a label behind it.
    assert found.written == Agreement(0, 0, 2)
    assert found.written.accuracy is None
    assert found.label_first == Agreement(0, 2, 2)


def test_label_first_is_decided_where_both_labels_are_equally_likely(model, monkeypatch) -> None:
    monkeypatch.setattr("evals.benchmarks.articles.pairs.label_logits", lambda model, pairs: iter([0.3, -0.3]))
    assert article_a(model, PAIRS[:2], 3).label_first == Agreement(2, 2, 2)


def test_the_first_label_counts() -> None:
    assert first_label("Both ask.\nlabel: 1\nlabel: 0") is True
    assert first_label("LABEL : 0 and label: 1") is False
    assert first_label("label: 10") is None
    assert first_label("both ask the same") is None


def test_unreadable_replies_are_counted_apart() -> None:
    found = agreement([True, False, True, True], [True, True, None, True])
    assert (found.right, found.readable, found.rows, found.accuracy) == (2, 3, 4, pytest.approx(2 / 3))


def test_token_f1_is_scikit_learns_over_places() -> None:
    assert token_f1([5, 7], [5, 7]) == 1
    assert token_f1([7, 5], [5, 7]) == 0
    assert token_f1([5, 9, 7], [5, 7, 7]) == pytest.approx(f1_score([5, 7, 7], [5, 9, 7], average="macro"))
    # Of 5 one of two places is met, with no other said: 2/3; of 7 none, and what is missing is no class of its own.
    assert token_f1([5], [5, 5]) == pytest.approx(2 / 3)
    assert token_f1([], [5]) == 0


def test_an_answer_that_goes_on_is_right_and_a_longer_truth_is_not(model) -> None:
    prompt = prompts.reading(ASKED.question, ASKED.context, model.base.chat)
    written = model.generator.choose(prompt, lambda ids: None, NEW_TOKENS + 1, None)
    assert len(written) == NEW_TOKENS + 1
    assert published(model, [ASKED], [written[:2]], None) == Matches(1, 1)
    longer = published(model, [ASKED], [written], None)
    assert longer.exact_match == 0
    assert 0 < longer.f1 < 1
