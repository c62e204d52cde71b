"""Makes the fits of the judge's calibration, one for each set of signals, with their held-out figures."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.model_selection import KFold

from assistant.judge.calibration import Fit, JudgeModel, Ranking, SignalName, weighted
from assistant.records import Language
from training.calibration.measures import HeldOut, figures, mean_brier, operating_points
from training.calibration.regression import ANSWER_SIGNALS, LabelledGroup, fit_ranking, fit_score

FOLDS = 5

# From the signal that is always available to all of them: the judge uses the best fit whose signals it has.
# Portuguese does not use `differing_share`: it lowers recall@1 on rewordings of public FAQs by 0.014, while
# `uncovered_share` raises it by 0.018 over the cosine alone.
SIGNAL_SETS: dict[Language, tuple[tuple[SignalName, ...], ...]] = {
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


def fit_all(language: Language, groups: Sequence[LabelledGroup], model: JudgeModel, margin: float) -> list[Fit]:
    """One fit for each set of signals of the language, with figures from a cross-validation by question.

    Sets with signals of the answers are for candidates that retrieval proposed and are fitted on such groups only:
    Quora's pairs, which were selected by hand, would give the model's label too much weight there. The other sets are
    for such single pairs.

    A question with a pair that lacks a signal (because a label could not be read) is not used in the fits that need the
    signal. A fit with fewer than half of the questions is omitted, so the app does not use its signal. The operating
    points are measured with `margin`, the app's for this language (`assistant.judge.decision`).
    """
    used: dict[tuple[SignalName, ...], list[LabelledGroup]] = {}
    heldout: dict[tuple[SignalName, ...], list[HeldOut]] = {}
    for names in SIGNAL_SETS[language]:
        with_answers = any(name in ANSWER_SIGNALS for name in names)
        own = [group for group in groups if group.is_ranking == with_answers] or list(groups)
        whole = [group for group in own if group.has([name for name in names if name not in ANSWER_SIGNALS])]
        if 2 * len(whole) >= len(own):
            used[names], heldout[names] = whole, _cross_validated(whole, names)
    return [
        Fit(
            language,
            *_fit(used[names], names),
            model=model if "label_logit" in names else None,
            proposed=_is_proposed(own),
            rows=sum(len(group.same) for group in used[names]),
            brier=mean_brier(_comparable(own, list(heldout.values()))),
            heldout=figures(own),
            points=operating_points(own, margin),
            margin=margin,
        )
        for names, own in heldout.items()
    ]


def _is_proposed(heldout: Sequence[HeldOut]) -> bool:
    return any(one.group.is_ranking for one in heldout)


def _comparable(own: Sequence[HeldOut], others: Sequence[Sequence[HeldOut]]) -> list[HeldOut]:
    """The questions of one set that every other set for the same kind of pairs was also measured on."""
    alike = [{id(one.group) for one in other} for other in others if _is_proposed(other) == _is_proposed(own)]
    return [one for one in own if all(id(one.group) in measured for measured in alike)]


def _cross_validated(groups: Sequence[LabelledGroup], names: tuple[SignalName, ...]) -> list[HeldOut]:
    """The groups that have all signals, in their order, each with probabilities from a fit on other groups."""
    found: dict[int, HeldOut] = {}
    for train, test in KFold(FOLDS, shuffle=True, random_state=0).split(groups):
        weights, intercept, ranking = _fit([groups[i] for i in train], names)
        for i in test:
            if groups[i].has(names):
                scores = [weighted(signals, weights, intercept) for signals in groups[i].signals]
                found[i] = HeldOut(groups[i], ranking.probabilities(scores))
    return [found[i] for i in sorted(found)]


def _fit(
    groups: Sequence[LabelledGroup], names: tuple[SignalName, ...]
) -> tuple[dict[SignalName, float], float, Ranking]:
    """Both steps: the weights of the signals, the intercept, and the ranking."""
    weights, intercept = fit_score(groups, names)
    rankings = [group for group in groups if group.is_ranking and group.has(names)]
    scored = [([weighted(signals, weights, intercept) for signals in group.signals], group) for group in rankings]
    return weights, intercept, fit_ranking(scored)
