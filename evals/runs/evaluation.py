"""One evaluation from its rows to its report folder."""

from __future__ import annotations

import datetime as dt
import os
import platform
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant import prompts
from assistant.errors import InputError
from assistant.prompts import ChatFormat
from assistant.records import LANGUAGES
from assistant.settings import Settings
from evals.data.leaks import Leaks, find_leaks
from evals.data.named_sets import RowSet
from evals.data.published import QuestionPair
from evals.data.squad import ReadingQuestion
from evals.reporting.kinds import KINDS
from evals.reporting.pair_report import at_thresholds
from evals.reporting.report import Report, write_report
from evals.reporting.report_page import write_page
from evals.row_records import ROWS, MeasuredPair, MeasuredRow
from evals.runs.environment import environment
from evals.runs.measured_rows import ResumableRows
from evals.runs.measured_system import Evaluation, Opened, opened
from evals.runs.progress import Progress
from evals.systems.app_pairs import rivalry

THRESHOLD = 0.5
# Single rows that are timed once the model is warm.
TIMED = 5
_NO_CHAT = ChatFormat("", "", "")


def evaluate(evaluation: Evaluation, settings: Settings, folder: Path, with_texts: bool = True) -> Report:
    """Measure every row that is no leak, and write the report. What `folder` has already is not measured again.

    Raises `LeakError` where rows would not measure the version.
    """
    # Read before anything is measured: a later commit did not measure these rows.
    made_with = environment()
    data = evaluation.data
    leaks = _leaks(evaluation)
    dropped = set(leaks.dropped)
    numbers = [number for number in range(len(data.rows)) if number not in dropped]
    if not numbers:
        raise InputError(f"Every row of {data.name} is left out, so there is nothing to measure: give other data.")
    with (
        opened(evaluation, settings) as system,
        ResumableRows(
            folder, evaluation.identity(leaks.dropped, system, made_with["git_commit"]), ROWS[data.kind]
        ) as kept,
        Progress(folder, len(numbers), kept.count, "row") as progress,
    ):
        for some in _batches(numbers[kept.count :], data):
            begun = time.perf_counter()
            rows = system.ask(some)
            kept.add(rows if with_texts else [row.without_texts() for row in rows], time.perf_counter() - begun)
            progress.advance(len(rows))
        report = _report(evaluation, leaks, kept, system, made_with, settings)
        write_report(folder, report, kept)
        write_page(folder, report, kept)
    return report


def _batches(numbers: Sequence[int], data: RowSet) -> Iterator[list[int]]:
    """About `TOGETHER` rows each; rivals stay together, because the judge has to see all of them."""
    together = ROWS[data.kind].TOGETHER
    batch: list[int] = []
    for number in numbers:
        if len(batch) >= together and not _are_rivals(data.rows[batch[-1]], data.rows[number]):
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def _are_rivals(one: Any, other: Any) -> bool:
    return isinstance(one, QuestionPair) and rivalry(one) is not None and rivalry(one) == rivalry(other)


def _leaks(evaluation: Evaluation) -> Leaks:
    def prompt(row: Any) -> str:
        if isinstance(row, ReadingQuestion):
            segments = prompts.reading(row.question, row.context, _NO_CHAT)
        else:
            segments = prompts.label_first(row.question1, row.question2, row.language, _NO_CHAT).segments
        return "".join(segment.text for segment in segments)

    leaks = find_leaks(evaluation.data.rows, prompt, evaluation.trained_on())
    if evaluation.drop_leaks:
        return Leaks(dropped=sorted([*leaks.rows, *leaks.dropped]))
    if not evaluation.allow_leak:
        leaks.check()
    return leaks


def _report(
    evaluation: Evaluation,
    leaks: Leaks,
    kept: ResumableRows,
    system: Opened,
    made_with: Mapping[str, Any],
    settings: Settings,
) -> Report:
    data = evaluation.data
    found = KINDS[data.kind].findings(kept, THRESHOLD)
    if system.thresholds:
        margins = {language: settings.margin(language) for language in LANGUAGES}
        found["detail"]["app"] = at_thresholds(
            _pairs(kept), system.thresholds, margins, lambda pair: rivalry(data.pairs[pair.row])
        )
    single = _single_seconds(system, [row.row for row in _first(kept, TIMED)])
    cost: dict[str, float] = {
        "seconds": kept.seconds,
        "rows_per_second": kept.count / kept.seconds if kept.seconds else 0.0,
        "single_row_seconds": single,
    }
    explained = _explained(evaluation, kept) if evaluation.reasons else []
    if system.reasons and explained:
        reasons = system.reasons(explained)
        cost |= {
            "first_reason_seconds": reasons.pop("seconds_to_first"),
            "generated_tokens": reasons.pop("tokens_total"),
        }
        found["detail"]["reasons"] = reasons
    # Linux counts in KiB, macOS in bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    languages = Counter(row.language for row in kept)
    return Report(
        task=evaluation.task.name,
        system=evaluation.system,
        model=system.model,
        data={
            "name": data.name,
            "sha256": data.sha256,
            "rows": len(data.rows),
            "measured": kept.count,
            "languages": dict(languages),
        },
        leaks={"allowed": evaluation.allow_leak, "rows": leaks.rows, "dropped": leaks.dropped},
        threshold=THRESHOLD,
        cost=cost | {"peak_memory_bytes": peak},
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        commit=(made_with["git_commit"] or "") + ("+changes" if made_with["git_dirty"] else ""),
        packages={name: version for name, version in made_with["packages"].items() if version},
        hardware={
            "platform": made_with["platform"],
            "machine": platform.machine(),
            "processor": made_with["processor"],
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        },
        **found,
    )


def _explained(evaluation: Evaluation, kept: ResumableRows) -> list[int]:
    """The first rows that were judged, about as many as are wanted: rivals stay together."""
    rows = evaluation.data.rows
    found: list[int] = []
    for row in _pairs(kept):
        if len(found) >= evaluation.reasons and not _are_rivals(rows[found[-1]], rows[row.row]):
            break
        if row.probability is not None:
            found.append(row.row)
    return found


def _pairs(kept: ResumableRows) -> Iterator[MeasuredPair]:
    return (row for row in kept if isinstance(row, MeasuredPair))


def _single_seconds(system: Opened, numbers: Sequence[int]) -> float:
    """Median seconds that a person waits for one label, or one answer."""
    seconds = []
    for number in numbers:
        begun = time.perf_counter()
        system.wait(number)
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def _first(kept: ResumableRows, count: int) -> list[MeasuredRow]:
    return [row for row, _ in zip(kept, range(count), strict=False)]
