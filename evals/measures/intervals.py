"""Confidence intervals from resampled rows (the percentile bootstrap, Efron and Tibshirani 1993).

The random numbers are seeded, so equal rows give equal intervals.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

SEED = 20260101
RESAMPLES = 1_000
BINS = 10

Interval = tuple[float, float]
_Floats = NDArray[np.float64]
# One value a row.
Bools = Sequence[bool] | NDArray[np.bool_]
Floats = Sequence[float] | _Floats


def mean_interval(values: Sequence[float], groups: Sequence[Hashable] | None = None) -> Interval:
    """The 95 % interval of the mean of `values`. Values of one of the `groups`, such as the questions about one
    document, are drawn together, because they are not independent."""
    named = list(groups) if groups is not None else range(len(values))
    places = {name: place for place, name in enumerate(dict.fromkeys(named))}
    group = np.array([places[name] for name in named])
    sums, counts = np.bincount(group, np.asarray(values, float)), np.bincount(group)
    return _percentiles([float(weights @ sums / (weights @ counts)) for weights in _resampled(len(sums), RESAMPLES)])


def paired_difference(
    first: Sequence[float],
    second: Sequence[float],
    groups: Sequence[Hashable] | None = None,
) -> tuple[float, float, float]:
    """Mean of `first` - `second` over the same rows, with its 95 % interval from rows resampled in pairs; of `groups`
    as `mean_interval` says."""
    differences = np.asarray(first, float) - np.asarray(second, float)
    return float(differences.mean()), *mean_interval(differences, groups)


def probability_intervals(
    same: Bools, probabilities: Floats, threshold: float, resamples: int = RESAMPLES
) -> dict[str, Interval]:
    """The 95 % interval of every figure that `Weighted` computes; without those that the rows do not define."""
    rows = Weighted(same, probabilities, threshold)
    drawn = [rows.figures(weights) for weights in _resampled(len(same), resamples)]
    columns = {name: [figures[name] for figures in drawn] for name in drawn[0]}
    return {name: _percentiles(values) for name, values in columns.items() if not np.isnan(values).all()}


class Weighted:
    """Figures of rows of which each counts as often as its weight says. Sorted once, so that a thousand resamples
    cost a thousand passes and no sorting."""

    def __init__(self, same: Bools, probabilities: Floats, threshold: float) -> None:
        values = np.asarray(probabilities, float)
        self._order = np.argsort(-values, kind="stable")
        self._values = values[self._order]
        self._same = np.asarray(same, float)[self._order]
        self._called = (self._values >= threshold).astype(float)
        # Where a run of equal probabilities ends: only there a threshold can lie.
        self._ends = np.append(np.flatnonzero(np.diff(self._values)), len(values) - 1)
        self._bins = np.minimum((self._values * BINS).astype(int), BINS - 1)

    def figures(self, weights: _Floats) -> dict[str, float]:
        """By the names of `evals.measures.classification.FIGURES`; NaN where undefined.

        `weights` has one entry per row, in the order given.
        """
        weights = weights[self._order]
        positive = weights * self._same
        total, same = weights.sum(), positive.sum()
        called, true = weights @ self._called, positive @ self._called
        below = np.bincount(self._bins, weights * self._values, BINS) - np.bincount(self._bins, positive, BINS)
        error = weights @ (self._values - self._same) ** 2
        return {
            "accuracy": (total - called - same + 2 * true) / total,
            "precision": true / called if called else np.nan,
            "recall": true / same if same else np.nan,
            "f1": 2 * true / (called + same) if called + same else np.nan,
            **self._of_order(weights, positive, same, total - same),
            "brier": error / total,
            "ece": np.abs(below).sum() / total,
        }

    def _of_order(self, weights: _Floats, positive: _Floats, same: float, different: float) -> dict[str, float]:
        if not same or not different:
            return {"roc_auc": np.nan, "average_precision": np.nan}
        true = np.cumsum(positive)[self._ends]
        shown = np.cumsum(weights)[self._ends]
        false_before = np.concatenate([[0.0], shown - true])
        true_before = np.concatenate([[0.0], true])
        area = np.sum(np.diff(false_before) * (true_before[1:] + true_before[:-1])) / 2
        # A run that no row of this resample lies in adds no recall.
        precision = np.divide(true, shown, out=np.zeros_like(true), where=shown > 0)
        return {
            "roc_auc": area / (same * different),
            "average_precision": float(np.diff(true_before) @ precision) / same,
        }


def _resampled(rows: int, resamples: int) -> Iterator[_Floats]:
    """For each resample how often every row is in it."""
    chance = np.random.default_rng(SEED)
    for _ in range(resamples):
        yield np.bincount(chance.integers(rows, size=rows), minlength=rows).astype(float)


def _percentiles(drawn: Sequence[float]) -> Interval:
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return float(low), float(high)
