"""An answer as a row of the table `answer`: its columns, and the way to the record and back."""

from __future__ import annotations

from typing import Any

from assistant.records import Answer

# Those that hold what was written; the digests of it follow where answers are stored.
COLUMNS = ("id", "question", "answer", "language", "tags", "author", "date")
# What `answer_of` takes, from the table under the name `a`. An answer's question is its phrasing at position 0.
SELECTED = f"""
{", ".join(f"a.{column}" for column in COLUMNS)},
ARRAY(SELECT p.text FROM phrasing p WHERE p.answer_id = a.id AND p.position > 0 ORDER BY p.position) AS phrasings
"""


def answer_of(tags: list[str], phrasings: list[str], **columns: Any) -> Answer:
    """The record of a selected row."""
    return Answer(tags=tuple(tags), phrasings=tuple(phrasings), **columns)


def row_of(answer: Answer) -> tuple[Any, ...]:
    """The values of `COLUMNS`."""
    values = {column: getattr(answer, column) for column in COLUMNS}
    return tuple((values | {"tags": list(answer.tags)}).values())
