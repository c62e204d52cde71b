"""The app's own model, asked about pairs of questions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import groupby
from typing import Any, Literal

import numpy as np

from assistant.assembly import open_embedder
from assistant.calibrated import calibration_for, threshold
from assistant.calibration import Calibration, sigmoid
from assistant.embedder import Embedder
from assistant.judge import measure
from assistant.models import LoadedModel, open_model
from assistant.records import LANGUAGES, Language, Signals
from assistant.settings import Settings
from evals.datasets import QuestionPair
from evals.labels import label_logits
from evals.systems import described

Way = Literal["judge", "adapter"]


class AppPairs:
    """ "judge": P(same) as the app calibrates it for a pair of questions, from the embeddings and the model's label.
    "adapter": the model's label alone."""

    def __init__(self, way: Way, model: LoadedModel, embedder: Embedder, calibration: Calibration) -> None:
        self.name: str = way
        self.loaded = model
        self._embedder = embedder
        self._calibration = calibration

    @property
    def model(self) -> dict[str, Any]:
        told = described(self.loaded)
        if self.name == "judge":
            fits = json.dumps(asdict(self._calibration), sort_keys=True)
            told |= {"embedding": self._embedder.name, "calibration": hashlib.sha256(fits.encode()).hexdigest()}
        return told

    def thresholds(self, settings: Settings) -> dict[Language, float]:
        """From which P(same) on the app shows a match, by language."""
        return {
            language: threshold(settings, language, self.loaded.identity, self._calibration) for language in LANGUAGES
        }

    def probabilities(self, pairs: Sequence[QuestionPair]) -> list[float | None]:
        """P(same) of each. Pairs with past answers that follow each other with the same first question are rivals, as
        the candidates of a question are in the app; all of them must come in one call."""
        logits = list(label_logits(self.loaded, pairs))
        if self.name == "adapter":
            return [None if logit is None else sigmoid(logit) for logit in logits]
        measured = self._signals(pairs, logits)
        found: list[float | None] = []
        numbered = zip(pairs, measured, strict=True)
        for _, rivals in groupby(enumerate(numbered), key=lambda row: rivalry(row[1][0]) or row[0]):
            found += self._calibrated([row for _, row in rivals])
        return found

    def _signals(self, pairs: Sequence[QuestionPair], logits: Sequence[float | None]) -> list[Signals]:
        vectors = self._embedder.embed(
            [text for pair in pairs for text in (pair.question1, pair.question2, pair.answer or "")]
        )
        asked, past, answers = vectors[::3], vectors[1::3], vectors[2::3]
        cosines, of_answers = np.sum(asked * past, axis=1).tolist(), np.sum(asked * answers, axis=1).tolist()
        return [
            replace(
                measure(
                    pair.question1,
                    pair.question2,
                    pair.answer,
                    pair.language,
                    pair.language,
                    cosine,
                    of_answer if pair.answer else None,
                    None,
                ),
                label_logit=logit,
            )
            for pair, cosine, of_answer, logit in zip(pairs, cosines, of_answers, logits, strict=True)
        ]

    def _calibrated(self, rivals: Sequence[tuple[QuestionPair, Signals]]) -> list[float | None]:
        """As the judge does for the candidates of one question."""
        readable = [(pair, signals) for pair, signals in rivals if signals.label_logit is not None]
        if not readable:
            return [None] * len(rivals)
        fit = self._calibration.fit_for(readable[0][0].language, readable[0][1], self.loaded.identity)
        told = iter(fit.ranking.probabilities([fit.score(signals) for _, signals in readable]))
        return [None if signals.label_logit is None else next(told) for _, signals in rivals]


def rivalry(pair: QuestionPair) -> tuple[str, str] | None:
    """What pairs have in common that are rivals; None for a pair that stands by itself."""
    return (pair.question1, pair.language) if pair.answer else None


@contextmanager
def open_app_pairs(way: Way, settings: Settings) -> Iterator[AppPairs]:
    """The system on the adapter of the settings, else on the shipped one."""
    embedder = open_embedder(settings)
    with open_model(settings) as model:
        yield AppPairs(way, model, embedder, calibration_for(model, embedder))
