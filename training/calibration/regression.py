"""The two logistic regressions of the judge's calibration."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from assistant.judge.calibration import Ranking, SignalName, leads, weighted
from assistant.records import Signals

SEED = 20260101

# These signals need the past answer, which published pairs of questions do not have.
ANSWER_SIGNALS = ("answer_cosine", "uncovered_share")

# The second step for single pairs, which have no rivals: it keeps the first step's logit.
ALONE = Ranking(own=1.0, lead=0.0, cap=0.0, intercept=0.0)

# The sign that a signal's weight must have so that the signal can explain a verdict.
DIRECTION = {"cosine": 1, "answer_cosine": 1, "label_logit": 1, "differing_share": -1, "uncovered_share": -1}


@dataclass(frozen=True, slots=True)
class LabelledGroup:
    """The pairs of one asked question: their signals, and whether each pair is the same."""

    domain: str
    signals: tuple[Signals, ...]
    same: tuple[bool, ...]

    @property
    def is_ranking(self) -> bool:
        """Whether it holds candidates that retrieval proposed, and not a single pair."""
        return len(self.same) > 1

    def only(self, kept: Sequence[int]) -> LabelledGroup:
        """The group with only the pairs at these positions."""
        return LabelledGroup(
            self.domain,
            tuple(self.signals[i] for i in kept),
            tuple(self.same[i] for i in kept),
        )

    def has(self, names: Sequence[str]) -> bool:
        """Whether every pair has all these signals."""
        return all(getattr(signals, name) is not None for signals in self.signals for name in names)


def fit_score(groups: Sequence[LabelledGroup], names: Sequence[SignalName]) -> tuple[dict[SignalName, float], float]:
    """The weights of the signals and the intercept of the first step.

    The weights of the questions' signals are fitted on all groups. Then the weights of the answers' signals are fitted
    on the groups that have answers. So groups without answers also contribute to the questions' weights.
    """
    of_questions = [name for name in names if name not in ANSWER_SIGNALS]
    found, level = _regress(groups, of_questions, {})
    weights = {name: found[name] for name in of_questions}
    of_answers = [name for name in names if name in ANSWER_SIGNALS]
    if not of_answers:
        return weights, level
    added, shift = _regress([group for group in groups if group.has(of_answers)], of_answers, weights)
    scaled = {name: added[_SCORE] * weight for name, weight in weights.items()}
    return scaled | {name: added[name] for name in of_answers}, shift


_SCORE = "score"


def _regress(
    groups: Sequence[LabelledGroup], names: Sequence[str], before: dict[SignalName, float]
) -> tuple[dict[str, float], float]:
    """Logistic regression on `names` and, if there are weights `before`, on the score that they give.

    A signal whose weight has the wrong sign gets the weight 0. In question pairs that were selected because they share
    words (Quora's), more differing words at the same cosine mean "same" more often. This comes from the selection and
    would rank wrong answers first.
    """
    used = [*names, _SCORE] if before else list(names)
    while True:
        weights, level = _weights(groups, used, before)
        wrong = [name for name in used if weights[name] * DIRECTION.get(name, 1) < 0]
        if not wrong:
            return {name: weights.get(name, 0.0) for name in ([*names, _SCORE] if before else names)}, level
        used = [name for name in used if name not in wrong]


def _weights(
    groups: Sequence[LabelledGroup], names: Sequence[str], before: dict[SignalName, float]
) -> tuple[dict[str, float], float]:
    """One regression. Every domain has its own intercept, so that differences between the domains' shares of right
    pairs are not attributed to the signals. The mean of these intercepts is returned."""

    def value(signals: Signals, name: str) -> float:
        if name == _SCORE:
            return weighted(signals, before, 0.0)
        return getattr(signals, name)

    pairs = [
        ([value(signals, name) for name in names], same, group.domain)
        for group in groups
        for signals, same in zip(group.signals, group.same, strict=True)
    ]
    values, same, domains = (np.array(column) for column in zip(*pairs, strict=True))
    scaler = StandardScaler().fit(values)
    present = np.unique(domains)
    indicator = (domains[:, None] == present[None, :]).astype(float)
    logistic = LogisticRegression(C=10.0, fit_intercept=False)
    logistic.fit(np.hstack([scaler.transform(values), indicator]), same, sample_weight=_domain_weights(domains))
    raw = logistic.coef_[0][: len(names)] / scaler.scale_
    level = float(np.mean(logistic.coef_[0][len(names) :]) - np.sum(raw * scaler.mean_))
    return {name: float(weight) for name, weight in zip(names, raw, strict=True)}, level


def fit_ranking(rankings: Sequence[tuple[list[float], LabelledGroup]]) -> Ranking:
    """The second step; `ALONE` if there are only single pairs.

    Every ranking is also used with a random half of its candidates, to cover smaller libraries and questions whose
    answer is missing.
    """
    if not rankings:
        return ALONE
    chance = random.Random(SEED)
    sets: list[tuple[list[float], LabelledGroup]] = []
    for scores, group in rankings:
        sets.append((scores, group))
        if kept := [i for i in range(len(scores)) if chance.random() < 0.5]:
            sets.append(([scores[i] for i in kept], group.only(kept)))
    right_leads = [
        lead
        for scores, group in sets
        for lead, is_same in zip(leads(scores, np.inf), group.same, strict=True)
        if is_same and 0 < lead < np.inf
    ]
    cap = float(np.median(right_leads))
    rows = [
        (score, lead, is_same, group.domain)
        for scores, group in sets
        for score, lead, is_same in zip(scores, leads(scores, cap), group.same, strict=True)
    ]
    score, lead, same, domains = (np.array(column) for column in zip(*rows, strict=True))
    logistic = LogisticRegression(C=10.0)
    logistic.fit(np.column_stack([score, lead]), same, sample_weight=_domain_weights(domains))
    own, ahead = (float(weight) for weight in logistic.coef_[0])
    return Ranking(own, ahead, cap, float(logistic.intercept_[0]))


def _domain_weights(domains: np.ndarray) -> np.ndarray:
    """A weight for each row, so that all domains have equal total weight. The mean weight is 1."""
    names, counts = np.unique(domains, return_counts=True)
    share = dict(zip(names, len(domains) / len(names) / counts, strict=True))
    return np.array([share[domain] for domain in domains])
