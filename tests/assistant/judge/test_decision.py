"""What counts as "same", alone and beside a close second, and that the app, the calibration and reports agree."""

from __future__ import annotations

import pytest

from assistant.judge.decision import decide, shown_from, too_close
from evals.reporting.pair_report import at_thresholds
from evals.row_records import MeasuredPair

S, D, U = "same", "different", "unjudged"
CASES = [
    ([0.9, 0.5, 0.1], [S, S, D]),
    # Close, and together above the threshold.
    ([0.4, 0.3, 0.2], [S, S, D]),
    # As far apart as the margin.
    ([0.45, 0.2], [D, D]),
    # Close, and together still below.
    ([0.24, 0.2], [D, D]),
    ([0.4, None], [D, U]),
    ([None], [U]),
    ([], []),
]


@pytest.mark.parametrize(("probabilities", "labels"), CASES)
def test_a_close_pair_is_compared_together(probabilities, labels) -> None:
    assert decide(probabilities, 0.5, 0.25) == labels


@pytest.mark.parametrize("probabilities", [case for case, _ in CASES])
@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.24, 0.3, 0.44, 0.5, 0.7, 0.9])
def test_a_candidate_is_shown_up_to_the_threshold_that_is_said(probabilities, threshold) -> None:
    labels = decide(probabilities, threshold, 0.25)
    assert [from_ >= threshold for from_ in shown_from(probabilities, 0.25)] == [label == S for label in labels]


def test_too_close_needs_two_judged_ones() -> None:
    assert too_close([0.4, 0.3], 0.25)
    assert not too_close([0.4, 0.1], 0.25)
    assert not too_close([0.4, None], 0.25)
    assert not too_close([0.4], 0.25)


def test_a_report_shows_what_the_app_shows() -> None:
    def row(number: int, same: bool, probability: float | None) -> MeasuredPair:
        return MeasuredPair(row=number, same=same, probability=probability, language="en")

    rows = [row(0, False, 0.3), row(1, True, 0.4), row(2, False, 0.2), row(3, True, 0.4), row(4, True, None)]
    # The first three are candidates of one question, the fourth stands by itself.
    question = {0: "q", 1: "q", 2: "q"}
    found = at_thresholds(rows, {"en": 0.5}, {"en": 0.25}, lambda row: question.get(row.row))
    assert found == {"en": {"threshold": 0.5, "accuracy": 0.5, "precision": 0.5, "recall": 0.5}}
    alone = at_thresholds(rows, {"en": 0.5}, {"en": 0.25}, lambda row: None)
    assert alone == {"en": {"threshold": 0.5, "accuracy": 0.5, "precision": None, "recall": 0.0}}
