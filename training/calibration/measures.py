"""Figures of held-out probabilities: by domain, and at the thresholds that a team may choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import brier_score_loss, roc_auc_score

from assistant.judge.calibration import OperatingPoint
from assistant.judge.decision import shown_from
from training.calibration.regression import LabelledGroup

# Precisions that a team may choose.
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
    def right_first(self) -> bool:
        """Whether the pair with the greatest P(same) is right."""
        return max(zip(self.probabilities, self.group.same, strict=True))[1]

    @property
    def is_answerable(self) -> bool:
        """Whether one of the pairs is right."""
        return any(self.group.same)

    def shown_from(self, margin: float) -> tuple[float, float]:
        """The greatest thresholds at which the app shows anything, and at which it shows a right pair.

        The second is -inf where no pair is right. Both follow `assistant.judge.decision`.
        """
        ordered = sorted(zip(self.probabilities, self.group.same, strict=True), reverse=True)
        shown = shown_from([probability for probability, _ in ordered], margin)
        right = (threshold for threshold, (_, same) in zip(shown, ordered, strict=True) if same)
        return max(shown), max(right, default=float("-inf"))


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
            found[f"{domain} right first"] = _mean([one.right_first for one in own if one.is_answerable])
    return found


def operating_points(heldout: Sequence[HeldOut], margin: float) -> tuple[OperatingPoint, ...]:
    """For every target, the least threshold at which the first answers shown are right that often in every domain.

    What is shown follows `assistant.judge.decision` with `margin`. If a domain never reaches the target, the threshold
    of its best precision counts. A domain of which nothing is shown has no precision.
    """
    domains = list(_by_domain(heldout).values())
    points = []
    for target in TARGETS:
        threshold = min(1.0, max(_threshold(own, margin, target) for own in domains))
        precisions, answered, shown = [], [], []
        for own in domains:
            visible = [one for one in own if one.shown_from(margin)[0] >= threshold]
            if visible:
                precisions.append(_mean([one.right_first for one in visible]))
            answered.append(_mean([one.shown_from(margin)[1] >= threshold for one in own if one.is_answerable]))
            shown.append(len(visible) / len(own))
        points.append(OperatingPoint(target, threshold, min(precisions), _mean(answered), _mean(shown)))
    return tuple(points)


def _threshold(heldout: Sequence[HeldOut], margin: float, precision: float) -> float:
    """The least threshold that keeps `precision` on these questions; that of the best precision if none does."""
    ordered = sorted(((one.shown_from(margin)[0], one.right_first) for one in heldout), reverse=True)
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
