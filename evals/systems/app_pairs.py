"""The app's own judge, and its adapter alone, as systems that judge pairs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import groupby
from typing import Any, Literal

from assistant.judge.calibration import Calibration, sigmoid
from assistant.judge.judge import measure
from assistant.records import Language, Signals
from assistant.search.embedder import Embedder, open_embedder
from assistant.serving.choose import open_model
from assistant.serving.judge_settings import calibration_for, thresholds
from assistant.serving.load import LoadedModel
from assistant.settings import Settings
from evals.data.published import QuestionPair
from evals.systems.labels import label_logits
from evals.systems.pair_system import described

Way = Literal["judge", "adapter"]


class AppPairs:
    """ "judge": P(same) as the app calibrates it for a pair of questions, from the embeddings and the model's label.
    "adapter": the model's label alone."""

    def __init__(self, way: Way, model: LoadedModel, embedder: Embedder, calibration: Calibration) -> None:
        self.name: str = way
        self.loaded = model
        self.embedder = embedder
        self._calibration = calibration

    @property
    def model(self) -> dict[str, Any]:
        told = described(self.loaded)
        if self.name == "judge":
            # Fits for other hardware do not affect these figures.
            own = [fit for fit in self._calibration.fits if fit.model in (None, self.loaded.identity)]
            fits = json.dumps([asdict(fit) for fit in own], sort_keys=True)
            told |= {"embedding": self.embedder.name, "calibration": hashlib.sha256(fits.encode()).hexdigest()}
        return told

    def thresholds(self, settings: Settings) -> dict[Language, float]:
        """From which P(same) on the app shows a match, by language."""
        return thresholds(settings, self.loaded.identity, self._calibration)

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
            group = [row for _, row in rivals]
            own = [signals for _, signals in group]
            found += self._calibration.probabilities(group[0][0].language, own, self.loaded.identity)
        return found

    def _signals(self, pairs: Sequence[QuestionPair], logits: Sequence[float | None]) -> list[Signals]:
        # Rivals have their question in common, and most pairs have no answer.
        told = (text for pair in pairs for text in (pair.question1, pair.question2, pair.answer))
        texts = list(dict.fromkeys(text for text in told if text is not None))
        vectors = dict(zip(texts, self.embedder.embed(texts), strict=True))
        found = []
        for pair, logit in zip(pairs, logits, strict=True):
            asked, past = vectors[pair.question1], vectors[pair.question2]
            of_answer = float(asked @ vectors[pair.answer]) if pair.answer else None
            signals = measure(
                pair.question1,
                pair.question2,
                pair.answer,
                pair.language,
                pair.language,
                float(asked @ past),
                of_answer,
                None,
            )
            found.append(replace(signals, label_logit=logit))
        return found


def rivalry(pair: QuestionPair) -> tuple[str, str] | None:
    """The key that rivals (candidates of one question) share; None for a pair that stands by itself."""
    return (pair.question1, pair.language) if pair.answer else None


@contextmanager
def open_app_pairs(way: Way, settings: Settings) -> Iterator[AppPairs]:
    """The system on the adapter of the settings, else on the shipped one."""
    embedder = open_embedder(settings)
    with open_model(settings) as model:
        yield AppPairs(way, model, embedder, calibration_for(model, embedder))
