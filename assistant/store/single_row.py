"""Rows of statements that always give one, such as a count."""

from __future__ import annotations

from psycopg import Cursor
from psycopg.rows import TupleRow


def only_row(cursor: Cursor[TupleRow]) -> TupleRow:
    """The row of a statement that was executed. Raises `LookupError` when it gave none after all."""
    row = cursor.fetchone()
    if row is None:
        raise LookupError("a statement that always gives a row gave none")
    return row
