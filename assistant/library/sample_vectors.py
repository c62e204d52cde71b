"""The sample library's vectors, computed beforehand: a first start need not wait a minute for them.

`python -m assistant.embed_sample` writes the file again. Texts that the file does not hold are embedded as any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.library.sample import FOLDER, sample_rows
from assistant.records import LANGUAGES
from assistant.search.embedder import Embedder

FILE = FOLDER / "vectors.npz"


class SampleVectors:
    """`embedder` with the vectors of a file in front of it, where they are this model's."""

    def __init__(self, embedder: Embedder, file: Path = FILE) -> None:
        self.name, self.dimensions = embedder.name, embedder.dimensions
        self._embedder = embedder
        self._known: dict[str, np.ndarray] = {}
        with np.load(file, allow_pickle=False) as stored:
            if str(stored["model"]) == embedder.name:
                self._known = dict(zip(stored["digests"].tolist(), stored["vectors"].astype(np.float32), strict=True))

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        found = [self._known.get(_digest(text)) for text in texts]
        missing = [text for text, vector in zip(texts, found, strict=True) if vector is None]
        fresh = iter(self._embedder.embed(missing))
        vectors = [next(fresh) if vector is None else vector for vector in found]
        return np.stack(vectors) if vectors else self._embedder.embed([])


def sample_texts() -> list[str]:
    """Every text of the sample library that gets a vector, once."""
    rows = [row for language in LANGUAGES for row in sample_rows(language)]
    return list(
        dict.fromkeys(text for row in rows for text in (row["question"], *row.get("phrasings", ()), row["answer"]))
    )


def save(embedder: Embedder, texts: Sequence[str], file: Path = FILE) -> None:
    """Write the vectors of `texts`. Half precision moves a cosine by less than 0.001."""
    digests = np.array([_digest(text) for text in texts])
    np.savez_compressed(file, model=embedder.name, digests=digests, vectors=embedder.embed(texts).astype(np.float16))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
