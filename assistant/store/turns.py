"""Rebuilds the records that were shown from stored interactions."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

from assistant.records import Answer, Candidate, Differences, Feedback, Part, Reason, Signals, Suggestion, Turn, Verdict

_SIGNALS = {field.name for field in dataclasses.fields(Signals)}


def read_turns(connection: psycopg.Connection, conversation: UUID, limit: int, who: str | None) -> list[Turn]:
    """The last `limit` turns of a conversation, oldest first."""
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        heads: list[Any] = cursor.execute(
            "SELECT * FROM interaction WHERE conversation = %(conversation)s AND "
            "(%(who)s::text IS NULL OR who = %(who)s)"
            " ORDER BY asked_at DESC, id LIMIT %(limit)s",
            {"conversation": conversation, "who": who, "limit": limit},
        ).fetchall()[::-1]
        ids = [head.id for head in heads]
        parts = _by_interaction(cursor, "interaction_part", "part_index", ids)
        matches = _by_interaction(cursor, "interaction_match", "part_index, near_miss, rank", ids)
        feedback = _by_interaction(cursor, "feedback", "id", ids)
    return [_turn(head, parts[head.id], matches[head.id], feedback[head.id]) for head in heads]


def _by_interaction(cursor: psycopg.Cursor[Any], table: str, order: str, ids: list[UUID]) -> dict[UUID, list]:
    """Rows of one of our tables, grouped; `table` and `order` are constants of this module, never input."""
    grouped = defaultdict(list)
    for row in cursor.execute(f"SELECT * FROM {table} WHERE interaction_id = ANY(%s) ORDER BY {order}", (ids,)):
        grouped[row.interaction_id].append(row)
    return grouped


def _turn(head: Any, parts: list, matches: list, feedback: list) -> Turn:
    shown = {
        (index, near_miss): tuple(
            _verdict(row) for row in matches if (row.part_index, row.near_miss) == (index, near_miss)
        )
        for index in range(len(parts))
        for near_miss in (False, True)
    }
    suggestion = Suggestion(
        interaction_id=str(head.id),
        parts=tuple(
            Part(part.asked, part.language, shown[part.part_index, False], shown[part.part_index, True], part.ambiguous)
            for part in parts
        ),
        base=head.base,
        adapter=head.adapter,
        prompt_version=head.prompt_version,
        durations=head.durations,
    )
    reasons = {
        f"{row.part_index}/{row.answer_id}": Reason(row.reason, row.reason_hidden) for row in matches if row.reason_at
    }
    said = tuple(Feedback(str(head.id), row.answer_id, row.verdict, row.note) for row in feedback)
    return Turn(head.question, suggestion, reasons, said, head.asked_at)


def _verdict(row: Any) -> Verdict:
    # The answer's further phrasings were not shown, so they are not kept.
    answer = Answer(row.answer_id, row.question, row.answer, row.answer_language, tuple(row.tags), row.author, row.date)
    return Verdict(
        candidate=Candidate(answer, row.phrasing, row.cosine, row.score),
        probability=row.probability,
        label=row.label,
        # Rows written before a signal existed lack it; a signal since dropped is left out.
        signals=Signals(**{name: value for name, value in row.signals.items() if name in _SIGNALS}),
        differences=Differences(tuple(row.asked_only), tuple(row.past_only)),
    )
