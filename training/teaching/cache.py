"""The cache of a teacher's sentences about pairs."""

from __future__ import annotations

from dataclasses import dataclass

from evals.chat.answer_cache import AnswerCache, digest
from training.data.rows import PairRow


@dataclass(frozen=True, slots=True)
class TeacherAnswer:
    """A sentence, or why the last one was refused (then `sentence` is empty)."""

    sentence: str
    refused: str = ""


# By the keys of pairs.
TeacherCache = AnswerCache[TeacherAnswer]


def key(row: PairRow) -> str:
    """Equal for pairs that are put to a teacher in the same way."""
    return digest(row.question1, row.question2, "same" if row.same else "different", row.language)
