"""What a model answered, kept on disk: a run that was killed goes on, and no answer is paid for twice."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from filelock import FileLock, Timeout

from assistant.errors import BusyError, InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# A dataclass of JSON values.
Answer = TypeVar("Answer", bound="DataclassInstance")


class Answers(Generic[Answer]):
    """One file for what `model` is asked with one instruction; a line per answer. One run at a time writes it.

    `identity` is all that decides an answer beside the question itself. Raises `BusyError` when another run has the
    file open, `InputError` when a line of it cannot be read.
    """

    def __init__(self, folder: Path, model: str, identity: str, kind: type[Answer]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{digest(model, identity)}.jsonl"
        self._kind = kind
        self._lock = FileLock(f"{self._path}.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise BusyError(
                f"Another run asks {model} right now. Wait until it has ended, then start this one again."
            ) from None
        try:
            self._stream = self._path.open("a+b")
            self._known = self._read()
        except BaseException:
            self._lock.release()
            raise

    def _read(self) -> dict[str, Answer]:
        self._stream.seek(0)
        known: dict[str, Answer] = {}
        whole = 0
        for number, line in enumerate(self._stream, 1):
            # The last line is cut where a run was killed while writing it.
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            try:
                fields: dict[str, Any] = json.loads(line)
                key = fields.pop("key")
                known[key] = self._kind(**fields)
            except (ValueError, KeyError, TypeError, AttributeError):
                self._stream.close()
                raise InputError(f"{self._path}: line {number} cannot be read. Delete that line.") from None
        self._stream.truncate(whole)
        return known

    def get(self, key: str) -> Answer | None:
        return self._known.get(key)

    def __getitem__(self, key: str) -> Answer:
        return self._known[key]

    def put(self, key: str, answer: Answer) -> None:
        self._known[key] = answer
        self._stream.write(json.dumps({"key": key, **asdict(answer)}).encode() + b"\n")
        self._stream.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._lock.release()


def digest(*parts: str) -> str:
    """Names texts; equal for equal ones."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
