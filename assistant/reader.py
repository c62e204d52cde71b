"""Portuguese question answering: the passage of a text that answers a question, or none.

Without a reading adapter the answer is the sentence nearest in meaning to the question; a text whose
nearest sentence is not near enough does not hold the answer.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.embedder import Embedder
from assistant.errors import ModelError
from assistant.records import Reading

# A full stop inside a number, an abbreviation's letter or an address ends no sentence.
_SENTENCE = re.compile(r"[^\n.!?]+(?:[.!?]+(?!\s|$)[^\n.!?]*)*(?:[.!?]+|$|(?=\n))")
_EDGE = " \t\r\n\"'“”«»"

MAX_SENTENCES = 400

SHIPPED = Path(__file__).with_name("reading.json")


@dataclass(frozen=True, slots=True)
class Presence:
    """P(the text holds the answer) = 1 / (1 + exp(-slope * (cosine - midpoint))).

    Written by `python -m training.reading_threshold`; holds for one embedding model.
    """

    embedding: str
    slope: float
    midpoint: float

    def probability(self, cosine: float) -> float:
        return 1 / (1 + math.exp(-self.slope * (cosine - self.midpoint)))

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def load_presence(path: Path, embedding: str) -> Presence:
    """Read what `Presence.save` wrote. Raises `ModelError` when it was fitted for another embedding model."""
    presence = Presence(**json.loads(path.read_text(encoding="utf-8")))
    if presence.embedding != embedding:
        raise ModelError(
            f"{path.name} was fitted with the embeddings of {presence.embedding}, the app uses {embedding}: run "
            "`python -m training.reading_threshold` with this embedding model, or unset RESPOSTA_EMBEDDING_MODEL."
        )
    return presence


def sentences(context: str) -> list[tuple[int, int]]:
    """Character spans of the sentences of `context`, without the space around them."""
    spans = []
    for found in _SENTENCE.finditer(context):
        start, end = found.span()
        while start < end and context[start] in _EDGE:
            start += 1
        while end > start and context[end - 1] in _EDGE:
            end -= 1
        if any(character.isalnum() for character in context[start:end]):
            spans.append((start, end))
    return spans


class Reader:
    """Reads answers with one embedding model."""

    def __init__(self, embedder: Embedder, presence: Presence | None = None) -> None:
        self._embedder = embedder
        self._presence = presence or load_presence(SHIPPED, embedder.name)

    def read(self, question: str, context: str) -> Reading:
        """The answering passage of `context`; its offsets refer to `context` as given."""
        best, cosine = self.nearest(question, context)
        if best is None:
            return Reading(None, None, None, 0.0)
        confidence = self._presence.probability(cosine)
        if confidence < 0.5:
            return Reading(None, None, None, confidence)
        start, end = best
        return Reading(context[start:end], start, end, confidence)

    def nearest(self, question: str, context: str) -> tuple[tuple[int, int] | None, float]:
        """The span of the sentence nearest to `question` and their cosine; None for a text without words."""
        spans = sentences(context)[:MAX_SENTENCES]
        if not spans:
            return None, 0.0
        vectors = self._embedder.embed([question, *(context[start:end] for start, end in spans)])
        cosines = vectors[1:] @ vectors[0]
        best = int(cosines.argmax())
        return spans[best], float(cosines[best])
