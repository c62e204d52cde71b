"""Baselines that see one number, how alike two questions are, and a logistic curve over it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from assistant.search.embedder import Embedder
from evals.data.published import QuestionPair

# (first questions, second questions) to a similarity for each pair, shape (pairs,).
Alike = Callable[[Sequence[str], Sequence[str]], np.ndarray]

# Embedding is slow, and a curve with two parameters needs no more pairs.
EMBEDDED = 1_000
SEED = 20260101

# Longer n-grams only repeat whole words, and there are very many rare ones.
NGRAMS = (2, 5)
FEATURES = 200_000


class Similarity:
    """The systems "tfidf" and "cosine": P(same) by the similarity of a pair, fitted on labelled pairs of both kinds."""

    def __init__(self, name: str, alike: Alike, pairs: Sequence[QuestionPair], model: dict[str, Any]) -> None:
        self.name = name
        self.model = model
        self._alike = alike
        # As good as no penalty: two parameters cannot overfit hundreds of pairs.
        self._curve = LogisticRegression(C=1e6).fit(self._similarities(pairs), [pair.same for pair in pairs])

    def probabilities(self, pairs: Sequence[QuestionPair]) -> list[float | None]:
        return self._curve.predict_proba(self._similarities(pairs))[:, 1].tolist() if pairs else []

    def _similarities(self, pairs: Sequence[QuestionPair]) -> np.ndarray:
        found = self._alike([pair.question1 for pair in pairs], [pair.question2 for pair in pairs])
        return np.asarray(found)[:, None]


def character_similarity(pairs: Sequence[QuestionPair]) -> Alike:
    """Cosine of TF-IDF vectors over character n-grams within words, weighted by how rare they are in `pairs`."""
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=NGRAMS, sublinear_tf=True, max_features=FEATURES)
    vectors.fit([text for pair in pairs for text in (pair.question1, pair.question2)])

    def alike(first: Sequence[str], second: Sequence[str]) -> np.ndarray:
        return np.asarray(vectors.transform(first).multiply(vectors.transform(second)).sum(axis=1)).ravel()

    return alike


def some_of(pairs: Sequence[QuestionPair]) -> list[QuestionPair]:
    """At most `EMBEDDED` of them, the same each time."""
    return random.Random(SEED).sample(pairs, min(EMBEDDED, len(pairs)))


def embedding_similarity(embedder: Embedder) -> Alike:
    """Cosine of the embeddings that the app searches with."""

    def alike(first: Sequence[str], second: Sequence[str]) -> np.ndarray:
        return np.sum(embedder.embed(first) * embedder.embed(second), axis=1)

    return alike
