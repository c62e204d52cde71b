"""The rows of a run as they are measured, on disk, so that an interrupted run goes on."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assistant.errors import InputError
from evals.resumable_lines import ResumableLines
from evals.row_records import MeasuredRow

log = logging.getLogger(__name__)

ROWS, LOCK = "rows.jsonl", "rows.lock"
# The key of an identity that names the code's commit.
COMMIT = "commit"


class ResumableRows:
    """One file: what is measured in its first line, then a line for every few rows. No row is held in memory.

    `row` is the class of its rows, `count` how many there are, `seconds` how long they took. Rows that another commit
    of the code measured are measured anew. Raises `InputError` when the folder holds the rows of another evaluation,
    and `BusyError` while another process is adding some.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any], row: type[MeasuredRow]) -> None:
        self._row = row
        self.count, self.seconds = 0, 0.0
        busy = f"Another evaluation is writing into {folder}: wait for it, or give another --out."
        self._lines = ResumableLines(folder / ROWS, folder / LOCK, busy)
        try:
            self._go_on(folder, identity)
        except BaseException:
            self._lines.close()
            raise

    def _go_on(self, folder: Path, identity: Mapping[str, Any]) -> None:
        lines = iter(self._lines)
        begun = json.loads(next(lines, b"null"))
        if begun == identity:
            for line in lines:
                stored = json.loads(line)
                self.count += len(stored["rows"])
                self.seconds += stored["seconds"]
            return
        if begun is not None:
            if begun | {COMMIT: None} != dict(identity) | {COMMIT: None}:
                raise InputError(
                    f"{folder} holds another evaluation (other data, version or settings): give another folder "
                    "with --out, or remove it."
                )
            log.warning("the rows in %s were measured by another version of the code: measured anew", folder)
            self._lines.clear()
        self._append(identity)

    def add(self, rows: Sequence[MeasuredRow], seconds: float) -> None:
        self._append({"rows": [row.to_json() for row in rows], "seconds": seconds})
        self.count += len(rows)
        self.seconds += seconds

    def __iter__(self) -> Iterator[MeasuredRow]:
        """Every row so far, in order."""
        for number, line in enumerate(self._lines):
            if number:
                yield from map(self._row.from_json, json.loads(line)["rows"])

    def _append(self, content: Mapping[str, Any]) -> None:
        self._lines.append(json.dumps(content, ensure_ascii=False, allow_nan=False))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
