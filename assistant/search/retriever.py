"""Past answers that may fit a question, found by the store's hybrid search."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from assistant.command_line.progress_bars import progress_bar
from assistant.records import Answer, Candidate, Language
from assistant.search.embedder import Embedder
from assistant.store.connection import Store
from assistant.store.vectors import Vectors

log = logging.getLogger(__name__)

EMBEDDING_BATCH = 64


class Retriever:
    """Search with one embedding model. All phrasings and answers have its vectors once this is made."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder
        for vectors in (store.answers.vectors, store.answers.answer_vectors):
            vectors.check_dimensions(embedder.name, embedder.dimensions)
            embed_missing(vectors, embedder)
            vectors.ensure_index(embedder.name, embedder.dimensions)

    def candidates(self, question: str, languages: Sequence[Language], limit: int) -> list[Candidate]:
        """At most `limit` answers in `languages`, best first, with the exact cosines of their nearest phrasing
        and their own text."""
        vector = self._embedder.embed([question])[0]
        return self._store.answers.search(question, vector, self._embedder.name, languages, limit)

    def add(self, answer: Answer) -> Answer:
        """Store one answer so that the very next search finds it; returns it as stored (scrubbed)."""
        prepared = self._store.answers.prepared(answer)
        embed_answers(self._store, self._embedder, [prepared])
        self._store.answers.add(prepared)
        return prepared


def embed_answers(store: Store, embedder: Embedder, answers: Sequence[Answer]) -> None:
    """Give vectors to the texts of `answers` (as stored) that have none yet. Committed on return."""
    embed_texts(store.answers.vectors, embedder, [text for a in answers for text in (a.question, *a.phrasings)])
    embed_texts(store.answers.answer_vectors, embedder, [answer.answer for answer in answers])


def embed_texts(vectors: Vectors, embedder: Embedder, texts: Sequence[str]) -> None:
    """Give vectors to those of `texts` that have none yet."""
    missing = vectors.missing(texts, embedder.name)
    for start in range(0, len(missing), EMBEDDING_BATCH):
        batch = missing[start : start + EMBEDDING_BATCH]
        vectors.put(batch, embedder.name, embedder.embed(batch))


def embed_missing(vectors: Vectors, embedder: Embedder) -> int:
    """Give vectors to all texts that lack the model's; their number.

    Each batch is committed, so a stopped run continues where it was.
    """
    total = vectors.count_unembedded(embedder.name)
    if not total:
        return 0
    log.info("embedding %d texts with %s", total, embedder.name)
    with progress_bar(total=total, desc="Embedding", unit="text") as bar:
        for batch in vectors.unembedded(embedder.name, EMBEDDING_BATCH):
            vectors.put(batch, embedder.name, embedder.embed(batch))
            bar.update(len(batch))
    return total
