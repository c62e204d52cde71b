"""Vectors by text and model, and their indexes."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from psycopg import sql
from psycopg_pool import ConnectionPool

from assistant.errors import StoreError
from assistant.store.single_row import only_row
from assistant.store.stored_text import text_digest

log = logging.getLogger(__name__)

# pgvector indexes at most this many dimensions of a `vector`.
_MOST_INDEXED = 2_000
_INDEX_LOCK = 7_372_051_003


@dataclass(frozen=True, slots=True)
class VectorTable:
    """A table of vectors, and the table whose texts they stand for with its columns."""

    vectors: str
    texts: str
    text: str
    digest: str

    def fill(self, query: str, **values: sql.Composable) -> sql.Composed:
        """`query` with this source's names in it."""
        return sql.SQL(query).format(
            vectors=sql.Identifier(self.vectors),
            texts=sql.Identifier(self.texts),
            text=sql.Identifier(self.text),
            digest=sql.Identifier(self.digest),
            **values,
        )


PHRASINGS = VectorTable("phrasing_vector", "phrasing", "text", "digest")
ANSWERS = VectorTable("answer_vector", "answer", "answer", "answer_digest")


class Vectors:
    """The vectors of all models beside each other. Texts are given as stored (`Answers.prepared`)."""

    def __init__(self, pool: ConnectionPool, source: VectorTable) -> None:
        self._pool = pool
        self._source = source

    def missing(self, texts: Sequence[str], model: str) -> list[str]:
        """Those of `texts` that have no vector of `model`, each once, in order."""
        by_digest = {text_digest(text): text for text in texts}
        with self._pool.connection() as connection:
            query = self._source.fill("SELECT digest FROM {vectors} WHERE model = %s AND digest = ANY(%s)")
            known = connection.execute(query, (model, list(by_digest))).fetchall()
        for (digest,) in known:
            del by_digest[digest]
        return list(by_digest.values())

    def put(self, texts: Sequence[str], model: str, vectors: np.ndarray) -> None:
        """Keep the vectors of `texts`, float32 of shape (len(texts), dimensions). Committed on return."""
        if vectors.shape[0] != len(texts):
            raise ValueError(f"{len(texts)} texts but {vectors.shape[0]} vectors")
        rows = [(text_digest(text), model, vector) for text, vector in zip(texts, vectors, strict=True)]
        # One order everywhere, or two processes that put the same texts could deadlock.
        rows.sort(key=lambda row: row[0])
        with self._pool.connection() as connection, connection.cursor() as cursor:
            query = self._source.fill("INSERT INTO {vectors} VALUES (%s, %s, %s) ON CONFLICT DO NOTHING")
            cursor.executemany(query, rows)

    def count_unembedded(self, model: str) -> int:
        """How many distinct texts have no vector of `model`."""
        query = self._source.fill("SELECT count(DISTINCT t.{digest})" + _UNEMBEDDED)
        with self._pool.connection() as connection:
            (count,) = only_row(connection.execute(query, (model,)))
        return count

    def unembedded(self, model: str, batch: int) -> Iterator[list[str]]:
        """Batches of distinct texts without a vector of `model`; put each before asking for the next."""
        query = self._source.fill(
            "SELECT DISTINCT ON (t.{digest}) t.{text}" + _UNEMBEDDED + "ORDER BY t.{digest} LIMIT %s"
        )
        while True:
            with self._pool.connection() as connection:
                texts = [text for (text,) in connection.execute(query, (model, batch)).fetchall()]
            if not texts:
                return
            yield texts

    def ensure_index(self, model: str, dimensions: int) -> None:
        """Make the model's HNSW index if there is none yet (Malkov and Yashunin 2016, arXiv:1603.09320)."""
        if not 1 <= dimensions <= _MOST_INDEXED:
            log.warning("vectors of %s have %d dimensions and are compared one by one", model, dimensions)
            return
        digest = hashlib.sha256(f"{model}\0{dimensions}".encode()).hexdigest()[:16]
        name = f"{self._source.vectors}_{digest}"
        statement = self._source.fill(
            "CREATE INDEX IF NOT EXISTS {name} ON {vectors} "
            "USING hnsw ((embedding::vector({dimensions})) vector_cosine_ops) WHERE model = {model}",
            name=sql.Identifier(name),
            dimensions=sql.Literal(dimensions),
            model=sql.Literal(model),
        )
        with self._pool.connection() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_INDEX_LOCK,))
            (known,) = only_row(connection.execute("SELECT to_regclass(%s)", (name,)))
            if known is None:
                connection.execute(statement)

    def check_dimensions(self, model: str, dimensions: int) -> None:
        """Raise `StoreError` when vectors kept under this model's name have another length."""
        query = self._source.fill("SELECT vector_dims(embedding) FROM {vectors} WHERE model = %s LIMIT 1")
        with self._pool.connection() as connection:
            row = connection.execute(query, (model,)).fetchone()
        if row and row[0] != dimensions:
            raise StoreError(
                f"{model} gives vectors of {dimensions} dimensions, the database holds {row[0]} under that name: give "
                f"the model another name, or delete its rows from {self._source.vectors}"
            )

    def collect_unused(self, keep_hours: int = 24) -> int:
        """Delete vectors of texts that are gone; their number.

        Young ones stay: a running import puts its vectors before its rows.
        """
        query = self._source.fill("""
            DELETE FROM {vectors} v WHERE v.created_at < now() - make_interval(hours => %s)
            AND NOT EXISTS (SELECT FROM {texts} t WHERE t.{digest} = v.digest)
        """)
        with self._pool.connection() as connection:
            return connection.execute(query, (keep_hours,)).rowcount


_UNEMBEDDED = """
FROM {texts} t WHERE NOT EXISTS (
    SELECT FROM {vectors} v WHERE v.digest = t.{digest} AND v.model = %s)
"""
