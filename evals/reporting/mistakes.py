"""Where a system goes wrong: its mistakes by kind, worst first, and the rows on which two systems differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from assistant.errors import InputError
from assistant.records import Language, MistakeKind, PairMistake, ReadingMistake, Task
from evals.reporting.report import Report

Row = dict[str, Any]
KINDS: dict[Task, tuple[MistakeKind, ...]] = {
    "question-similarity": get_args(PairMistake),
    "portuguese-qa": get_args(ReadingMistake),
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A row that was answered wrong. `score` is P(same) or F1, None where nothing could be read; `weight` in [0, 1]
    says how wrong it is. "found elsewhere" is a question with a right answer that was also answered from a text which
    does not hold one."""

    kind: MistakeKind
    row: Row
    score: float | None
    weight: float


def find_mistakes(task: Task, rows: Iterable[Row], threshold: float) -> list[Mistake]:
    """All mistakes, worst first; a pair counts as "same" from `threshold` on. Equal ones stay in the rows' order."""
    found = (_pair_mistake(row, threshold) if task == "question-similarity" else _reading_mistake(row) for row in rows)
    return sorted((one for one in found if one), key=lambda one: one.weight, reverse=True)


def choose(
    mistakes: Iterable[Mistake], kind: MistakeKind | None, language: Language | None, low: float, high: float
) -> list[Mistake]:
    """Those of one kind and language with a score in [low, high]. What has no score lies in the whole range alone."""
    return [
        one
        for one in mistakes
        if (kind is None or one.kind == kind)
        and (language is None or one.row.get("language", "pt") == language)
        and ((low, high) == (0.0, 1.0) if one.score is None else low <= one.score <= high)
    ]


def is_right(row: Row, threshold: float | None = None) -> bool:
    """Whether a row was answered right: a pair at `threshold`, a reading (None) word for word."""
    if threshold is not None:
        return row["probability"] is not None and (row["probability"] >= threshold) == row["same"]
    return row["exact_match"] == 1 or (row["prediction"] is None and not row["answers"])


def reading_kind(row: Row) -> ReadingMistake:
    """What is wrong with an answer that is not right."""
    if row["prediction"] is None:
        return "missed"
    return "partly right" if row["f1"] > 0 else "wrong"


def changed(before: Report, rows_before: Sequence[Row], after: Report, rows_after: Sequence[Row]) -> list[Row]:
    """What both reports say of each row that both hold: `before` and `after` are its two rows, `was_right` and
    `is_right` whether they are right, each at its own report's threshold.

    Raises `InputError` when they measured other data.
    """
    if before.task != after.task or before.data.get("sha256") != after.data.get("sha256"):
        raise InputError(
            "These two reports measured different data and are on other rows: choose two on the same ones, or measure "
            "both with the same --data and --limit."
        )
    pairs = before.task == "question-similarity"
    earlier = {row["row"]: row for row in rows_before}
    return [
        {
            "before": earlier[row["row"]],
            "after": row,
            "was_right": is_right(earlier[row["row"]], before.threshold if pairs else None),
            "is_right": is_right(row, after.threshold if pairs else None),
        }
        for row in rows_after
        if row["row"] in earlier
    ]


def _pair_mistake(row: Row, threshold: float) -> Mistake | None:
    probability = row["probability"]
    if probability is None:
        return Mistake("unreadable", row, None, 0.0)
    if is_right(row, threshold):
        return None
    kind: PairMistake = "missed match" if row["same"] else "false match"
    return Mistake(kind, row, probability, abs(row["same"] - probability))


def _reading_mistake(row: Row) -> Mistake | None:
    if not is_right(row):
        return Mistake(reading_kind(row), row, row["f1"], 1 - row["f1"])
    return Mistake("found elsewhere", row, row["f1"], 0.5) if row["refused"] is False else None
