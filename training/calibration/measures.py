"""Figures of held-out probabilities: by domain, and at the thresholds that a team may choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.metrics import brier_score_loss, roc_auc_score

from assistant.judge.calibration import OperatingPoint
from assistant.judge.decision import shown_from
from training.calibration.regression import LabelledGroup

# The precisions that a team may choose: shares of right answers among those shown first.
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


@dataclass(frozen=True, slots=True)
class Reached:
    """The highest threshold at which a question shows anything (`shown`) and at which it shows a right pair
    (`answered`, None if no pair is right), and whether its first pair is right."""

    shown: float
    answered: float | None
    right_first: bool

    @classmethod
    def of(cls, question: HeldOut, margin: float) -> Self:
        """In closed form: `shown_from` is P(same), or the sum of the first two if they are close."""
        ordered = sorted(zip(question.probabilities, question.group.same, strict=True), reverse=True)
        # No threshold is greater than 1, and the sum of two can be.
        reached = [min(1.0, one) for one in shown_from([probability for probability, _ in ordered], margin)]
        right = (one for one, (_, same) in zip(reached, ordered, strict=True) if same)
        return cls(reached[0], max(right, default=None), question.right_first)


def mean_brier(heldout: Sequence[HeldOut]) -> float:
    """The mean of the domains' Brier scores, in [0, 1]; lower is better."""
    return float(np.mean([brier_score_loss(*_pairs(own)) for own in _by_domain(heldout).values()]))


def figures(heldout: Sequence[HeldOut]) -> dict[str, float]:
    """ROC AUC and Brier score of the pairs of each domain; in rankings also how often the right answer is first."""
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

    What is shown follows `assistant.judge.decision` with `margin`. If no threshold reaches the target in every domain,
    the one with the best precision in the worst domain is taken. A domain with nothing shown has no precision.
    """
    domains = [[Reached.of(one, margin) for one in own] for own in _by_domain(heldout).values()]
    thresholds = sorted({one.shown for own in domains for one in own})
    precisions = [_precision(domains, threshold) for threshold in thresholds]
    best = int(np.argmax(precisions))
    points = []
    for target in TARGETS:
        place = next((place for place, precision in enumerate(precisions) if precision >= target), best)
        threshold = thresholds[place]
        answered = [_mean([one.answered >= threshold for one in own if one.answered is not None]) for own in domains]
        shown = [_mean([one.shown >= threshold for one in own]) for own in domains]
        points.append(OperatingPoint(target, threshold, precisions[place], _mean(answered), _mean(shown)))
    return tuple(points)


def _precision(domains: Sequence[Sequence[Reached]], threshold: float) -> float:
    """The share of right first answers among those shown, in the worst domain that shows any."""
    firsts = ([one.right_first for one in own if one.shown >= threshold] for own in domains)
    return min(_mean(shown) for shown in firsts if shown)


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
