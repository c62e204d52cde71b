"""Pairs of questions that agents' feedback labels as same or different."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from assistant.records import JudgedPair

# One answer may stand under two questions of a message, and feedback does not say which one was meant. The last word of
# each interaction on an answer counts; of an answer that was used and then rated, what was last.
_JUDGED = """
SELECT part.asked, shown.phrasing AS past, part.language, last.verdict IN ('used', 'edited', 'up') AS same,
    last.verdict, last.id AS feedback, last.interaction_id::text AS interaction, last.answer_id AS answer, last.at
FROM (
    SELECT DISTINCT ON (interaction_id, answer_id) * FROM feedback
    ORDER BY interaction_id, answer_id, id DESC
) AS last
JOIN LATERAL (
    SELECT min(part_index) AS part_index, min(phrasing) AS phrasing, min(answer_language) AS answer_language
    FROM interaction_match
    WHERE (interaction_id, answer_id) = (last.interaction_id, last.answer_id)
    HAVING count(*) = 1
) AS shown ON true
JOIN interaction_part AS part USING (interaction_id, part_index)
WHERE shown.answer_language = part.language AND last.id > %(after)s AND (%(who)s::text IS NULL OR last.who = %(who)s)
ORDER BY last.id
"""
_ROWS_AT_ONCE = 1_000


class Judgements:
    """Reads what interactions and feedback say together."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def pairs(self, who: str | None = None, after: int = 0) -> Iterator[JudgedPair]:
        """The pairs that were labelled after that feedback, by `who` alone when given, oldest word first; never more
        than a thousand of them in memory."""
        with (
            self._pool.connection() as connection,
            connection.cursor("judged_pairs", row_factory=class_row(JudgedPair)) as cursor,
        ):
            cursor.itersize = _ROWS_AT_ONCE
            yield from cursor.execute(_JUDGED, {"who": who, "after": after})
