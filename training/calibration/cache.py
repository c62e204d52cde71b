"""Keeps the model's label scores of calibration pairs on disk, so that an interrupted run can continue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from assistant.generator import LabelScore
from assistant.judge.calibration import JudgeModel
from evals.chat.answer_cache import AnswerCache, digest


@dataclass(frozen=True, slots=True)
class GroupScores:
    """The label scores of one asked question against its past questions, in their order."""

    logits: list[float]
    masses: list[float]

    @classmethod
    def of(cls, scores: Sequence[LabelScore]) -> Self:
        return cls([score.logit for score in scores], [score.mass for score in scores])

    @property
    def scores(self) -> list[LabelScore]:
        return [LabelScore(*pair) for pair in zip(self.logits, self.masses, strict=True)]


# The keys are those of `key`.
LabelCache = AnswerCache[GroupScores]


def label_cache(folder: Path, model: JudgeModel) -> LabelCache:
    """The scores of this model, with this prompt version, on this hardware."""
    identity = digest(model.base_sha256, model.adapter or "", model.prompt_version, model.hardware)
    return AnswerCache(folder, "the judging model", identity, GroupScores)


def key(language: str, asked: str, pasts: Sequence[str]) -> str:
    """The cache key of one asked question against its past questions. Equal for equal prompts."""
    return digest(language, asked, *pasts)
