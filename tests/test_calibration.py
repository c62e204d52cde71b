"""Signals to probabilities."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from assistant.calibration import SHIPPED, Calibration, Fit, JudgeModel, Ranking, leads, load_calibration
from assistant.errors import ModelError
from assistant.records import Signals

MODEL = JudgeModel("abc", None, "v1")
RANKING = Ranking(own=1.0, lead=2.0, cap=3.0, intercept=-1.0)


def fit(weights: dict[str, float], model: JudgeModel | None = None) -> Fit:
    return Fit("en", weights, -1.0, RANKING, model, 1, {})


def test_leads_are_against_the_best_rival_and_capped() -> None:
    assert leads([5.0, 1.0, 4.0], cap=3.0) == [1.0, -4.0, -1.0]
    assert leads([9.0, 1.0], cap=3.0) == [3.0, -8.0]
    assert leads([2.0], cap=3.0) == [3.0]
    assert leads([2.0, 2.0], cap=3.0) == [0.0, 0.0]
    assert leads([], cap=3.0) == []


def test_the_probability_is_the_two_step_logistic() -> None:
    own = fit({"cosine": 2.0, "differing_share": -1.0})
    scores = [own.score(Signals(0.9, None, 0.5)), own.score(Signals(0.5, None, 0.0))]
    assert scores == pytest.approx([0.3, 0.0])
    expected = [1 / (1 + math.exp(-(-1 + 0.3 + 2 * 0.3))), 1 / (1 + math.exp(-(-1 + 0.0 - 2 * 0.3)))]
    assert own.ranking.probabilities(scores) == pytest.approx(expected)


def test_extreme_scores_do_not_overflow() -> None:
    assert RANKING.probabilities([1e6, -1e6]) == [1.0, 0.0]


def test_the_fit_with_most_signals_at_hand_is_used() -> None:
    cosine, full = fit({"cosine": 1.0}), fit({"cosine": 1.0, "label_logit": 1.0}, MODEL)
    calibration = Calibration("e", {"en": 0.5}, (cosine, full))
    assert calibration.fit_for("en", Signals(0.9, 0.1, None), MODEL) is full
    # Another model's logit is on another scale.
    assert calibration.fit_for("en", Signals(0.9, 0.1, None), JudgeModel("other", None, "v1")) is cosine
    with pytest.raises(ModelError, match=r"training\.calibrate"):
        calibration.fit_for("pt", Signals(0.9, 0.1, None), MODEL)


def test_a_file_keeps_everything_and_refuses_other_embeddings(tmp_path: Path) -> None:
    calibration = Calibration("e", {"en": 0.4, "pt": 0.5}, (fit({"cosine": 1.0}, MODEL),))
    calibration.save(tmp_path / "c.json")
    assert load_calibration(tmp_path / "c.json", "e") == calibration
    with pytest.raises(ModelError, match=r"training\.calibrate"):
        load_calibration(tmp_path / "c.json", "another")


@pytest.mark.parametrize("language", ["en", "pt"])
def test_the_shipped_calibration_points_the_right_way(language: str, embedder) -> None:
    """Nearer in meaning and further ahead must never lower the probability."""
    for own in load_calibration(SHIPPED, embedder.name).fits:
        assert own.weights["cosine"] > 0
        assert own.weights.get("differing_share", -1) <= 0
        assert own.weights.get("uncovered_share", -1) <= 0
        # A fit for pairs of questions has no second step.
        assert own.ranking.lead > 0 or "answer_cosine" not in own.weights
        assert own.ranking.own >= 0
