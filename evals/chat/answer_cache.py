"""What a model answered, kept on disk: a run that was killed goes on, and no answer is paid for twice."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from assistant.errors import InputError
from evals.resumable_lines import ResumableLines

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# A dataclass of JSON values.
Answer = TypeVar("Answer", bound="DataclassInstance")


class AnswerCache(Generic[Answer]):
    """One file for what `model` is asked with one instruction; a line per answer. One run at a time writes it.

    `identity` is all that decides an answer beside the question itself. Raises `BusyError` when another run has the
    file open, and `InputError` when a line of it cannot be read.
    """

    def __init__(self, folder: Path, model: str, identity: str, kind: type[Answer]) -> None:
        self._path = folder / f"{digest(model, identity)}.jsonl"
        self._kind = kind
        self._lines = ResumableLines(
            self._path,
            folder / f"{self._path.name}.lock",
            f"Another run asks {model} right now. Wait until it has ended, then start this one again.",
        )
        try:
            self._known = self._read()
        except BaseException:
            self._lines.close()
            raise

    def _read(self) -> dict[str, Answer]:
        known: dict[str, Answer] = {}
        for number, line in enumerate(self._lines, 1):
            try:
                fields: dict[str, Any] = json.loads(line)
                key = fields.pop("key")
                known[key] = self._kind(**fields)
            except (ValueError, KeyError, TypeError, AttributeError):
                raise InputError(f"{self._path}: line {number} cannot be read. Delete that line.") from None
        return known

    def get(self, key: str) -> Answer | None:
        return self._known.get(key)

    def __getitem__(self, key: str) -> Answer:
        return self._known[key]

    def put(self, key: str, answer: Answer) -> None:
        self._known[key] = answer
        self._lines.append(json.dumps({"key": key, **asdict(answer)}))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()


def digest(*parts: str) -> str:
    """Names texts; equal for equal ones."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
