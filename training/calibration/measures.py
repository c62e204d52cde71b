"""What held-out probabilities are worth: per domain, and at the thresholds a team may choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import brier_score_loss, roc_auc_score

from assistant.judge.calibration import OperatingPoint
from training.calibration.regression import LabelledGroup

# Shares of right answers among those shown that a team may aim for.
TARGETS = (0.80, 0.85, 0.90, 0.95, 0.98)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A question with P(same) of its pairs, from a fit that did not see it."""

    group: LabelledGroup
    probabilities: list[float]

    @property
    def domain(self) -> str:
        return self.group.domain

    @property
    def first(self) -> tuple[float, bool]:
        """P(same) of the best pair, and whether that is right."""
        return max(zip(self.probabilities, self.group.same, strict=True))

    @property
    def right(self) -> float | None:
        """P(same) of the best right pair; None where there is none."""
        return max((p for p, same in zip(self.probabilities, self.group.same, strict=True) if same), default=None)


def mean_brier(heldout: Sequence[HeldOut]) -> float:
    """The mean of the domains' Brier scores, in [0, 1]; less is better."""
    return float(np.mean([brier_score_loss(*_pairs(own)) for own in _by_domain(heldout).values()]))


def figures(heldout: Sequence[HeldOut]) -> dict[str, float]:
    """ROC AUC and Brier score of the pairs by domain; in rankings also how often the right answer comes first."""
    found = {}
    for domain, own in sorted(_by_domain(heldout).items()):
        same, probabilities = _pairs(own)
        found[f"{domain} roc_auc"] = float(roc_auc_score(same, probabilities))
        found[f"{domain} brier"] = float(brier_score_loss(same, probabilities))
        if any(one.group.is_ranking for one in own):
            found[f"{domain} right first"] = float(np.mean([one.first[1] for one in own if one.right is not None]))
    return found


def operating_points(heldout: Sequence[HeldOut]) -> tuple[OperatingPoint, ...]:
    """For every target, the least threshold at which the first answers shown are right that often in every domain.

    Where a domain never reaches the target, its best counts. A domain of which nothing is shown has no precision.
    """
    domains = list(_by_domain(heldout).values())
    points = []
    for target in TARGETS:
        threshold = max(_threshold([one.first for one in own], target) for own in domains)
        tried = [[right for p, right in (one.first for one in own) if p >= threshold] for own in domains]
        answered = [_mean([one.right >= threshold for one in own if one.right is not None]) for own in domains]
        shown = [_mean([one.first[0] >= threshold for one in own]) for own in domains]
        precision = min(_mean(firsts) for firsts in tried if firsts)
        points.append(OperatingPoint(target, threshold, precision, _mean(answered), _mean(shown)))
    return tuple(points)


def _threshold(firsts: Sequence[tuple[float, bool]], precision: float) -> float:
    """The least probability of `firsts` (with whether it was right) that keeps `precision`."""
    ordered = sorted(firsts, reverse=True)
    shown_right = np.cumsum([right for _, right in ordered]) / np.arange(1, len(ordered) + 1)
    good = np.flatnonzero(shown_right >= precision)
    return ordered[good[-1] if len(good) else int(np.argmax(shown_right))][0]


def _by_domain(heldout: Sequence[HeldOut]) -> dict[str, list[HeldOut]]:
    domains: dict[str, list[HeldOut]] = {}
    for one in heldout:
        domains.setdefault(one.domain, []).append(one)
    return domains


def _pairs(heldout: Sequence[HeldOut]) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities of all pairs."""
    same = np.array([label for one in heldout for label in one.group.same])
    return same, np.array([p for one in heldout for p in one.probabilities])


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
