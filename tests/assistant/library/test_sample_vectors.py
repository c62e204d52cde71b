"""The vectors that come with the sample library are the embedding model's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from assistant.library.sample_vectors import SampleVectors, sample_texts, save
from assistant.search.embedder import Embedder


class Counting:
    """An embedder that remembers what it had to embed."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.dimensions = embedder.name, embedder.dimensions
        self.asked: list[str] = []
        self._embedder = embedder

    def embed(self, texts):
        self.asked += texts
        return self._embedder.embed(texts)


def test_every_text_of_the_library_is_known_and_right(embedder: Embedder) -> None:
    """Where this fails, the library or the model has changed: run `python -m assistant.embed_sample`."""
    counting = Counting(embedder)
    texts = sample_texts()
    vectors = SampleVectors(counting).embed(texts)
    assert counting.asked == [] and vectors.shape == (len(texts), embedder.dimensions) and vectors.dtype == np.float32
    some = list(range(0, len(texts), 150))
    assert np.allclose(vectors[some], embedder.embed([texts[i] for i in some]), atol=2e-3)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


def test_other_texts_and_other_models_are_embedded(embedder: Embedder, toy_embedder, tmp_path: Path) -> None:
    counting = Counting(embedder)
    known, new = sample_texts()[3], "A text that nobody wrote before."
    found = SampleVectors(counting).embed([new, known, new])
    assert counting.asked == [new, new]
    assert np.array_equal(found[0], embedder.embed([new])[0]) and np.array_equal(found[0], found[2])
    assert SampleVectors(counting).embed([]).shape == (0, embedder.dimensions)
    # The file is another model's.
    assert np.array_equal(SampleVectors(toy_embedder).embed([known])[0], toy_embedder.embed([known])[0])
    save(toy_embedder, ["one", "two"], tmp_path / "toy.npz")
    toy_embedder.embedded.clear()
    SampleVectors(toy_embedder, tmp_path / "toy.npz").embed(["two", "three"])
    assert toy_embedder.embedded == ["three"]
