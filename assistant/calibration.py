"""From signals to calibrated P(same), in two logistic steps.

First every candidate gets a score, the logit of a regression over its own signals. Then all scores
of one question are looked at together: a candidate far ahead of its best rival is the right one far
more often than its own signals tell, and one of two that lie close is not. Both steps are Platt's
method (Platt 1999); the second keeps the order of the first. Weights stand for raw signal values.

The file is written by `python -m training.calibrate`. A fit that uses the language model's logit
holds only for the model it was made with.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.errors import ModelError
from assistant.records import Language, Signals

SHIPPED = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True, slots=True)
class JudgeModel:
    """The model whose label logits a fit was made with. `adapter` is None for the bare base."""

    base_sha256: str
    adapter: str | None
    prompt_version: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """The second step: P = 1 / (1 + exp(-(intercept + score * own + lead * capped lead))).

    A lead beyond `cap` tells nothing more: in a small library there is no good rival to be ahead of.
    """

    own: float
    lead: float
    cap: float
    intercept: float

    def probabilities(self, scores: Sequence[float]) -> list[float]:
        return [
            _sigmoid(self.intercept + self.own * score + self.lead * lead)
            for score, lead in zip(scores, leads(scores, self.cap), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Fit:
    """Both steps for one language and set of signals. `heldout` are its cross-validated figures."""

    language: Language
    weights: dict[str, float]
    intercept: float
    ranking: Ranking
    model: JudgeModel | None
    rows: int
    heldout: dict[str, float]

    def applies(self, language: Language, signals: Signals, model: JudgeModel) -> bool:
        if self.language != language or any(getattr(signals, name) is None for name in self.weights):
            return False
        return self.model is None or self.model == model

    def score(self, signals: Signals) -> float:
        return self.intercept + sum(weight * getattr(signals, name) for name, weight in self.weights.items())


@dataclass(frozen=True, slots=True)
class Calibration:
    """All fits for one embedding model, and the threshold on P(same) per language."""

    embedding: str
    thresholds: dict[Language, float]
    fits: tuple[Fit, ...]

    def fit_for(self, language: Language, signals: Signals, model: JudgeModel) -> Fit:
        """The fit that uses most of the signals at hand."""
        fitting = [fit for fit in self.fits if fit.applies(language, signals, model)]
        if not fitting:
            raise ModelError(f"There is no calibration for language {language!r}: run `python -m training.calibrate`.")
        return max(fitting, key=lambda fit: len(fit.weights))

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def leads(scores: Sequence[float], cap: float) -> list[float]:
    """How far each score lies ahead of the best other one, at most `cap`; negative for all but the best."""
    if len(scores) < 2:
        return [cap] * len(scores)
    first, second = sorted(scores, reverse=True)[:2]
    best = max(range(len(scores)), key=scores.__getitem__)
    return [min(cap, score - (second if index == best else first)) for index, score in enumerate(scores)]


def load_calibration(path: Path, embedding: str) -> Calibration:
    """Read a calibration file; cosines of another embedding model mean something else, so that is refused."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    fits = tuple(
        Fit(
            **{
                **fit,
                "ranking": Ranking(**fit["ranking"]),
                "model": JudgeModel(**fit["model"]) if fit["model"] else None,
            }
        )
        for fit in stored["fits"]
    )
    if stored["embedding"] != embedding:
        raise ModelError(
            f"{path.name} was fitted with the embeddings of {stored['embedding']}, the app uses {embedding}: run "
            "`python -m training.calibrate` with this embedding model, or unset RESPOSTA_EMBEDDING_MODEL."
        )
    return Calibration(stored["embedding"], stored["thresholds"], fits)


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
