"""What a teacher wrote, kept on disk: a run that was killed goes on, and a second one costs nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from assistant.errors import InputError
from training.rows import PairRow


@dataclass(frozen=True, slots=True)
class Kept:
    """A sentence, or why the last one was refused (then `sentence` is empty)."""

    sentence: str
    refused: str = ""


class TeacherCache:
    """One file per model and prompt; a line per pair. One run at a time writes it.

    Raises `InputError` when another run has it open, or when a line of it cannot be read.
    """

    def __init__(self, folder: Path, model: str, prompt: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{_digest(model, prompt)}.jsonl"
        self._lock = FileLock(f"{self._path}.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                f"Another run asks {model} right now. Wait until it has ended, then start this one again."
            ) from None
        try:
            self._stream = self._path.open("a+b")
            self._known = self._read()
        except BaseException:
            self._lock.release()
            raise

    def _read(self) -> dict[str, Kept]:
        self._stream.seek(0)
        known: dict[str, Kept] = {}
        whole = 0
        for number, line in enumerate(self._stream, 1):
            # The last line is cut where a run was killed while writing it.
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            try:
                row = json.loads(line)
                known[row["key"]] = Kept(row["sentence"], row["refused"])
            except (ValueError, KeyError, TypeError):
                self._stream.close()
                raise InputError(f"{self._path}: line {number} cannot be read. Delete that line.") from None
        self._stream.truncate(whole)
        return known

    def get(self, row: PairRow) -> Kept | None:
        return self._known.get(key(row))

    def put(self, row: PairRow, kept: Kept) -> None:
        self._known[key(row)] = kept
        line = {"key": key(row), "sentence": kept.sentence, "refused": kept.refused}
        self._stream.write(json.dumps(line).encode() + b"\n")
        self._stream.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._lock.release()


def key(row: PairRow) -> str:
    """Equal for pairs that a teacher is asked the same about."""
    return _digest(row.question1, row.question2, "same" if row.same else "different", row.language)


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
