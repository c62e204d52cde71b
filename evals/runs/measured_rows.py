"""The rows of a run as they are measured, on disk, so that an interrupted run goes on."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from assistant.errors import BusyError, InputError

log = logging.getLogger(__name__)

ROWS, LOCK = "rows.jsonl", "rows.lock"
# Under this name an identity says which code measured.
COMMIT = "commit"


class KeptRows:
    """One file: what is measured in its first line, then a line for every few rows. No row is held in memory.

    `count` is how many rows there are, `seconds` how long they took. Rows that another commit of the code measured are
    measured anew. Raises `InputError` when the folder holds the rows of another evaluation, and `BusyError` while
    another process adds some.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / ROWS
        self.count, self.seconds = 0, 0.0
        self._lock = FileLock(folder / LOCK, timeout=0)
        try:
            self._lock.acquire()
        except Timeout:
            raise BusyError(
                f"Another evaluation is writing into {folder}: wait for it, or give another --out."
            ) from None
        self._stream = self._path.open("a+b")
        try:
            self._go_on(folder, identity)
        except BaseException:
            self._close()
            raise

    def _go_on(self, folder: Path, identity: Mapping[str, Any]) -> None:
        whole = 0
        for line in self._lines():
            if whole == 0 and (begun := json.loads(line)) != identity:
                if begun | {COMMIT: None} != dict(identity) | {COMMIT: None}:
                    raise InputError(
                        f"{folder} holds another evaluation (other data, version or settings): give another folder "
                        "with --out, or remove it."
                    )
                log.warning("what %s holds was measured by another version of the code: measured anew", folder)
                break
            if whole:
                stored = json.loads(line)
                self.count += len(stored["rows"])
                self.seconds += stored["seconds"]
            whole += len(line)
        # The last line is cut where a run was killed while writing it.
        self._stream.truncate(whole)
        if whole == 0:
            self._write(identity)

    def add(self, rows: Sequence[Mapping[str, Any]], seconds: float) -> None:
        self._write({"rows": rows, "seconds": seconds})
        self.count += len(rows)
        self.seconds += seconds

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Every row so far, in order."""
        for number, line in enumerate(self._lines()):
            if number:
                yield from json.loads(line)["rows"]

    def _lines(self) -> Iterator[bytes]:
        with self._path.open("rb") as stream:
            for line in stream:
                if line.endswith(b"\n"):
                    yield line

    def _write(self, content: Mapping[str, Any]) -> None:
        self._stream.write(json.dumps(content, ensure_ascii=False, allow_nan=False).encode() + b"\n")
        self._stream.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        self._stream.close()
        self._lock.release()
