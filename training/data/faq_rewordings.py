"""Pairs from an FAQ and people's rewordings of it: the same FAQ, or the nearest others with another answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from assistant.records import Language
from assistant.search.embedder import open_embedder
from assistant.settings import load_settings
from evals.data.published import is_for_training, load_faqs, load_queries
from training.data.rows import PairRow

# Near misses per rewording, nearest first. They are what retrieval would propose to the judge.
NEAR_MISSES = 3


def faq_pairs(folder: Path, language: Language, provenance: str) -> Iterator[PairRow]:
    """Every rewording against its FAQ, against another rewording of it, and against its near misses.

    Only FAQs kept for training take part, on either side.
    """
    faqs = [faq for faq in load_faqs(folder) if is_for_training(faq.id)]
    by_id = {faq.id: faq for faq in faqs}
    queries = [query for query in load_queries(folder) if query.faq_id in by_id]
    embedder = open_embedder(load_settings())
    questions = embedder.embed([faq.question for faq in faqs])
    vectors = embedder.embed([query.text for query in queries])
    rewordings: dict[int, list[str]] = {}
    for query in queries:
        rewordings.setdefault(query.faq_id, []).append(query.text)
    for query, vector in zip(queries, vectors, strict=True):
        own = by_id[query.faq_id]
        yield PairRow(query.text, own.question, True, language, provenance=provenance)
        others = rewordings[query.faq_id]
        following = others[(others.index(query.text) + 1) % len(others)]
        if following != query.text:
            yield PairRow(query.text, following, True, language, provenance=provenance)
        nearest = (faqs[place] for place in np.argsort(-(questions @ vector)))
        misses = (faq for faq in nearest if faq.answer != own.answer)
        for faq, _ in zip(misses, range(NEAR_MISSES), strict=False):
            yield PairRow(query.text, faq.question, False, language, provenance=provenance)
