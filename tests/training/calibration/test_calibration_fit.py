"""The fits, on groups whose truth is known because it was drawn."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from assistant.judge.calibration import JudgeModel
from assistant.records import Signals
from training.calibration.fit import fit_all
from training.calibration.regression import LabelledGroup

MODEL = JudgeModel("base", None, "v1", "cpu float32")


def drawn_group(chance: random.Random, domain: str, logit_tells: bool = True) -> LabelledGroup:
    """Five candidates, one of them right: nearer, with fewer differing words and a higher label logit."""
    same = [True, False, False, False, False]
    chance.shuffle(same)
    signals = tuple(
        Signals(
            cosine=chance.gauss(0.9 if right else 0.82, 0.03),
            label_logit=chance.gauss(1 if right and logit_tells else -1 if logit_tells else 0, 1),
            differing_share=chance.gauss(0.3 if right else 0.6, 0.1),
            uncovered_share=chance.gauss(0.3 if right else 0.5, 0.2),
            answer_cosine=chance.gauss(0.85 if right else 0.82, 0.02),
        )
        for right in same
    )
    return LabelledGroup(domain, signals, tuple(same))


@pytest.fixture(scope="module")
def groups() -> list[LabelledGroup]:
    chance = random.Random(7)
    return [drawn_group(chance, domain) for domain in ("one", "two") for _ in range(80)]


def test_more_signals_are_measured_as_better_on_held_out_groups(groups) -> None:
    least, *_, most = fit_all("en", groups, MODEL, 0.25)
    assert set(least.weights) == {"cosine"}
    assert set(most.weights) == {"cosine", "answer_cosine", "differing_share", "uncovered_share", "label_logit"}
    for domain in ("one", "two"):
        assert most.heldout[f"{domain} brier"] < least.heldout[f"{domain} brier"]
        assert most.heldout[f"{domain} right first"] > 0.9
    # A fit that reads the model's label holds for that model only.
    assert (least.model, most.model) == (None, MODEL)
    assert most.brier == pytest.approx((most.heldout["one brier"] + most.heldout["two brier"]) / 2)


def test_a_signal_that_points_the_wrong_way_weighs_nothing(groups) -> None:
    turned = [
        replace(g, signals=tuple(replace(s, differing_share=1 - s.differing_share) for s in g.signals)) for g in groups
    ]
    most = fit_all("en", turned, MODEL, 0.25)[-1]
    assert most.weights["differing_share"] == 0
    assert most.weights["cosine"] > 0
    assert most.weights["label_logit"] > 0


def without_answers(group: LabelledGroup) -> LabelledGroup:
    return replace(group, signals=tuple(replace(s, answer_cosine=None, uncovered_share=None) for s in group.signals))


def test_questions_without_an_answer_teach_what_the_questions_are_worth(groups) -> None:
    """Half of the questions have no answers and in them the model's label tells; in the others it says nothing."""
    chance = random.Random(5)
    answered = [drawn_group(chance, "answered", logit_tells=False) for _ in range(60)]
    questions = [replace(without_answers(group), domain="questions") for group in groups]
    without, most = (fit_all("en", rows, MODEL, 0.25)[-1] for rows in (answered, answered + questions))
    assert most.weights["label_logit"] > 2 * without.weights["label_logit"]
    assert most.weights["answer_cosine"] > 0 > most.weights["uncovered_share"]
    assert most.rows == 60 * 5 + 160 * 5
    assert set(most.heldout) == {"answered roc_auc", "answered brier", "answered right first"}


def test_pairs_picked_by_hand_have_fits_of_their_own(groups) -> None:
    """In them only the model's label tells; what retrieval proposed is judged as if they were not there."""
    chance = random.Random(6)
    pairs = [
        LabelledGroup("pairs", (Signals(chance.gauss(0.9, 0.03), chance.gauss(3 if same else -3, 1), None),), (same,))
        for same in (True, False) * 100
    ]
    cosine, label, *proposed = fit_all("en", groups + pairs, MODEL, 0.25)
    assert proposed == fit_all("en", groups, MODEL, 0.25)[2:]
    assert [fit.proposed for fit in (cosine, label, *proposed)] == [False, False, True, True, True]
    assert (cosine.rows, label.rows) == (200, 200)
    assert label.heldout["pairs roc_auc"] > 0.95 > cosine.heldout["pairs roc_auc"]
    assert set(label.heldout) == {"pairs roc_auc", "pairs brier"}
    # A pair has no rivals: its probability is that of its score.
    assert label.ranking.probabilities([2.0]) == [pytest.approx(1 / (1 + math.exp(-2.0)))]


def test_a_domain_of_another_level_does_not_turn_a_signal_round() -> None:
    """Where a whole domain lies higher and has fewer right pairs, a single intercept would learn that near is wrong."""
    chance = random.Random(3)
    low = [drawn_group(chance, "low") for _ in range(60)]
    lifted = [
        replace(g, signals=tuple(replace(s, cosine=s.cosine + 0.3) for s in g.signals), same=(False,) * 5)
        if i % 3
        else replace(g, signals=tuple(replace(s, cosine=s.cosine + 0.3) for s in g.signals))
        for i, g in enumerate(drawn_group(chance, "high") for _ in range(60))
    ]
    assert fit_all("en", low + lifted, MODEL, 0.25)[0].weights["cosine"] > 0


def test_questions_with_an_unreadable_label_take_no_part_where_it_is_needed(groups) -> None:
    unread = [
        replace(g, signals=(replace(g.signals[0], label_logit=None), *g.signals[1:])) if i % 4 == 0 else g
        for i, g in enumerate(groups)
    ]
    *_, without, most = fit_all("en", unread, MODEL, 0.25)
    assert (without.rows, most.rows) == (800, 600)
    # Both are compared on the questions that both could judge.
    read = [group for group in unread if group.has(["label_logit"])]
    assert without.brier != pytest.approx((without.heldout["one brier"] + without.heldout["two brier"]) / 2, abs=1e-9)
    assert most.brier == pytest.approx(fit_all("en", read, MODEL, 0.25)[-1].brier)


def test_labels_that_can_hardly_be_read_are_not_used_at_all(groups) -> None:
    unread = [
        replace(g, signals=tuple(replace(s, label_logit=None) for s in g.signals)) if i % 4 else g
        for i, g in enumerate(groups)
    ]
    assert all("label_logit" not in fit.weights for fit in fit_all("en", unread, MODEL, 0.25))
