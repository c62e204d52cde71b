"""Past answers that may fit a question, found by the store's hybrid search."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from tqdm import tqdm

from assistant.embedder import Embedder
from assistant.records import Answer, Candidate, Language
from assistant.store.connection import Store

log = logging.getLogger(__name__)

EMBEDDING_BATCH = 64


class Retriever:
    """Search with one embedding model. All phrasings have its vectors once this is made."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder
        store.answers.vectors.check_dimensions(embedder.name, embedder.dimensions)
        embed_missing(store, embedder)
        store.answers.vectors.ensure_index(embedder.name, embedder.dimensions)

    def candidates(self, question: str, languages: Sequence[Language], limit: int) -> list[Candidate]:
        """At most `limit` answers in `languages`, best first, with the exact cosine of their nearest phrasing."""
        vector = self._embedder.embed([question])[0]
        return self._store.answers.search(question, vector, self._embedder.name, languages, limit)

    def add(self, answer: Answer) -> Answer:
        """Store one answer so that the very next search finds it; returns it as stored (scrubbed)."""
        prepared = self._store.answers.prepared(answer)
        embed_texts(self._store, self._embedder, [prepared.question, *prepared.phrasings])
        self._store.answers.add(prepared)
        return prepared


def embed_texts(store: Store, embedder: Embedder, texts: Sequence[str]) -> int:
    """Give vectors to those of `texts` (as stored) that have none yet; their number. Committed on return."""
    missing = store.answers.vectors.missing(texts, embedder.name)
    for start in range(0, len(missing), EMBEDDING_BATCH):
        batch = missing[start : start + EMBEDDING_BATCH]
        store.answers.vectors.put(batch, embedder.name, embedder.embed(batch))
    return len(missing)


def embed_missing(store: Store, embedder: Embedder) -> int:
    """Give vectors to all phrasings that lack the model's; their number.

    Each batch is committed, so that after a stop it goes on where it was.
    """
    total = store.answers.vectors.count_unembedded(embedder.name)
    if not total:
        return 0
    log.info("embedding %d texts with %s", total, embedder.name)
    with tqdm(total=total, desc="Embedding", unit="text") as bar:
        for batch in store.answers.vectors.unembedded(embedder.name, EMBEDDING_BATCH):
            store.answers.vectors.put(batch, embedder.name, embedder.embed(batch))
            bar.update(len(batch))
    return total
