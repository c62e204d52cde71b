"""The model's label scores of calibration pairs, kept on disk so that an interrupted run goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from assistant.calibration import JudgeModel
from assistant.generator import LabelScore


class LabelCache:
    """One file per model identity; a line per asked question with its past ones."""

    def __init__(self, folder: Path, model: JudgeModel) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        identity = _digest([model.base_sha256, model.adapter, model.prompt_version, model.hardware])
        self._stream = (folder / f"{identity}.jsonl").open("a+b")
        self._stream.seek(0)
        self._known: dict[str, list[LabelScore]] = {}
        whole = 0
        for line in self._stream:
            # The last line is cut where a run was killed while writing it.
            if line.endswith(b"\n"):
                whole += len(line)
                row = json.loads(line)
                self._known[row["key"]] = [LabelScore(*score) for score in row["scores"]]
        self._stream.truncate(whole)

    def get(self, language: str, asked: str, pasts: Sequence[str]) -> list[LabelScore] | None:
        return self._known.get(_digest([language, asked, *pasts]))

    def put(self, language: str, asked: str, pasts: Sequence[str], scores: Sequence[LabelScore]) -> None:
        row = {
            "key": _digest([language, asked, *pasts]),
            "scores": [(score.logit, score.mass) for score in scores],
        }
        self._stream.write(json.dumps(row).encode() + b"\n")
        self._stream.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()


def _digest(parts: Sequence[str | None]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
