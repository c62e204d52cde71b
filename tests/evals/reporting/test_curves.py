"""The points of a report's charts, against scikit-learn and hand-worked rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sklearn.metrics import auc, confusion_matrix, precision_score, roc_auc_score

from evals.reporting.curves import MOST_POINTS, STEPS, loss_curves, pair_curves, reading_outcomes
from tests.support.evaluations import HAND, pair_rows, reading_rows


def test_counts_at_every_threshold_are_those_of_scikit_learn():
    rows = pair_rows(1, 0.9)
    curves = pair_curves(rows)["all"]
    read = [row for row in rows if row.probability is not None]
    same = [row.same for row in read]
    assert (curves["same"], curves["different"]) == (sum(same), len(same) - sum(same))
    assert curves["unreadable"] == len(rows) - len(read)
    for step in (0, 37, 100, 140, 199, STEPS):
        called = [row.probability >= step / STEPS for row in read]
        (_, fp), (_, tp) = confusion_matrix(same, called, labels=[False, True]).tolist()
        assert (curves["true_matches"][step], curves["false_matches"][step]) == (tp, fp)


def test_a_value_on_a_threshold_counts_as_the_same():
    rows = [replace(HAND[0], probability=0.7), replace(HAND[1], probability=0.1)]
    assert [pair_curves(rows)["all"]["true_matches"][step] for step in (139, 140, 141)] == [1, 1, 0]


def test_ten_thousand_rows_become_few_points_with_the_same_area():
    rows = pair_rows(1, 0.9, count=10_000, texts=False)
    curves = pair_curves(rows)["all"]
    read = [row for row in rows if row.probability is not None]
    truth = roc_auc_score([row.same for row in read], [row.probability for row in read])
    assert len(curves["roc"]) <= MOST_POINTS >= len(curves["precision_recall"])
    assert auc(*zip(*curves["roc"], strict=True)) == pytest.approx(truth, abs=0.003)
    assert (curves["roc"][0], curves["roc"][-1]) == ([0, 0], [1, 1])


@pytest.mark.parametrize(("same", "drawn"), [(True, (0, True)), (False, (0, False))])
def test_one_class_alone_has_no_roc_curve(same, drawn):
    curves = pair_curves([replace(row, same=same) for row in HAND])["all"]
    assert (len(curves["roc"]), bool(curves["precision_recall"])) == drawn


def test_unreadable_rows_alone_are_counted_and_nothing_else():
    curves = pair_curves([HAND[4]])["all"]
    assert (curves["unreadable"], curves["same"], curves["different"], curves["reliability"]) == (1, 0, 0, [])


def test_each_language_has_its_own_curves():
    curves = pair_curves(HAND)
    assert (curves["en"]["same"], curves["en"]["different"], curves["en"]["unreadable"]) == (1, 2, 1)
    assert (curves["pt"]["same"], curves["pt"]["different"], curves["pt"]["unreadable"]) == (1, 1, 0)
    assert "pt" not in pair_curves([row for row in HAND if row.language == "en"])


def test_readings_are_right_partly_right_wrong_or_missed():
    rows = reading_rows()[:5]
    assert reading_outcomes(rows) == {"right": 2, "partly right": 1, "wrong": 1, "missed": 1}


def test_loss_curves_hold_what_was_logged():
    history = [{"step": 10, "loss": 0.7}, {"step": 20, "eval_loss": 0.6}, {"step": 20, "loss": 0.5}, {"epoch": 1}]
    assert loss_curves(history) == {"training": [[10, 0.7], [20, 0.5]], "held out": [[20, 0.6]]}
    assert loss_curves([]) == {}


def test_precision_at_a_threshold_is_that_of_the_rows_shown():
    rows = [row for row in pair_rows(1, 0.9) if row.probability is not None]
    curves = pair_curves(rows)["all"]
    step = 150
    shown = curves["true_matches"][step] + curves["false_matches"][step]
    expected = precision_score([row.same for row in rows], [row.probability >= step / STEPS for row in rows])
    assert curves["true_matches"][step] / shown == pytest.approx(expected)
