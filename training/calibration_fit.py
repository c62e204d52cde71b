"""The two logistic fits of the judge's calibration, their held-out figures, and a threshold."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

from assistant.calibration import Fit, JudgeModel, Ranking, leads
from assistant.records import Language, Signals

FOLDS = 5
SEED = 20260101

# From the signals that are always there to all of them: the judge takes the last that it can serve.
# Portuguese does without the differing words: they cost 0.014 of recall@1 on rewordings of public FAQs,
# where the words that neither question nor answer has gain 0.018 over the cosine alone.
SIGNAL_SETS: dict[Language, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("cosine",),
        ("cosine", "label_logit"),
        ("cosine", "answer_cosine"),
        ("cosine", "answer_cosine", "differing_share", "uncovered_share"),
        ("cosine", "answer_cosine", "differing_share", "uncovered_share", "label_logit"),
    ),
    "pt": (
        ("cosine",),
        ("cosine", "label_logit"),
        ("cosine", "answer_cosine"),
        ("cosine", "answer_cosine", "uncovered_share"),
        ("cosine", "answer_cosine", "uncovered_share", "label_logit"),
    ),
}
# These need the past answer, which published pairs of questions lack.
ANSWER_SIGNALS = ("answer_cosine", "uncovered_share")

# The second step of a pair that stands by itself: it has no rival to be ahead of.
ALONE = Ranking(own=1.0, lead=0.0, cap=0.0, intercept=0.0)

# The sign a signal's weight must have for a verdict to be explainable by it.
DIRECTION = {"cosine": 1, "answer_cosine": 1, "label_logit": 1, "differing_share": -1, "uncovered_share": -1}


@dataclass(frozen=True, slots=True)
class LabelledGroup:
    """One asked question: the signals of its pairs and whether each is the same."""

    domain: str
    signals: tuple[Signals, ...]
    same: tuple[bool, ...]

    @property
    def is_ranking(self) -> bool:
        """Whether it holds what retrieval proposed, rather than one pair by itself."""
        return len(self.same) > 1

    def only(self, kept: Sequence[int]) -> LabelledGroup:
        """The group with these pairs alone."""
        return LabelledGroup(
            self.domain,
            tuple(self.signals[i] for i in kept),
            tuple(self.same[i] for i in kept),
        )

    def has(self, names: Sequence[str]) -> bool:
        """Whether every pair has all these signals."""
        return all(getattr(signals, name) is not None for signals in self.signals for name in names)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fit with the groups it was measured on and their cross-validated probabilities."""

    fit: Fit
    measured: list[LabelledGroup]
    heldout: list[list[float]]


def fit_all(language: Language, groups: Sequence[LabelledGroup], model: JudgeModel) -> list[Fitted]:
    """One fit per set of signals of the language, with held-out figures of a cross-validation by question.

    Sets with the answers' signals serve what retrieval proposed and are fitted on such groups alone: pairs that were
    picked by hand, Quora's, would give the model's label far more weight than it earns there. Those pairs are what
    the other sets are for.

    A question with a pair that lacks a signal (a label that could not be read) takes no part in the fits
    that need it; a fit with fewer than half of the questions is left out, and so is its signal in the app.
    """
    fits = []
    for names in SIGNAL_SETS[language]:
        with_answers = any(name in ANSWER_SIGNALS for name in names)
        own = [group for group in groups if group.is_ranking == with_answers] or groups
        whole = [group for group in own if group.has([name for name in names if name not in ANSWER_SIGNALS])]
        if 2 * len(whole) >= len(own):
            fits.append(_cross_validated(language, whole, names, model))
    return fits


def choose_threshold(fitted: Fitted, precision: float) -> float:
    """The least P(same) at which the best candidates shown are right as often as `precision` in every domain.

    Counted on held-out probabilities. Where a domain never reaches that precision, its best counts.
    """
    best: dict[str, list[tuple[float, bool]]] = {}
    for probabilities, group in zip(fitted.heldout, fitted.measured, strict=True):
        best.setdefault(group.domain, []).append(max(zip(probabilities, group.same, strict=True)))
    return max(_threshold(pairs, precision) for pairs in best.values())


def _threshold(best: Sequence[tuple[float, bool]], precision: float) -> float:
    """The least probability of `best` (with whether it was right) that keeps `precision`."""
    ordered = sorted(best, reverse=True)
    shown_right = np.cumsum([right for _, right in ordered]) / np.arange(1, len(ordered) + 1)
    good = np.flatnonzero(shown_right >= precision)
    return ordered[good[-1] if len(good) else int(np.argmax(shown_right))][0]


def _cross_validated(
    language: Language, groups: Sequence[LabelledGroup], names: tuple[str, ...], model: JudgeModel
) -> Fitted:
    heldout: dict[int, list[float]] = {}
    for train, test in KFold(FOLDS, shuffle=True, random_state=0).split(groups):
        fit = _fit(language, [groups[i] for i in train], names, model, {})
        for i in test:
            if groups[i].has(names):
                scores = [fit.score(signals) for signals in groups[i].signals]
                heldout[i] = fit.ranking.probabilities(scores)
    measured, probabilities = [groups[i] for i in sorted(heldout)], [heldout[i] for i in sorted(heldout)]
    return Fitted(_fit(language, groups, names, model, _figures(measured, probabilities)), measured, probabilities)


def _fit(
    language: Language,
    groups: Sequence[LabelledGroup],
    names: tuple[str, ...],
    model: JudgeModel,
    figures: dict[str, float],
) -> Fit:
    weights, intercept = _fit_score(groups, names)
    score = Fit(language, weights, intercept, ALONE, None, 0, {}).score
    rankings = [group for group in groups if group.is_ranking and group.has(names)]
    ranking = _fit_ranking([([score(signals) for signals in group.signals], group) for group in rankings])
    rows = sum(len(group.same) for group in groups)
    return Fit(language, weights, intercept, ranking, model if "label_logit" in names else None, rows, figures)


def _fit_score(groups: Sequence[LabelledGroup], names: Sequence[str]) -> tuple[dict[str, float], float]:
    """Weights of the signals and an intercept.

    Those of the questions are fitted on all groups, then those of the answers are added on the groups that
    have one, so that questions without answers still teach what the others are worth.
    """
    of_questions = [name for name in names if name not in ANSWER_SIGNALS]
    weights, level = _regress(groups, of_questions, {})
    of_answers = [name for name in names if name in ANSWER_SIGNALS]
    if not of_answers:
        return weights, level
    added, shift = _regress([group for group in groups if group.has(of_answers)], of_answers, weights)
    scale = added.pop(_SCORE)
    return {name: scale * weight for name, weight in weights.items()} | added, shift


_SCORE = "score"


def _regress(
    groups: Sequence[LabelledGroup], names: Sequence[str], before: dict[str, float]
) -> tuple[dict[str, float], float]:
    """Logistic regression on `names` and, if there are weights `before`, on the score that those give.

    A signal that comes out with the wrong sign weighs 0. Where question pairs were picked for sharing
    words (Quora's), more differing words at the same cosine mean "same" more often; that is the set's
    making and would put wrong answers first.
    """
    used = [*names, _SCORE] if before else list(names)
    while True:
        weights, level = _weights(groups, used, before)
        wrong = [name for name in used if weights[name] * DIRECTION.get(name, 1) < 0]
        if not wrong:
            return {name: weights.get(name, 0.0) for name in ([*names, _SCORE] if before else names)}, level
        used = [name for name in used if name not in wrong]


def _weights(
    groups: Sequence[LabelledGroup], names: Sequence[str], before: dict[str, float]
) -> tuple[dict[str, float], float]:
    """Every domain has an intercept of its own in the fit, so that a domain's level is not mistaken
    for an effect of its signals; the mean of them is kept."""

    def value(signals: Signals, name: str) -> float:
        if name == _SCORE:
            return sum(weight * getattr(signals, known) for known, weight in before.items())
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


def _fit_ranking(rankings: Sequence[tuple[list[float], LabelledGroup]]) -> Ranking:
    """The second step; none where there are only pairs.

    Every ranking also takes part with a random half of its candidates, which stands for smaller libraries and for
    questions whose answer is missing.
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


def _domain_weights(domains: Sequence[str]) -> np.ndarray:
    """Weights that give every domain the same say, 1 on average."""
    names, counts = np.unique(domains, return_counts=True)
    share = dict(zip(names, len(domains) / len(names) / counts, strict=True))
    return np.array([share[domain] for domain in domains])


def _figures(groups: Sequence[LabelledGroup], probabilities: Sequence[Sequence[float]]) -> dict[str, float]:
    figures = {}
    for domain in sorted({group.domain for group in groups}):
        own = [(p, group.same) for p, group in zip(probabilities, groups, strict=True) if group.domain == domain]
        flat = np.array([p for ps, _ in own for p in ps])
        same = np.array([label for _, labels in own for label in labels])
        answerable = [(ps, labels) for ps, labels in own if any(labels)]
        figures[f"{domain} roc_auc"] = float(roc_auc_score(same, flat))
        figures[f"{domain} brier"] = float(brier_score_loss(same, flat))
        if any(group.is_ranking for group in groups):
            firsts = [labels[int(np.argmax(ps))] for ps, labels in answerable]
            figures[f"{domain} right first"] = float(np.mean(firsts))
    return figures
