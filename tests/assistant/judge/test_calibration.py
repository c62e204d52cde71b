"""Signals to probabilities, and thresholds for a wanted precision."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.judge.calibration import (
    SHIPPED,
    Calibration,
    Fit,
    JudgeModel,
    OperatingPoint,
    Ranking,
    leads,
    load_calibration,
    read_calibration,
)
from assistant.records import Signals

MODEL = JudgeModel("abc", None, "v1", "cpu float32")
ON_A_GPU = replace(MODEL, hardware="cuda bfloat16 4bit")
RANKING = Ranking(own=1.0, lead=2.0, cap=3.0, intercept=-1.0)
POINTS = (OperatingPoint(0.8, 0.3, 0.81, 0.9, 0.8), OperatingPoint(0.95, 0.7, 0.96, 0.5, 0.4))
ALL = Signals(0.9, 0.1, 0.2, 0.3, 0.4)


def fit(weights: dict[str, float], model: JudgeModel | None = None, brier: float = 0.1, **changes) -> Fit:
    return replace(Fit("en", weights, -1.0, RANKING, model, True, 1, brier, {}, POINTS), **changes)


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


def test_the_fit_with_the_least_brier_score_decides() -> None:
    cosine, full = fit({"cosine": 1.0}, brier=0.2), fit({"cosine": 1.0, "label_logit": 1.0}, MODEL, brier=0.1)
    calibration = Calibration("e", (cosine, full))
    assert calibration.fit_for("en", ALL, MODEL) is calibration.deciding("en", MODEL) is full
    # Before the model was asked its label is not at hand.
    assert calibration.fit_for("en", replace(ALL, label_logit=None), MODEL) is cosine
    # Another model's logit is on another scale.
    assert calibration.fit_for("en", ALL, JudgeModel("other", None, "v1", "cpu float32")) is cosine
    assert Calibration("e", (replace(cosine, brier=0.05), full)).deciding("en", MODEL).weights == {"cosine": 1.0}
    with pytest.raises(ModelError, match=r"training\.calibrate"):
        calibration.fit_for("pt", ALL, MODEL)


def test_a_fit_for_pairs_by_themselves_gives_way_to_one_for_what_retrieval_proposed() -> None:
    """Their Brier scores are of different questions and say nothing of each other."""
    pairs, proposed = fit({"cosine": 1.0}, brier=0.01, proposed=False), fit({"cosine": 1.0, "answer_cosine": 1.0})
    calibration = Calibration("e", (pairs, proposed))
    assert calibration.fit_for("en", ALL, MODEL) is proposed
    assert calibration.fit_for("en", replace(ALL, answer_cosine=None), MODEL) is pairs


def test_logits_of_other_hardware_are_used_where_there_is_no_fit_for_this() -> None:
    cosine, here, there = (
        fit({"cosine": 1.0}, brier=0.2),
        fit({"cosine": 1.0, "label_logit": 1.0}, MODEL, brier=0.15),
        fit({"cosine": 1.0, "label_logit": 2.0}, ON_A_GPU, brier=0.1),
    )
    both = Calibration("e", (cosine, here, there))
    assert (both.deciding("en", MODEL), both.deciding("en", ON_A_GPU)) == (here, there)
    assert Calibration("e", (cosine, there)).deciding("en", MODEL) is there
    # Here the label was worth nothing; that another machine's was says nothing of this one's.
    assert Calibration("e", (cosine, replace(here, brier=0.3), there)).deciding("en", MODEL) is cosine
    assert MODEL.is_same(ON_A_GPU)
    assert not MODEL.is_same(replace(ON_A_GPU, prompt_version="v2"))


def test_a_wanted_precision_takes_the_next_stricter_point() -> None:
    own = fit({"cosine": 1.0})
    found = [own.point(wanted).threshold for wanted in (0.5, 0.8, 0.81, 0.95, 0.99)]
    assert found == [0.3, 0.3, 0.7, 0.7, 0.7]


def both_languages(*fits: Fit) -> Calibration:
    cosine = fit({"cosine": 1.0})
    return Calibration("e", (cosine, replace(cosine, language="pt"), *fits))


def test_a_file_keeps_everything_and_refuses_other_embeddings(tmp_path: Path) -> None:
    calibration = both_languages(fit({"cosine": 1.0, "label_logit": 0.5}, ON_A_GPU, heldout={"shop brier": 0.02}))
    calibration.save(tmp_path / "c.json")
    assert load_calibration(tmp_path / "c.json", "e") == calibration
    assert [file.name for file in tmp_path.iterdir()] == ["c.json"]
    with pytest.raises(ModelError, match=r"training\.calibrate"):
        load_calibration(tmp_path / "c.json", "another")


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("fits", 0, "weights", "cosine"), 1e300, "less than or equal"),
        (("fits", 0, "weights", "cosine"), float("nan"), "finite number"),
        (("fits", 0, "intercept"), float("inf"), "finite number"),
        (("fits", 0, "weights", "horoscope"), 1.0, "horoscope"),
        (("fits", 0, "ranking", "cap"), None, "cap: Input should be a valid number"),
        (("fits", 0, "points", 0, "threshold"), 1.5, "threshold: Input should be less than or equal to 1"),
        (("fits", 0, "points"), [], "at least 1 item"),
        (("fits", 0, "language"), "fr", "language"),
        (("fits", 1, "language"), "en", "no fit of the cosine alone for 'pt'"),
        (("fits",), [], "no fit of the cosine alone for 'en'"),
        (("embedding",), None, "embedding"),
    ],
)
def test_a_foreign_file_is_refused_with_the_reason(tmp_path: Path, path, value, reason: str) -> None:
    both_languages().save(tmp_path / "c.json")
    stored = json.loads((tmp_path / "c.json").read_text())
    inner = stored
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    (tmp_path / "c.json").write_text(json.dumps(stored))
    with pytest.raises(ModelError, match=rf"{reason}.*training\.calibrate"):
        read_calibration(tmp_path / "c.json")


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff{", b'{"embedding": "e", "thresholds": {}, "fits": [{}]}'])
def test_what_is_no_calibration_at_all_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"is no calibration .* Remove the file"):
        read_calibration(tmp_path / "c.json")


def test_the_shipped_calibration_points_the_right_way(embedder) -> None:
    """Nearer in meaning and further ahead must never lower the probability, and more precision never the threshold."""
    for own in load_calibration(SHIPPED, embedder.name).fits:
        assert own.weights["cosine"] > 0
        assert own.weights.get("differing_share", -1) <= 0
        assert own.weights.get("uncovered_share", -1) <= 0
        # A fit for pairs of questions has no second step.
        assert own.ranking.lead > 0 or not own.proposed
        assert own.ranking.own >= 0
        assert [point.target for point in own.points] == sorted(point.target for point in own.points)
        assert [point.threshold for point in own.points] == sorted(point.threshold for point in own.points)
        assert [point.answered for point in own.points] == sorted((p.answered for p in own.points), reverse=True)
