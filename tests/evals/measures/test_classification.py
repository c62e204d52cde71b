"""Every measure against scikit-learn or a case worked by hand."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
from sklearn import metrics

from assistant.errors import InputError
from evals.measures.classification import (
    FIGURES,
    intervals,
    mcnemar,
    measure_probabilities,
    reliability,
)
from evals.measures.intervals import Weighted, mean_interval, paired_difference

CHANCE = np.random.default_rng(7)
SAME = CHANCE.random(400) < 0.4
SAID = np.clip(CHANCE.normal(np.where(SAME, 0.65, 0.35), 0.2), 0, 1)


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
def test_figures_are_those_of_scikit_learn(threshold: float) -> None:
    found = measure_probabilities(SAME.tolist(), SAID.tolist(), threshold)
    called = np.greater_equal(SAID, threshold)
    assert found.accuracy == pytest.approx(metrics.accuracy_score(SAME, called))
    assert found.precision == pytest.approx(metrics.precision_score(SAME, called))
    assert found.recall == pytest.approx(metrics.recall_score(SAME, called))
    assert found.f1 == pytest.approx(metrics.f1_score(SAME, called))
    assert found.roc_auc == pytest.approx(metrics.roc_auc_score(SAME, SAID))
    assert found.average_precision == pytest.approx(metrics.average_precision_score(SAME, SAID))
    assert found.brier == pytest.approx(metrics.brier_score_loss(SAME, SAID))
    assert np.array_equal(found.confusion, metrics.confusion_matrix(SAME, called))
    expected = metrics.classification_report(SAME, called, target_names=["different", "same"], output_dict=True)
    assert found.classes == expected
    assert {"macro avg", "weighted avg"} <= set(found.classes) and found.classes["same"]["support"] == SAME.sum()


def test_calibration_error_by_hand() -> None:
    same, said = [True, False, True, True], [0.05, 0.15, 0.95, 0.91]
    # Three bins: one row said 0.05 (1 the same), one 0.15 (0), two with mean 0.93 (both).
    assert reliability(same, said) == [(0.05, 1.0, 1), (0.15, 0.0, 1), (pytest.approx(0.93), 1.0, 2)]
    assert measure_probabilities(same, said).ece == pytest.approx((0.95 + 0.15 + 2 * 0.07) / 4)
    # A probability of 1 belongs to the last bin.
    assert reliability([True], [1.0]) == [(1.0, 1.0, 1)]


def test_unreadable_replies_are_counted_apart() -> None:
    found = measure_probabilities([True, False, True, False], [0.9, None, 0.2, 0.1])
    assert (found.unreadable, found.rows) == (1, 4)
    assert found.accuracy == pytest.approx(2 / 3)
    assert sum(map(sum, found.confusion)) == 3
    with pytest.raises(InputError, match="None of 2 replies could be read"):
        measure_probabilities([True, False], [None, None])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1.7, -0.2])
def test_what_is_no_probability_is_named(value: float) -> None:
    for measured in (measure_probabilities, intervals):
        with pytest.raises(InputError, match=re.escape(f"row 3 is {value}: give a number from 0 to 1")):
            measured([True, False, True], [0.9, None, value])


def test_nothing_and_one_class_only() -> None:
    with pytest.raises(InputError, match="no pairs to measure"):
        measure_probabilities([], [])
    found = measure_probabilities([False, False, False], [0.1, 0.2, 0.6])
    assert (found.roc_auc, found.average_precision, found.recall) == (None, None, None)
    assert found.precision == 0.0 and found.accuracy == pytest.approx(2 / 3)
    assert found.confusion == ((2, 1), (0, 0))
    # JSON knows no NaN.
    json.dumps(found.classes, allow_nan=False)
    found = measure_probabilities([True, True], [0.1, 0.2])
    assert (found.recall, found.f1, found.precision) == (0.0, 0.0, None)
    assert "roc_auc" not in intervals([True, True], [0.1, 0.9])


def test_intervals_hold_the_figure_and_come_again() -> None:
    found = measure_probabilities(SAME.tolist(), SAID.tolist())
    drawn = intervals(SAME.tolist(), SAID.tolist())
    assert drawn == intervals(SAME.tolist(), SAID.tolist())
    for name in FIGURES:
        low, high = drawn[name]
        assert low <= getattr(found, name) <= high and low < high
    # Of a share of 400 rows: about two standard errors on either side.
    low, high = drawn["accuracy"]
    half = 1.96 * math.sqrt(found.accuracy * (1 - found.accuracy) / 400)
    assert high - low == pytest.approx(2 * half, rel=0.15)


def test_ten_thousand_rows() -> None:
    same = (CHANCE.random(10_000) < 0.3).tolist()
    said = CHANCE.random(10_000).tolist()
    assert measure_probabilities(same, said).rows == 10_000
    low, high = intervals(same, said, resamples=50)["roc_auc"]
    assert low < 0.5 < high and high - low < 0.04


def test_resampled_figures_are_those_of_the_rows_written_out() -> None:
    """Ties among them, and rows that are not drawn at all."""
    said = np.round(SAID[:60], 1)
    weights = np.random.default_rng(3).integers(0, 4, size=60)
    found = Weighted(SAME[:60].tolist(), said.tolist(), 0.5).figures(weights.astype(float))
    same, drawn = np.repeat(SAME[:60], weights), np.repeat(said, weights)
    assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(same, drawn))
    assert found["average_precision"] == pytest.approx(metrics.average_precision_score(same, drawn))
    assert found["f1"] == pytest.approx(metrics.f1_score(same, drawn >= 0.5))
    error = sum(rows / len(same) * abs(mean - share) for mean, share, rows in reliability(same, drawn))
    assert found["ece"] == pytest.approx(error)
    assert found["brier"] == pytest.approx(metrics.brier_score_loss(same, drawn))


def test_values_of_one_group_are_drawn_together() -> None:
    values, groups = [0.0] * 50 + [1.0] * 50, [number // 10 for number in range(100)]
    apart, together = mean_interval(values), mean_interval(values, groups)
    # Ten groups that agree within tell no more than ten values do.
    assert together == pytest.approx(mean_interval([0.0] * 5 + [1.0] * 5))
    assert together[1] - together[0] > 2 * (apart[1] - apart[0])


def test_the_interval_of_a_mean() -> None:
    values = CHANCE.normal(2.0, 1.0, 400)
    low, high = mean_interval(values)
    assert low < values.mean() < high and high - low == pytest.approx(2 * 1.96 / 20, rel=0.15)


def test_mcnemar_by_hand() -> None:
    # 5 rows that only the first has right, 1 that only the second has: p = 2 (C(6,5) + C(6,6)) / 2^6.
    first = [True] * 5 + [False] + [True] * 20 + [False] * 3
    second = [False] * 5 + [True] + [True] * 20 + [False] * 3
    assert mcnemar(first, second) == (5, 1, pytest.approx(14 / 64))
    assert mcnemar(second, first)[2] == pytest.approx(14 / 64)
    assert mcnemar([True, False], [True, False]) == (0, 0, 1.0)


def test_a_difference_that_is_there_and_one_that_is_noise() -> None:
    base = CHANCE.random(500)
    mean, low, high = paired_difference(base + 0.1, base)
    assert (mean, low, high) == pytest.approx((0.1, 0.1, 0.1))
    mean, low, high = paired_difference(CHANCE.random(500), CHANCE.random(500))
    assert low < 0 < high and low < mean < high
