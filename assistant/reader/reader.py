"""Portuguese question answering: the passage of a text that answers a question, or none.

If no sentence of the text is near enough in meaning to the question, the text does not hold the answer. With a
reading adapter the model picks the span around that sentence; without one the sentence is the answer.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import ModelError
from assistant.records import Reading
from assistant.search.embedder import Embedder
from assistant.whole_file import write_whole

if TYPE_CHECKING:
    from assistant.reader.span_reader import SpanReader

# A full stop within a number, an abbreviation or an address does not end a sentence.
_SENTENCE = re.compile(r"[^\n.!?]+(?:[.!?]+(?!\s|$)[^\n.!?]*)*(?:[.!?]+|$|(?=\n))")
_EDGE = " \t\r\n\"'“”«»"

MAX_SENTENCES = 400

# Characters of text that the model reads: about 450 tokens, the length of the longest it was trained on.
WINDOW = 1_600

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
        write_whole(path, json.dumps(asdict(self), indent=1) + "\n")


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


def window(spans: list[tuple[int, int]], best: tuple[int, int], size: int) -> tuple[int, int]:
    """Whole sentences around `best`, at most `size` characters unless `best` alone is longer."""
    first = last = spans.index(best)
    while True:
        grown = [
            (a, b)
            for a, b in ((first, last + 1), (first - 1, last))
            if a >= 0 and b < len(spans) and spans[b][1] - spans[a][0] <= size
        ]
        if not grown:
            return spans[first][0], spans[last][1]
        # The shorter side first, so that the best sentence stays near the middle.
        first, last = min(grown, key=lambda ends: abs(2 * spans.index(best) - ends[0] - ends[1]))


def flattened(text: str, part: tuple[int, int]) -> tuple[str, list[int]]:
    """`part` of `text` on one line, as prompts hold it, and the place in `text` of each of its characters."""
    characters: list[str] = []
    places: list[int] = []
    for word in re.finditer(r"\S+", text[part[0] : part[1]]):
        if characters:
            characters.append(" ")
            places.append(part[0] + word.start() - 1)
        characters += word.group()
        places += range(part[0] + word.start(), part[0] + word.end())
    return "".join(characters), places


class Reader:
    """Reads answers with one embedding model, and a language model where there is a reading adapter."""

    def __init__(
        self, embedder: Embedder, presence: Presence | None = None, span_reader: SpanReader | None = None
    ) -> None:
        self._embedder = embedder
        self._span_reader = span_reader
        self._presence = presence or load_presence(SHIPPED, embedder.name)

    def read(self, question: str, context: str) -> Reading:
        """The answering passage of `context`; its offsets refer to `context` as given."""
        best, cosine = self.nearest(question, context)
        if best is None:
            return Reading(None, None, None, 0.0)
        confidence = self._presence.probability(cosine)
        if confidence < 0.5:
            return Reading(None, None, None, confidence)
        start, end = self._span(question, context, best)
        return Reading(context[start:end], start, end, confidence)

    def _span(self, question: str, context: str, best: tuple[int, int]) -> tuple[int, int]:
        """The model's span of the text around the best sentence; that sentence where there is none."""
        if self._span_reader is None:
            return best
        text, places = flattened(context, window(sentences(context)[:MAX_SENTENCES], best, WINDOW))
        found = self._span_reader.read(question, text)
        return (places[found[0]], places[found[1] - 1] + 1) if found else best

    def nearest(self, question: str, context: str) -> tuple[tuple[int, int] | None, float]:
        """The span of the sentence nearest to `question` and their cosine; None for a text without words."""
        spans = sentences(context)[:MAX_SENTENCES]
        if not spans:
            return None, 0.0
        vectors = self._embedder.embed([question, *(context[start:end] for start, end in spans)])
        cosines = vectors[1:] @ vectors[0]
        best = int(cosines.argmax())
        return spans[best], float(cosines[best])
