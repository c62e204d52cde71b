"""The points of a report's charts: few enough to send to a browser, exact where a person chooses by them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from assistant.records import LANGUAGES
from evals.measures.classification import reliability
from evals.row_records import MeasuredPair, MeasuredReading

MOST_POINTS = 200
# Thresholds a person can choose from: 0, 0.005, ... 1. The browser takes them from the length of what is counted.
STEPS = 200

Points = list[list[float]]
Json = dict[str, Any]


def pair_curves(rows: Sequence[MeasuredPair]) -> dict[str, Json]:
    """By "all" and each language with rows: the points of every chart of its pairs.

    `roc` holds [false positive rate, true positive rate], `precision_recall` [recall, precision]; each is empty where
    the rows do not define it. `reliability` holds [mean P(same), share of "same", rows]. `true_matches` and
    `false_matches` count the pairs called "same" at each of STEPS + 1 thresholds.
    """
    chosen = {"all": rows} | {name: [row for row in rows if row.language == name] for name in LANGUAGES}
    return {name: _pair_curves(found) for name, found in chosen.items() if found}


def _pair_curves(rows: Sequence[MeasuredPair]) -> Json:
    read = [row for row in rows if row.probability is not None]
    same = np.array([row.same for row in read], bool)
    values = np.array([row.probability for row in read], float)
    roc: Points = []
    precision_recall: Points = []
    if same.any() and not same.all():
        false_rate, true_rate, _ = roc_curve(same, values)
        roc = _thin(false_rate, true_rate)
    if same.any():
        precision, recall, _ = precision_recall_curve(same, values)
        precision_recall = _thin(recall, precision)
    return {
        "roc": roc,
        "precision_recall": precision_recall,
        "reliability": [list(point) for point in reliability(same, values)],
        "true_matches": _called_same(values[same]),
        "false_matches": _called_same(values[~same]),
        "same": int(same.sum()),
        "different": int((~same).sum()),
        "unreadable": len(rows) - len(read),
    }


def reading_outcomes(rows: Sequence[MeasuredReading]) -> dict[str, int]:
    """How many answers were right, partly right, wrong, or missed."""
    kinds = [row.outcome for row in rows]
    return {kind: kinds.count(kind) for kind in ("right", "partly right", "wrong", "missed")}


def loss_curves(history: Sequence[Json]) -> dict[str, Points]:
    """[step, loss] of the training rows and of those held out, as a version's history holds them."""
    return {
        name: _thin([entry["step"] for entry in logged], [entry[key] for entry in logged])
        for name, key in (("training", "loss"), ("held out", "eval_loss"))
        if (logged := [entry for entry in history if key in entry and "step" in entry])
    }


def _called_same(values: NDArray[np.float64]) -> list[int]:
    """How many `values` are at or above each threshold."""
    thresholds = np.arange(STEPS + 1) / STEPS
    return (len(values) - np.searchsorted(np.sort(values), thresholds, side="left")).tolist()


def _thin(horizontal: Sequence[float], vertical: Sequence[float]) -> Points:
    """At most MOST_POINTS of the points, evenly chosen, the first and the last among them."""
    count = len(horizontal)
    places = np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).round().astype(int))
    return [[round(float(horizontal[place]), 5), round(float(vertical[place]), 5)] for place in places]
