"""The fits of the judge's calibration, one for each set of signals, with their held-out figures."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.model_selection import KFold

from assistant.judge.calibration import Fit, JudgeModel, Ranking, SignalName, weighted
from assistant.records import Language
from training.calibration.measures import HeldOut, figures, mean_brier, operating_points
from training.calibration.regression import ANSWER_SIGNALS, LabelledGroup, fit_ranking, fit_score

FOLDS = 5

# From the signals that are always there to all of them: the judge takes the best that it can serve.
# Portuguese does without the differing words: they cost 0.014 of recall@1 on rewordings of public FAQs,
# where the words that neither question nor answer has gain 0.018 over the cosine alone.
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
    """One fit per set of signals of the language, with held-out figures of a cross-validation by question.

    `margin` is the app's for this language: what counts as shown at the operating points depends on it.

    Sets with the answers' signals serve what retrieval proposed and are fitted on such groups alone: pairs that were
    picked by hand, Quora's, would give the model's label far more weight than it earns there. Those pairs are what
    the other sets are for.

    A question with a pair that lacks a signal (a label that could not be read) takes no part in the fits
    that need it; a fit with fewer than half of the questions is left out, and so is its signal in the app.
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
    """Those of one set's questions that every other set for the same kind of pairs was measured on as well."""
    alike = [{id(one.group) for one in other} for other in others if _is_proposed(other) == _is_proposed(own)]
    return [one for one in own if all(id(one.group) in measured for measured in alike)]


def _cross_validated(groups: Sequence[LabelledGroup], names: tuple[SignalName, ...]) -> list[HeldOut]:
    """The groups that have all signals, in their order, each judged by a fit to other groups."""
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
    """Both steps: the signals' weights and their intercept, and the ranking."""
    weights, intercept = fit_score(groups, names)
    rankings = [group for group in groups if group.is_ranking and group.has(names)]
    scored = [([weighted(signals, weights, intercept) for signals in group.signals], group) for group in rankings]
    return weights, intercept, fit_ranking(scored)
