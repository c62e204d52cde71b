"""Explanations for labelled pairs that have none, written by a teacher model: what they cost, and how they are had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.settings import Settings
from evals.chat.asking import never_asked, open_chat
from evals.chat.client import Endpoint, endpoint_from
from evals.chat.cost import Cost, Prices, prices_from
from training.data.contrast import contrast
from training.data.rows import PairRow
from training.teaching.cache import TeacherAnswer, TeacherCache, key
from training.teaching.prompt import TeacherPair, identity, problem
from training.teaching.rounds import ask, batches
from training.teaching.teacher_report import TeacherReport, estimate


@dataclass(frozen=True, slots=True)
class Teacher:
    """An endpoint, the folder that keeps what it wrote, and its prices where they are known."""

    endpoint: Endpoint
    cache: Path
    prices: Prices | None = None

    def open_cache(self) -> TeacherCache:
        return TeacherCache(self.cache, self.endpoint.model, identity(), TeacherAnswer)


def teacher_from(settings: Settings) -> Teacher:
    """Raises `SettingsError` when the settings name no teacher."""
    return Teacher(endpoint_from(settings), settings.cache_dir / "teacher", prices_from(settings))


def cost(rows: Sequence[PairRow], teacher: Teacher) -> Cost:
    """What the rows will cost that have no explanation and that the teacher was not asked about before."""
    with teacher.open_cache() as cache:
        return _cost(_unknown(rows, cache), teacher)


def explain(
    rows: Sequence[PairRow], teacher: Teacher, *, confirm: bool = False, report: TeacherReport | None = None
) -> list[PairRow]:
    """The rows, each with an explanation: its own, the teacher's, or `contrast`'s where the teacher's cannot be used.

    Raises `InputError` with the cost when something would be sent without `confirm`, and `ChatError`
    when the teacher cannot be asked; what it wrote until then is kept.
    """
    report = report if report is not None else TeacherReport()
    with teacher.open_cache() as cache:
        unknown = _unknown(rows, cache)
        if unknown:
            with open_chat(teacher.endpoint, _cost(unknown, teacher), confirm) as chat:
                ask(unknown, chat, cache, report)
        now = {key(asked.row) for asked in unknown}
        return [_explained(row, cache, key(row) in now, report) for row in rows]


def stand_in(row: PairRow) -> PairRow:
    """The row with the explanation that needs no teacher, unless it has one."""
    return (
        row
        if row.explanation
        else replace(row, explanation=contrast(row.question1, row.question2, row.same, row.language))
    )


def _unknown(rows: Sequence[PairRow], cache: TeacherCache) -> list[TeacherPair]:
    """The rows to ask about, equal ones once."""
    return [TeacherPair(row) for row in never_asked((row for row in rows if not row.explanation), key, cache)]


def _cost(unknown: Sequence[TeacherPair], teacher: Teacher) -> Cost:
    return estimate(batches(unknown), teacher.endpoint.requests_per_minute, teacher.prices)


def _explained(row: PairRow, cache: TeacherCache, is_new: bool, report: TeacherReport) -> PairRow:
    if row.explanation:
        report.given += 1
        return row
    kept = cache[key(row)]
    # What was kept is judged again: the rules may have become stricter since.
    why = kept.refused or problem(row, kept.sentence)
    if why:
        report.refused[why] += 1
        return stand_in(row)
    if is_new:
        report.written += 1
    else:
        report.cached += 1
    return replace(row, explanation=kept.sentence)
