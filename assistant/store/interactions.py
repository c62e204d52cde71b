"""Questions with the suggestions shown for them, and agents' feedback. A suggestion is written before it is shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import psycopg
from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from assistant.errors import InputError
from assistant.records import VERBS, Feedback, Part, Reason, Suggestion, Turn, Verdict
from assistant.store.stored_text import storable
from assistant.store.turns import read_turns
from assistant.text.personal_data import Scrubber

_INSERT_INTERACTION = """
INSERT INTO interaction (id, conversation, who, question, base, adapter, prompt_version, durations, no_match, ambiguous)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_INSERT_PART = """
INSERT INTO interaction_part (interaction_id, part_index, asked, language, ambiguous) VALUES (%s, %s, %s, %s, %s)
"""
_INSERT_MATCH = """
INSERT INTO interaction_match (interaction_id, part_index, answer_id, near_miss, rank, question, answer,
    answer_language, tags, author, date, phrasing, cosine, score, probability, label, signals, asked_only, past_only)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


class Interactions:
    """Whatever customers and agents typed is scrubbed here, on its way in."""

    def __init__(self, pool: ConnectionPool, scrubber: Scrubber) -> None:
        self._pool = pool
        self._scrubber = scrubber

    def record(
        self, interaction_id: str, conversation: str | None, who: str, question: str, suggestion: Suggestion
    ) -> None:
        """Write one suggestion, whole or not at all.

        Ids are UUIDs. Raises `InputError` when one is not, or was recorded before.
        """
        identity = _uuid(interaction_id)
        with self._pool.connection() as connection, connection.cursor() as cursor:
            try:
                cursor.execute(
                    _INSERT_INTERACTION,
                    (
                        identity,
                        _uuid(conversation) if conversation else None,
                        storable(who),
                        self._clean(question),
                        suggestion.base,
                        suggestion.adapter,
                        suggestion.prompt_version,
                        Jsonb(suggestion.durations),
                        suggestion.no_match,
                        suggestion.ambiguous,
                    ),
                )
            except UniqueViolation as error:
                raise InputError(f"Interaction {interaction_id} is recorded already; use a new id.") from error
            parts = [
                (identity, index, self._clean(part.asked), part.language, part.ambiguous)
                for index, part in enumerate(suggestion.parts)
            ]
            cursor.executemany(_INSERT_PART, parts)
            matches = [
                row for index, part in enumerate(suggestion.parts) for row in self._match_rows(identity, index, part)
            ]
            cursor.executemany(_INSERT_MATCH, matches)

    def set_reason(self, interaction_id: str, part_index: int, answer_id: str, reason: Reason) -> None:
        """Keep the reason written for one shown answer; a later one replaces it.

        Raises `InputError` when that answer was not in that part.
        """
        text = None if reason.text is None else self._clean(reason.text)
        with self._pool.connection() as connection:
            done = connection.execute(
                "UPDATE interaction_match SET reason = %s, reason_hidden = %s, reason_at = clock_timestamp() "
                "WHERE interaction_id = %s AND part_index = %s AND answer_id = %s",
                (text, reason.hidden, _uuid(interaction_id), part_index, storable(answer_id)),
            )
            if not done.rowcount:
                raise _not_shown(connection, interaction_id, answer_id)

    def add_feedback(self, feedback: Feedback, who: str, edited_text: str = "") -> None:
        """Keep what an agent did with one shown answer; `edited_text` is the reply as it was sent.

        Raises `InputError` when the verdict is unknown or that answer was not shown.
        """
        if feedback.verdict not in VERBS:
            raise InputError(f"The verdict {feedback.verdict!r} is unknown; use one of {', '.join(VERBS)}.")
        identity, answer_id = _uuid(feedback.interaction_id), storable(feedback.answer_id)
        with self._pool.connection() as connection:
            done = connection.execute(
                "INSERT INTO feedback (interaction_id, answer_id, verdict, note, edited_text, who) "
                "SELECT %(interaction)s, %(answer)s, %(verdict)s, %(note)s, %(edited)s, %(who)s WHERE EXISTS "
                "(SELECT FROM interaction_match WHERE interaction_id = %(interaction)s AND answer_id = %(answer)s)",
                {
                    "interaction": identity,
                    "answer": answer_id,
                    "verdict": feedback.verdict,
                    "note": self._clean(feedback.note),
                    "edited": self._clean(edited_text),
                    "who": storable(who),
                },
            )
            if not done.rowcount:
                raise _not_shown(connection, feedback.interaction_id, feedback.answer_id)

    def conversation(self, conversation_id: str, limit: int = 50, who: str | None = None) -> list[Turn]:
        """The last `limit` turns, oldest first, as they were shown; only those of `who` when given."""
        with self._pool.connection() as connection:
            return read_turns(connection, _uuid(conversation_id), limit, who)

    def forget(self, who: str, older: timedelta, but_rated: bool) -> int:
        """Delete the interactions of `who` older than `older`, with everything that belongs to them; their number.

        With `but_rated`, interactions with feedback stay.
        """
        with self._pool.connection() as connection:
            return connection.execute(
                "DELETE FROM interaction WHERE who = %s AND asked_at < clock_timestamp() - %s AND NOT "
                "(%s AND EXISTS (SELECT FROM feedback WHERE interaction_id = interaction.id))",
                (who, older, but_rated),
            ).rowcount

    def _match_rows(self, identity: UUID, index: int, part: Part) -> list[tuple]:
        rows = []
        for near_miss, verdicts in ((False, part.matches), (True, part.near_misses)):
            for rank, verdict in enumerate(verdicts):
                rows.append(
                    (identity, index, verdict.candidate.answer.id, near_miss, rank, *self._shown(verdict, part.asked))
                )
        return rows

    def _shown(self, verdict: Verdict, asked: str) -> tuple:
        scrubbed = self._clean(asked)
        candidate, answer = verdict.candidate, verdict.candidate.answer
        return (
            self._clean(answer.question),
            self._clean(answer.answer),
            answer.language,
            list(answer.tags),
            answer.author,
            answer.date,
            self._clean(candidate.phrasing),
            candidate.cosine,
            candidate.score,
            verdict.probability,
            verdict.label,
            Jsonb(dataclasses.asdict(verdict.signals)),
            _words_left(verdict.differences.asked_only, asked, scrubbed),
            list(verdict.differences.past_only),
        )

    def _clean(self, text: str) -> str:
        return self._scrubber.scrub(storable(text))


def _words_left(words: Sequence[str], asked: str, scrubbed: str) -> list[str]:
    """Those of `words` that scrubbing left in the text: a piece of a phone number has no form to be known by."""
    if asked == scrubbed:
        return list(words)
    kept = scrubbed.casefold()
    return [word for word in map(storable, words) if word.casefold() in kept]


def _uuid(identity: str) -> UUID:
    try:
        return UUID(identity)
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError("That is not an interaction or conversation id; use the id that /suggest returned.") from error


def _not_shown(connection: psycopg.Connection, interaction_id: str, answer_id: str) -> InputError:
    known = connection.execute("SELECT 1 FROM interaction WHERE id = %s", (_uuid(interaction_id),)).fetchone()
    if known:
        return InputError(
            f"Answer {answer_id!r} was not shown in interaction {interaction_id}; use an id from its matches."
        )
    return InputError(f"There is no interaction {interaction_id}; use the interaction_id that /suggest returned.")
