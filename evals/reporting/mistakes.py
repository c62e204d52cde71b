"""Where a system goes wrong: its mistakes by kind, worst first, and the rows on which two systems differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.errors import InputError
from assistant.records import Language, MistakeKind
from evals.reporting.report import Report
from evals.row_records import MeasuredRow, Told


@dataclass(frozen=True, slots=True)
class Mistake:
    """A row that was answered wrong; `kind`, `score` and `weight` as `evals.row_records.Fault` has them."""

    kind: MistakeKind
    row: MeasuredRow
    score: float | None
    weight: float

    @property
    def told(self) -> Told | None:
        return self.row.told(self.kind)


@dataclass(frozen=True, slots=True)
class Change:
    """What two reports say of one row, and whether each got it right, at its own threshold."""

    before: MeasuredRow
    after: MeasuredRow
    was_right: bool
    is_right: bool


def find_mistakes(rows: Iterable[MeasuredRow], threshold: float) -> list[Mistake]:
    """All mistakes, worst first; a pair counts as "same" from `threshold` on. Equal ones stay in the rows' order."""
    found = [Mistake(fault.kind, row, fault.score, fault.weight) for row in rows if (fault := row.fault(threshold))]
    return sorted(found, key=lambda one: one.weight, reverse=True)


def choose(
    mistakes: Iterable[Mistake], kind: MistakeKind | None, language: Language | None, low: float, high: float
) -> list[Mistake]:
    """Those of one kind and language with a score in [low, high]. What has no score lies in the whole range alone."""
    return [
        one
        for one in mistakes
        if (kind is None or one.kind == kind)
        and (language is None or one.row.language == language)
        and ((low, high) == (0.0, 1.0) if one.score is None else low <= one.score <= high)
    ]


def changed(
    before: Report, rows_before: Sequence[MeasuredRow], after: Report, rows_after: Sequence[MeasuredRow]
) -> list[Change]:
    """What both reports say of each row that both hold.

    Raises `InputError` when they measured other data.
    """
    if before.task != after.task or before.data.get("sha256") != after.data.get("sha256"):
        raise InputError(
            "These two reports measured different data and are on other rows: choose two on the same ones, or measure "
            "both with the same --data and --limit."
        )
    earlier = {row.row: row for row in rows_before}
    return [
        Change(
            earlier[row.row],
            row,
            earlier[row.row].is_right(before.threshold),
            row.is_right(after.threshold),
        )
        for row in rows_after
        if row.row in earlier
    ]
