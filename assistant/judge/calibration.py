"""From signals to calibrated P(same), in two logistic steps.

The first step gives every candidate a score: the logit of a regression over its own signals. The second step adds how
far each score is ahead of the best other score of the question: a candidate far ahead of its rivals is right more often
than its own signals say, and one of two close candidates less often. Both steps are Platt's method (Platt 1999). The
second step keeps the order of the first. Weights apply to raw signal values.

`python -m training.calibrate` writes calibration files: one is shipped, and an adapter version may have its own. A fit
that uses the language model's logit is valid only for the model that it was made with.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from assistant.errors import ModelError
from assistant.records import LANGUAGES, Language, Signals
from assistant.whole_file import write_whole

SHIPPED = Path(__file__).with_name("calibration.json")

SignalName = Literal["cosine", "label_logit", "differing_share", "uncovered_share", "answer_cosine"]

# A version's file may be from an untrusted source. Within these bounds no score overflows.
Number = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Name = Annotated[str, Field(max_length=200)]


@dataclass(frozen=True, slots=True)
class JudgeModel:
    """The model whose label logits a fit was made with. `adapter` is None for the bare base.

    `hardware` is the device and the number type, such as "cpu float32": logits differ between them.
    """

    base_sha256: Name
    adapter: Name | None
    prompt_version: Name
    hardware: Name

    def is_same(self, other: JudgeModel) -> bool:
        """Whether both are the same model, on any hardware."""
        return replace(self, hardware=other.hardware) == other


@dataclass(frozen=True, slots=True)
class Ranking:
    """The second step: P = 1 / (1 + exp(-(intercept + score * own + lead * capped lead))).

    Leads are capped at `cap`: in a small library a lead may be large only because there is no good rival.
    """

    own: Number
    lead: Number
    cap: Number
    intercept: Number

    def probabilities(self, scores: Sequence[float]) -> list[float]:
        return [
            sigmoid(self.intercept + self.own * score + self.lead * lead)
            for score, lead in zip(scores, leads(scores, self.cap), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold on P(same), and its results on held-out questions.

    What counts as shown follows `assistant.judge.decision`. `precision` is the share of the questions with something
    shown whose first answer was right, in the worst domain; it is less than `target` if no threshold reached that.
    `answered` is the share of the questions with an answer whose right answer was shown. `shown` is the share of all
    questions with anything shown. Both are means over the domains.
    """

    target: Share
    threshold: Share
    precision: Share
    answered: Share
    shown: Share


@dataclass(frozen=True, slots=True)
class Fit:
    """Both steps for one language and set of signals.

    `proposed` says that the fit was made on candidates that retrieval proposed, not on single pairs. All figures are
    cross-validated: `brier` is the mean of the domains' Brier scores over the questions that all sets of signals could
    be measured on, `heldout` holds the figures of each domain, `points` are in order of rising target. `margin` is the
    margin of `assistant.judge.decision` that the points were measured with. It is 0 in files that are older than it:
    there, two close candidates did not count together.
    """

    language: Language
    weights: dict[SignalName, Number]
    intercept: Number
    ranking: Ranking
    model: JudgeModel | None
    proposed: bool
    rows: int
    brier: Share
    heldout: dict[Name, Number]
    points: Annotated[tuple[OperatingPoint, ...], Field(min_length=1)]
    margin: Share = 0.0

    def applies(self, language: Language, signals: Signals, model: JudgeModel) -> bool:
        if self.language != language or any(getattr(signals, name) is None for name in self.weights):
            return False
        return self.model is None or self.model.is_same(model)

    def score(self, signals: Signals) -> float:
        return weighted(signals, self.weights, self.intercept)

    def point(self, precision: float) -> OperatingPoint:
        """The point with the least target that is at least `precision`; if there is none, the strictest point."""
        stricter = [point for point in self.points if point.target >= precision]
        return min(stricter, key=_target) if stricter else max(self.points, key=_target)


@dataclass(frozen=True, slots=True)
class Calibration:
    """All fits for one embedding model."""

    embedding: Name
    fits: tuple[Fit, ...]

    def fit_for(self, language: Language, signals: Signals, model: JudgeModel) -> Fit:
        """The fit with the least Brier score among those whose signals are all available.

        Fits on single pairs are used only if there is no other, because their Brier scores say nothing about candidates
        that retrieval proposes. Fits for the same model on other hardware are used only if there is none for this
        hardware. Raises `ModelError` if no fit applies.
        """
        fitting = [fit for fit in self.fits if fit.applies(language, signals, model)]
        if any(fit.language == language and fit.model == model for fit in self.fits):
            fitting = [fit for fit in fitting if fit.model in (None, model)]
        if not fitting:
            raise ModelError(f"There is no calibration for language {language!r}: run `python -m training.calibrate`.")
        return min(fitting, key=lambda fit: (not fit.proposed, fit.brier))

    def deciding(self, language: Language, model: JudgeModel) -> Fit:
        """The fit that is used if every signal is available."""
        return self.fit_for(language, Signals(0.0, 0.0, 0.0, 0.0, 0.0), model)

    def probabilities(self, language: Language, measured: Sequence[Signals], model: JudgeModel) -> list[float | None]:
        """P(same) of each candidate of one question, in order; None if the model's reply could not be read.

        Scores of different fits are on different scales, so only candidates with the same fit are rivals.
        """
        found: list[float | None] = [None] * len(measured)
        rivals: dict[int, tuple[Fit, list[int]]] = {}
        for index, signals in enumerate(measured):
            if signals.label_logit is not None:
                fit = self.fit_for(language, signals, model)
                rivals.setdefault(id(fit), (fit, []))[1].append(index)
        for fit, indexes in rivals.values():
            scores = [fit.score(measured[index]) for index in indexes]
            for index, probability in zip(indexes, fit.ranking.probabilities(scores), strict=True):
                found[index] = probability
        return found

    def models(self, language: Language) -> list[JudgeModel]:
        """The models whose labels the fits of a language use."""
        return [fit.model for fit in self.fits if fit.language == language and fit.model]

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        write_whole(path, json.dumps(asdict(self), indent=1, allow_nan=False) + "\n")


def weighted(signals: Signals, weights: Mapping[SignalName, float], intercept: float) -> float:
    """The first step: the logit of a pair from its own signals."""
    return intercept + sum(weight * getattr(signals, name) for name, weight in weights.items())


def leads(scores: Sequence[float], cap: float) -> list[float]:
    """How far each score is ahead of the best other score, at most `cap`; negative for all except the best."""
    if len(scores) < 2:
        return [cap] * len(scores)
    first, second = sorted(scores, reverse=True)[:2]
    best = max(range(len(scores)), key=scores.__getitem__)
    return [min(cap, score - (second if index == best else first)) for index, score in enumerate(scores)]


def read_calibration(path: Path) -> Calibration:
    """The calibration in a file. Raises `ModelError` with the reasons if the file is not a valid calibration."""
    try:
        calibration = TypeAdapter(Calibration).validate_json(path.read_bytes())
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:3])
        raise ModelError(
            f"{path} is no calibration ({reasons}). Remove the file and run `python -m training.calibrate` again."
        ) from None
    for language in LANGUAGES:
        if not any(fit.language == language and set(fit.weights) == {"cosine"} for fit in calibration.fits):
            raise ModelError(
                f"{path} has no fit of the cosine alone for {language!r}, which is needed when the other signals are "
                "missing: remove the file and run `python -m training.calibrate` again."
            )
    return calibration


def load_calibration(path: Path, embedding: str) -> Calibration:
    """The calibration in a file. Raises `ModelError` also if it was made with another embedding model than `embedding`,
    whose cosines are on another scale."""
    calibration = read_calibration(path)
    if calibration.embedding != embedding:
        raise ModelError(
            f"{path.name} was fitted with the embeddings of {calibration.embedding}, the app uses {embedding}: run "
            "`python -m training.calibrate` with this embedding model, or unset RESPOSTA_EMBEDDING_MODEL."
        )
    return calibration


def _target(point: OperatingPoint) -> float:
    return point.target


def sigmoid(z: float) -> float:
    """The probability whose logit is `z`."""
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
