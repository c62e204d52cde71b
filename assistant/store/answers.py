"""Past answers. An import of any size is one transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import psycopg
from psycopg.rows import kwargs_row
from psycopg_pool import ConnectionPool

from assistant.records import LANGUAGES, Answer, Candidate, Language
from assistant.store.answer_rows import COLUMNS, SELECTED, answer_of, row_of
from assistant.store.search import search
from assistant.store.single_row import only_row
from assistant.store.stored_text import content_digest, ngrams, storable, text_digest
from assistant.store.vectors import ANSWERS, PHRASINGS, Vectors
from assistant.text.personal_data import Scrubber

# Writers of the library queue: whole imports, single answers, deletions.
_WRITE_LOCK = 7_372_051_002

_STORED = (*COLUMNS, "digest", "answer_digest")
_NAMES = ", ".join(_STORED)

_STAGE = f"""
CREATE TEMP TABLE staged_answer ON COMMIT DROP AS SELECT {_NAMES} FROM answer WITH NO DATA;
CREATE TEMP TABLE staged_phrasing (answer_id text, position int, language text, text text, digest text,
                                   ngrams text[]) ON COMMIT DROP;
"""
_DROP_UNCHANGED = """
DELETE FROM staged_answer s USING answer a WHERE a.id = s.id AND a.digest = s.digest
"""
_FORGET_PHRASINGS = """
DELETE FROM phrasing p USING staged_answer s WHERE p.answer_id = s.id
"""
_MERGE_ANSWERS = f"""
INSERT INTO answer ({_NAMES}) SELECT {_NAMES} FROM staged_answer
ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _STORED if name != "id")},
    updated_at = now()
"""
_INSERT_PHRASINGS = """
INSERT INTO phrasing (answer_id, position, language, text, digest, ngrams, terms)
SELECT p.answer_id, p.position, p.language, p.text, p.digest, array_to_tsvector(p.ngrams),
       setweight(to_tsvector(c.name, left(p.text, 20000)), 'A') ||
       setweight(to_tsvector(c.name, left(s.answer, 20000)), 'D')
FROM staged_phrasing p JOIN staged_answer s ON s.id = p.answer_id,
LATERAL (SELECT CASE p.language WHEN 'en' THEN 'english'::regconfig ELSE 'portuguese' END AS name) AS c
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Changes:
    """Counts of one upsert."""

    added: int
    changed: int
    unchanged: int


@dataclasses.dataclass(frozen=True, slots=True)
class LibraryStats:
    """Counts of the library; `vectors` of phrasings by model name, unused ones included."""

    answers: dict[Language, int]
    phrasings: int
    vectors: dict[str, int]


class Answers:
    """The library's rows. Texts are scrubbed and made storable on their way in.

    `vectors` stand for the phrasings, `answer_vectors` for the answers' own texts.
    """

    def __init__(self, pool: ConnectionPool, scrubber: Scrubber) -> None:
        self._pool = pool
        self._scrubber = scrubber
        self.vectors = Vectors(pool, PHRASINGS)
        self.answer_vectors = Vectors(pool, ANSWERS)

    def prepared(self, answer: Answer) -> Answer:
        """`answer` as it will be stored: the form whose texts must be embedded."""
        scrub = self._clean
        return dataclasses.replace(
            answer,
            question=scrub(answer.question),
            answer=scrub(answer.answer),
            tags=tuple(scrub(tag) for tag in answer.tags),
            author=storable(answer.author),
            phrasings=tuple(dict.fromkeys(scrub(text) for text in answer.phrasings)),
        )

    def upsert(self, answers: Iterable[Answer], milestone: str | None = None) -> Changes:
        """Add or replace by id, all visible at once; `milestone` is marked in the same transaction.

        Streams: memory does not grow with the number of answers. Ids must be distinct.
        """
        with self._pool.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITE_LOCK,))
            cursor.execute(_STAGE)
            total = self._stage(connection, answers)
            unchanged = cursor.execute(_DROP_UNCHANGED).rowcount
            cursor.execute("SELECT count(*) FROM staged_answer s JOIN answer a USING (id)")
            (changed,) = only_row(cursor)
            cursor.execute(_FORGET_PHRASINGS)
            cursor.execute(_MERGE_ANSWERS)
            cursor.execute(_INSERT_PHRASINGS)
            if milestone:
                cursor.execute("INSERT INTO milestone (name) VALUES (%s) ON CONFLICT DO NOTHING", (milestone,))
        if total - unchanged > 1_000:
            with self._pool.connection() as connection:
                # Update the planner's statistics after a large import.
                connection.execute("ANALYZE answer, phrasing, phrasing_vector, answer_vector")
        return Changes(total - unchanged - changed, changed, unchanged)

    def add(self, answer: Answer) -> Changes:
        """Add or replace one answer."""
        return self.upsert([answer])

    def delete(self, ids: Sequence[str]) -> int:
        """Remove answers; interactions that showed them keep their own copy. Returns how many there were."""
        with self._pool.connection() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITE_LOCK,))
            return connection.execute("DELETE FROM answer WHERE id = ANY(%s)", (list(ids),)).rowcount

    def get(self, ids: Sequence[str]) -> dict[str, Answer]:
        """Answers by id; unknown ids are absent."""
        with self._pool.connection() as connection, connection.cursor(row_factory=kwargs_row(answer_of)) as cursor:
            rows = cursor.execute(f"SELECT {SELECTED} FROM answer a WHERE id = ANY(%s)", (list(ids),))
            return {answer.id: answer for answer in rows}

    def __iter__(self) -> Iterator[Answer]:
        """All answers in the order of their ids, as of one moment, through a server-side cursor."""
        with (
            self._pool.connection() as connection,
            connection.cursor("all_answers", row_factory=kwargs_row(answer_of)) as cursor,
        ):
            cursor.itersize = 500
            yield from cursor.execute(f"SELECT {SELECTED} FROM answer a ORDER BY id")

    def stats(self) -> LibraryStats:
        """Counts as of now."""
        with self._pool.connection() as connection:
            counted: dict[str, int] = dict(
                connection.execute("SELECT language, count(*) FROM answer GROUP BY language").fetchall()
            )
            (phrasings,) = only_row(connection.execute("SELECT count(*) FROM phrasing"))
            embedded = connection.execute("SELECT model, count(*) FROM phrasing_vector GROUP BY model").fetchall()
            vectors: dict[str, int] = dict(embedded)
        return LibraryStats({language: counted.get(language, 0) for language in LANGUAGES}, phrasings, vectors)

    def is_empty(self) -> bool:
        with self._pool.connection() as connection:
            return connection.execute("SELECT 1 FROM answer LIMIT 1").fetchone() is None

    def reached(self, milestone: str) -> bool:
        """Whether an upsert ever marked `milestone`."""
        with self._pool.connection() as connection:
            row = connection.execute("SELECT 1 FROM milestone WHERE name = %s", (milestone,)).fetchone()
        return row is not None

    def search(
        self, query: str, vector: np.ndarray, model: str, languages: Sequence[Language], limit: int
    ) -> list[Candidate]:
        """The best `limit` answers for `query`, best first; see `assistant.store.search`."""
        with self._pool.connection() as connection:
            return search(connection, storable(query), vector, model, languages, limit)

    def _clean(self, text: str) -> str:
        return self._scrubber.scrub(storable(text))

    def _stage(self, connection: psycopg.Connection, answers: Iterable[Answer]) -> int:
        """Copy answers into a staging table a thousand at a time; their number."""
        total = 0
        batch: list[Answer] = []
        for answer in answers:
            batch.append(self.prepared(answer))
            total += 1
            if len(batch) == 1_000:
                _copy(connection, batch)
                batch.clear()
        _copy(connection, batch)
        return total


def _copy(connection: psycopg.Connection, answers: Sequence[Answer]) -> None:
    with connection.cursor() as cursor:
        with cursor.copy("COPY staged_answer FROM STDIN") as copy:
            for answer in answers:
                copy.write_row((*row_of(answer), content_digest(answer), text_digest(answer.answer)))
        with cursor.copy("COPY staged_phrasing FROM STDIN") as copy:
            for answer in answers:
                texts = dict.fromkeys((answer.question, *answer.phrasings))
                for position, text in enumerate(texts):
                    copy.write_row((answer.id, position, answer.language, text, text_digest(text), ngrams(text)))
