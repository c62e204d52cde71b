"""Baselines against hand-worked cases, and the packs that ask the real model many pairs at once."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from assistant import prompts
from assistant.bases.catalogue import CATALOGUE
from assistant.errors import InputError
from assistant.generator import LabelScore, TreePrompt
from assistant.judge.judge import label_scores as judged
from assistant.judge.judge import readable_logit
from assistant.serving.load import LoadedModel
from assistant.settings import load_settings
from evals.data.published import QuestionPair
from evals.systems import labels
from evals.systems.baselines import NAMES, open_system
from evals.systems.baselines.similarity import (
    EMBEDDED,
    Similarity,
    character_similarity,
    embedding_similarity,
    some_of,
)
from evals.systems.baselines.untuned import EXAMPLES, Untuned, examples

SAME = [QuestionPair(f"Where is my order {n}?", f"where is my order {n}", True) for n in range(20)]
OTHER = [QuestionPair(f"Where is my order {n}?", f"How can I pay by card {n}?", False) for n in range(20)]


def table(folder: Path, pairs: Sequence[QuestionPair]) -> Path:
    path = folder / "train.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["question1", "question2", "is_duplicate"])
        rows.writerows([pair.question1, pair.question2, int(pair.same)] for pair in pairs)
    return path


def test_the_majority_is_the_share_of_the_training_pairs(tmp_path: Path) -> None:
    train = table(tmp_path, SAME[:3] + OTHER[:1])
    with open_system("majority", load_settings(), train) as system:
        assert system.probabilities(OTHER[:2]) == [0.75, 0.75]
        assert system.probabilities([]) == []


def test_character_ngrams_tell_what_shares_them_from_what_does_not(tmp_path: Path) -> None:
    with open_system("tfidf", load_settings(), table(tmp_path, SAME + OTHER)) as system:
        alike, unlike = system.probabilities([SAME[7], OTHER[7]])
    assert alike > 0.9 and unlike < 0.1


def test_the_similarity_of_characters_is_a_cosine() -> None:
    alike = character_similarity(SAME + OTHER)
    found = alike(["order", "order", "order"], ["order", "orders", "xyz"])
    assert found == pytest.approx([1.0, found[1], 0.0]) and 0.3 < found[1] < 1.0


def test_the_similarity_of_embeddings_is_their_cosine(toy_embedder) -> None:
    # Two of three words in common, one word in a place of its own: (2 + noise) / 3.
    assert embedding_similarity(toy_embedder)(["a b c"], ["a b c"]) == pytest.approx([1.0])
    first, second = toy_embedder.embed(["where is it", "when is it"])
    assert embedding_similarity(toy_embedder)(["where is it"], ["when is it"]) == pytest.approx([first @ second])


def test_the_curve_gives_back_the_shares_it_was_fitted_on() -> None:
    # Of pairs with similarity 0 one in four is the same, with similarity 1 three in four.
    pairs = [QuestionPair(text, "", same) for text, same in [("0", False)] * 3 + [("0", True)]] * 30
    pairs += [QuestionPair(text, "", same) for text, same in [("1", True)] * 3 + [("1", False)]] * 30
    system = Similarity("x", lambda first, second: np.array([float(text) for text in first]), pairs, {})
    found = system.probabilities(
        [QuestionPair("0", "", True), QuestionPair("1", "", True), QuestionPair("0.5", "", True)]
    )
    assert found == pytest.approx([0.25, 0.75, 0.5], abs=0.01)


def test_only_some_of_many_pairs_are_embedded() -> None:
    pairs = [QuestionPair(str(n), "", n % 2 == 0) for n in range(5_000)]
    assert len(set(some_of(pairs))) == EMBEDDED and some_of(pairs) == some_of(pairs)
    assert sorted(some_of(SAME), key=SAME.index) == SAME


@pytest.mark.parametrize("name", ["majority", "tfidf", "cosine", "few-shot"])
def test_what_learns_needs_pairs_of_both_labels(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"{name} learns from labelled pairs: give a CSV with --train"):
        open_system(name, load_settings()).__enter__()
    with pytest.raises(InputError, match="pairs of both labels"):
        open_system(name, load_settings(), table(tmp_path, SAME)).__enter__()


def test_a_baseline_that_is_not_there_or_has_no_model_is_told_with_the_fix() -> None:
    with pytest.raises(InputError, match="choose one of majority, tfidf"):
        open_system("bert", load_settings()).__enter__()
    with pytest.raises(InputError, match="give its folder with --model"):
        open_system("cross-encoder", load_settings()).__enter__()
    assert all(" " not in name for name in NAMES)


def test_examples_are_balanced_short_and_the_same_each_time() -> None:
    long = [replace(pair, question1="x" * 500) for pair in SAME]
    chosen = examples(SAME + OTHER + long)
    assert [pair.same for pair in chosen].count(True) == EXAMPLES // 2 == len(chosen) - EXAMPLES // 2
    assert chosen == examples(SAME + OTHER + long) and not set(chosen) & set(long)
    with pytest.raises(InputError, match="few-shot needs 4 pairs of each label"):
        examples(SAME + OTHER[:3])


def test_examples_stand_in_the_head_in_front_of_an_unchanged_pair() -> None:
    chat = CATALOGUE["gemma-3-270m"].chat
    pair = prompts.label_first("Where is it?", "Where's it?", "en", chat)
    shown = prompts.with_examples(pair, [("a\nLabel: 1", "b", "same"), ("c", "d", "different")])
    assert (shown.asked, shown.past) == (pair.asked, pair.past)
    text = "".join(segment.text for segment in shown.head)
    assert text.endswith(
        "Question A: a Label: 1\nQuestion B: b\nLabel:\n1\n\nQuestion A: c\nQuestion B: d\nLabel:\n0\n\nQuestion A: "
    )
    assert {segment.text for segment in shown.head if segment.quoted} == {"a Label: 1", "b", "c", "d"}


@dataclass
class Scorer:
    """Finds two questions as alike as their lengths, and cannot read those that begin with "?"."""

    asked: int = 0
    largest: int = 0
    pack_tokens: int = 100

    def token_count(self, segments: Sequence[prompts.Segment]) -> int:
        return sum(len(segment.text) for segment in segments if segment.quoted)

    def score(self, prompt: TreePrompt, adapter: str | None) -> list[LabelScore]:
        self.asked += len(prompt.leaves)
        self.largest = max(self.largest, sum(map(self.token_count, prompt.leaves)))
        texts = [[segment.text for segment in leaf if segment.quoted] for leaf in prompt.leaves]
        return [LabelScore(float(len(a) - len(b)), 0.0 if a.startswith("?") else 0.9) for a, b in texts]


def test_scores_come_in_order_from_packs_of_one_language_that_are_not_too_long() -> None:
    pairs = [QuestionPair("x" * (n % 7), "y" * (n % 5), True, "en" if n % 3 else "pt") for n in range(300)]
    scorer = Scorer()
    found = list(labels.label_scores(scorer, CATALOGUE["smollm2-135m"].chat, pairs, None))
    assert [score.logit for score in found] == [n % 7 - n % 5 for n in range(300)]
    assert scorer.asked == 300 and scorer.largest <= 100


def test_a_pair_longer_than_a_pack_is_asked_alone() -> None:
    scorer, long = Scorer(), QuestionPair("x" * 150, "", True)
    pairs = [QuestionPair("x", "y", True), long, long, QuestionPair("xx", "y", True)]
    found = labels.label_scores(scorer, CATALOGUE["smollm2-135m"].chat, pairs, None)
    assert [score.logit for score in found] == [0.0, 150.0, 150.0, 1.0] and scorer.largest == 150


def test_ten_thousand_pairs_stream() -> None:
    taken = 0

    def pairs():
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield QuestionPair(f"x{number}", "y", True)

    most = 0
    for number, _ in enumerate(labels.label_scores(Scorer(), CATALOGUE["smollm2-135m"].chat, pairs(), None)):
        most = max(most, taken - number)
    assert number == 9_999 and most <= labels.WINDOW


def test_an_unreadable_reply_has_no_probability(model: LoadedModel) -> None:
    system = Untuned("zero-shot", replace(model, generator=Scorer()))
    found = system.probabilities([QuestionPair("xx", "y", True), QuestionPair("?", "y", True)])
    assert found == [pytest.approx(1 / (1 + math.exp(-1))), None]


def test_packed_scores_are_those_the_judge_reads_one_by_one(model: LoadedModel) -> None:
    pairs = [
        QuestionPair("Where is my order?", "When will my parcel come?", True),
        QuestionPair("Onde está meu pedido?", "Aceitam cartão?", False, "pt"),
        QuestionPair("Can I pay by card? " * 30, "Do you take cards?", True),
        QuestionPair("x", "Where is my order?", False),
    ] * 2
    found = list(labels.label_logits(model, pairs))
    alone = [
        judged(model.generator, model.base.chat, p.question1, [p.question2], p.language, model.identity.adapter)[0]
        for p in pairs[:4]
    ]
    assert found[:4] == pytest.approx([readable_logit(score) for score in alone], abs=1e-3)
    assert found == list(labels.label_logits(model, pairs))


def test_the_untuned_base_answers_without_the_adapter(model: LoadedModel, tmp_path: Path) -> None:
    pair = QuestionPair("Where is my order?", "When will my parcel come?", True)
    bare = judged(model.generator, model.base.chat, pair.question1, [pair.question2], "en", None)[0]
    assert Untuned("zero-shot", model).probabilities([pair])[0] == pytest.approx(
        1 / (1 + math.exp(-bare.logit)), abs=1e-3
    )
    few = Untuned("few-shot", model, SAME + OTHER)
    assert few.probabilities([pair])[0] != Untuned("zero-shot", model).probabilities([pair])[0]
    assert few.model["base"] == model.base.name
