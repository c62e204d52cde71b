"""Pairs of rewordings and public FAQs, of those that neither trained nor calibrated."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from assistant.search.embedder import Embedder
from evals.data.published import QuestionPair, is_for_fitting, is_for_training, load_faqs, load_queries

NEAR_MISSES = 2


def faq_pairs(folder: Path, embedder: Embedder) -> list[QuestionPair]:
    """Measuring queries with their FAQ, and with the nearest ones that have another answer."""
    faqs = [faq for faq in load_faqs(folder) if not is_for_training(faq.id) and not is_for_fitting(faq.id)]
    by_id = {faq.id: faq for faq in faqs}
    queries = [query for query in load_queries(folder) if query.faq_id in by_id]
    questions = embedder.embed([faq.question for faq in faqs])
    vectors = embedder.embed([query.text for query in queries])
    pairs = []
    for query, vector in zip(queries, vectors, strict=True):
        own = by_id[query.faq_id]
        pairs.append(QuestionPair(query.text, own.question, True, "pt", own.answer))
        nearest = (faqs[place] for place in np.argsort(-(questions @ vector)))
        others = [faq for faq in nearest if faq.answer != own.answer][:NEAR_MISSES]
        pairs += [QuestionPair(query.text, faq.question, False, "pt", faq.answer) for faq in others]
    return pairs
