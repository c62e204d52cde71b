"""Measures of P(same) against labels: decisions at a threshold, ranking, and calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import classification_report, confusion_matrix

from assistant.errors import InputError
from evals.measures.intervals import BINS, RESAMPLES, Bools, Floats, Interval, Weighted, probability_intervals

# By class index, as reports and pictures name them.
CLASSES = ("different", "same")


@dataclass(frozen=True, slots=True)
class PairMeasures:
    """Figures over the readable replies, each in [0, 1]; None where the rows do not define one.

    `precision`, `recall` and `f1` are those of the class "same". `roc_auc` and `average_precision` need both classes.
    `confusion` is [[tn, fp], [fn, tp]], `classes` scikit-learn's classification report. `unreadable` counts replies
    that held no label; they are in no other figure.
    """

    accuracy: float
    precision: float | None
    recall: float | None
    f1: float | None
    roc_auc: float | None
    average_precision: float | None
    brier: float
    ece: float
    confusion: tuple[tuple[int, int], tuple[int, int]]
    classes: dict[str, Any]
    unreadable: int
    rows: int


# The figures that have a confidence interval.
FIGURES = ("accuracy", "precision", "recall", "f1", "roc_auc", "average_precision", "brier", "ece")


def measure_probabilities(
    same: Sequence[bool], probabilities: Sequence[float | None], threshold: float = 0.5
) -> PairMeasures:
    """All measures; a pair counts as "same" from `threshold` on. None stands for a reply that could not be read.

    Raises `InputError` when there are no rows, no reply could be read, or a value is no probability (NaN, infinite,
    below 0 or above 1).
    """
    labels, values = _readable(same, probabilities)
    decided = values >= threshold
    (tn, fp), (fn, tp) = confusion_matrix(labels, decided, labels=[False, True]).tolist()
    classes = classification_report(
        labels, decided, labels=[False, True], target_names=CLASSES, output_dict=True, zero_division=np.nan
    )
    figures = Weighted(labels, values, threshold).figures(np.ones(len(labels)))
    measured: dict[str, Any] = {name: _defined(float(value)) for name, value in figures.items()}
    return PairMeasures(
        **measured,
        confusion=((tn, fp), (fn, tp)),
        classes=_plain(classes),
        unreadable=len(same) - len(labels),
        rows=len(same),
    )


def reliability(same: Bools, probabilities: Floats) -> list[tuple[float, float, int]]:
    """For each of equally wide bins that holds rows: mean probability, share of "same", rows."""
    labels, values = np.asarray(same, bool), np.asarray(probabilities, float)
    places = np.minimum((values * BINS).astype(int), BINS - 1)
    found = []
    for place in np.unique(places):
        chosen = places == place
        found.append((float(values[chosen].mean()), float(labels[chosen].mean()), int(chosen.sum())))
    return found


def intervals(
    same: Sequence[bool], probabilities: Sequence[float | None], threshold: float = 0.5, resamples: int = RESAMPLES
) -> dict[str, Interval]:
    """95 % intervals by measure over the readable replies, without those that are not defined."""
    return probability_intervals(*_readable(same, probabilities), threshold, resamples)


def mcnemar(first_right: Sequence[bool], second_right: Sequence[bool]) -> tuple[int, int, float]:
    """Rows that only the first, only the second got right, and the exact two-sided p-value (McNemar 1947)."""
    first, second = np.asarray(first_right, bool), np.asarray(second_right, bool)
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    discordant = only_first + only_second
    return only_first, only_second, float(binomtest(only_first, discordant).pvalue) if discordant else 1.0


def _readable(
    same: Sequence[bool], probabilities: Sequence[float | None]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    read = [(label, p) for label, p in zip(same, probabilities, strict=True) if p is not None]
    if not same:
        raise InputError("There are no pairs to measure: give a file with at least one row.")
    if not read:
        raise InputError(f"None of {len(same)} replies could be read as a label: measure with a trained adapter.")
    for number, value in enumerate(probabilities, 1):
        # NaN is in no range.
        if value is not None and not 0 <= value <= 1:
            raise InputError(
                f"P(same) of row {number} is {value}: give a number from 0 to 1, or None for a reply that could not be "
                "read."
            )
    return np.array([label for label, _ in read], bool), np.array([p for _, p in read], float)


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else value


def _plain(report: dict[str, Any]) -> dict[str, Any]:
    """None in place of NaN, which JSON cannot hold."""
    return {name: _plain(value) if isinstance(value, dict) else _defined(value) for name, value in report.items()}
