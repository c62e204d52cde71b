"""The row of a statement that always returns exactly one, such as a count."""

from __future__ import annotations

from psycopg import Cursor
from psycopg.rows import TupleRow


def only_row(cursor: Cursor[TupleRow]) -> TupleRow:
    """The row that an executed statement returned. Raises `LookupError` when there is none."""
    row = cursor.fetchone()
    if row is None:
        raise LookupError("a statement that always gives a row gave none")
    return row
