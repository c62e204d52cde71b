"""What thresholds cost, on held-out probabilities small enough to count by hand."""

from __future__ import annotations

import pytest

from assistant.judge.calibration import OperatingPoint
from assistant.records import Signals
from training.calibration.measures import TARGETS, HeldOut, figures, mean_brier, operating_points
from training.calibration.regression import LabelledGroup

SIGNALS = Signals(0.9, 0.0, 0.0)


def asked(domain: str, probabilities: list[float], right: int | None) -> HeldOut:
    """A question whose answer is the one at `right`."""
    same = tuple(place == right for place in range(len(probabilities)))
    return HeldOut(LabelledGroup(domain, (SIGNALS,) * len(same), same), probabilities)


EASY = [asked("easy", [0.9, 0.1], 0), asked("easy", [0.4, 0.1], 0)]
HARD = [
    asked("hard", [0.95, 0.1], 0),
    asked("hard", [0.7, 0.3], 0),
    asked("hard", [0.6, 0.5], 1),
    asked("hard", [0.5, 0.2], 0),
    asked("hard", [0.3, 0.2], None),
]


def point(heldout: list[HeldOut], target: float, margin: float = 0.0) -> OperatingPoint:
    (found,) = (one for one in operating_points(heldout, margin) if one.target == target)
    return found


def test_the_threshold_keeps_the_precision_in_every_domain() -> None:
    # Of the hard ones 1, 2, 2, 3, 3 of the first 1 to 5 are right: four at 0.75, all five at 0.6.
    assert point(HARD, 0.8) == OperatingPoint(0.8, 0.7, 1.0, 0.5, 0.4)
    # The easy ones would keep any precision at 0.4, and one of the two is shown at 0.7.
    assert point(EASY + HARD, 0.8) == OperatingPoint(0.8, 0.7, 1.0, 0.5, pytest.approx(0.45))
    assert point(EASY, 0.98) == OperatingPoint(0.98, 0.4, 1.0, 1.0, 1.0)


def test_a_threshold_must_keep_the_precision_in_all_domains_at_once() -> None:
    # At 0.4 four of five first ones are right here and two of four there, at 0.7 one of two here and all there.
    here = [asked("here", [0.9, 0.1], 1), asked("here", [0.7, 0.1], 0), *[asked("here", [0.4, 0.1], 0)] * 3]
    there = [*[asked("there", [p, 0.1], 0) for p in (0.95, 0.7)], *[asked("there", [0.5, 0.1], 1)] * 2]
    assert (point(here, 0.8).threshold, point(there, 0.8).threshold) == (0.4, 0.7)
    assert point(here + there, 0.8) == OperatingPoint(0.8, 0.95, 1.0, 0.125, 0.125)


def test_a_right_answer_in_second_place_counts_as_answered_once_it_is_shown() -> None:
    one = [*[asked("d", [0.9, 0.1], 0)] * 4, asked("d", [0.6, 0.5], 1), asked("d", [0.5, 0.1], 0)]
    # Five of six are right at 0.5, where the fifth's answer is shown behind a wrong one.
    assert point(one, 0.8) == OperatingPoint(0.8, 0.5, pytest.approx(5 / 6), 1.0, 1.0)


def test_a_target_that_is_never_reached_takes_the_best_there_is() -> None:
    never = [asked("d", [0.9, 0.1], 1), asked("d", [0.8, 0.1], 0), asked("d", [0.7, 0.1], 0), asked("d", [0.6], None)]
    for found in operating_points(never, 0.0):
        assert (found.threshold, found.precision) == (0.7, pytest.approx(2 / 3))
    assert [found.target for found in operating_points(never, 0.0)] == list(TARGETS)


def test_a_domain_of_which_nothing_is_shown_has_no_say_in_the_precision() -> None:
    low = [asked("low", [0.2, 0.1], 0)]
    assert point(HARD + low, 0.8) == OperatingPoint(0.8, 0.7, 1.0, 0.25, 0.2)


def test_two_close_ones_below_the_threshold_count_as_shown() -> None:
    close = [*[asked("d", [0.9, 0.1], 0)] * 3, asked("d", [0.45, 0.44], 1)]
    # The app shows the fourth's two up to a threshold of 0.89, a wrong one first. Three of four are right.
    assert point(close, 0.8, 0.25) == OperatingPoint(0.8, 0.9, 1.0, 0.75, 0.75)
    loose = [*[asked("d", [0.9, 0.1], 0)] * 4, asked("d", [0.45, 0.44], 1)]
    assert point(loose, 0.8, 0.25) == OperatingPoint(0.8, 0.89, 0.8, 1.0, 1.0)
    # Without the rule neither of them is shown before 0.45.
    assert point(loose, 0.8) == OperatingPoint(0.8, 0.45, 0.8, 0.8, 1.0)


def test_figures_are_those_of_each_domain() -> None:
    found = figures(EASY + HARD)
    # Squares: easy 0.01, 0.01, 0.36, 0.01 over four pairs.
    assert found["easy brier"] == pytest.approx(0.0975)
    assert found["easy roc_auc"] == 1.0
    assert (found["easy right first"], found["hard right first"]) == (1.0, 0.75)
    assert mean_brier(EASY + HARD) == pytest.approx((found["easy brier"] + found["hard brier"]) / 2)
    pairs = [asked("pairs", [0.8], 0), asked("pairs", [0.4], None)]
    assert figures(pairs) == {"pairs roc_auc": 1.0, "pairs brier": pytest.approx(0.1)}
