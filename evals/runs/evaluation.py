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
from assistant.settings import Settings
from evals.data.leaks import Leaks, find_leaks
from evals.data.named_sets import RowSet
from evals.data.published import QuestionPair
from evals.measures.reading import reading_findings
from evals.reporting.pair_report import at_thresholds, pair_findings
from evals.reporting.report import Report, write_report
from evals.reporting.report_page import write_page
from evals.runs.environment import environment
from evals.runs.measured_rows import ResumableRows
from evals.runs.measured_system import Evaluation, Opened, opened
from evals.runs.progress import Progress
from evals.systems.app_pairs import rivalry

# Rows between two writes to the disk: what a killed run loses.
TOGETHER = {"question-similarity": 32, "portuguese-qa": 4}
THRESHOLD = 0.5
# Single rows that are timed once the model is warm.
TIMED = 5
_TEXTS = ("question1", "question2", "question", "context")
_NO_CHAT = ChatFormat("", "", "")


def evaluate(evaluation: Evaluation, settings: Settings, folder: Path, with_texts: bool = True) -> Report:
    """Measure every row that is no leak, and write the report. What `folder` has already is not measured again.

    Raises `LeakError` where rows would not measure the version.
    """
    # Before anything is measured: a commit while it runs did not measure the rows.
    made_with = environment()
    data = evaluation.data
    leaks = _leaks(evaluation)
    dropped = set(leaks.dropped)
    numbers = [number for number in range(len(data.rows)) if number not in dropped]
    if not numbers:
        raise InputError(f"Every row of {data.name} is left out, so there is nothing to measure: give other data.")
    with (
        opened(evaluation, settings) as system,
        ResumableRows(folder, evaluation.identity(leaks.dropped, system, made_with["git_commit"])) as kept,
        Progress(folder, len(numbers), kept.count, "row") as progress,
    ):
        for some in _batches(numbers[kept.count :], data):
            begun = time.perf_counter()
            rows = system.ask(some)
            kept.add(rows if with_texts else [_without_texts(row) for row in rows], time.perf_counter() - begun)
            progress.advance(len(rows))
        report = _report(evaluation, leaks, kept, system, made_with)
        write_report(folder, report, kept)
        write_page(folder, report, kept)
    return report


def _batches(numbers: Sequence[int], data: RowSet) -> Iterator[list[int]]:
    """About `TOGETHER` rows each; rivals stay together, because the judge has to see all of them."""
    batch: list[int] = []
    for number in numbers:
        if len(batch) >= TOGETHER[data.task] and not _are_rivals(data.rows[batch[-1]], data.rows[number]):
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def _are_rivals(one: Any, other: Any) -> bool:
    return isinstance(one, QuestionPair) and rivalry(one) is not None and rivalry(one) == rivalry(other)


def _leaks(evaluation: Evaluation) -> Leaks:
    def prompt(row: Any) -> str:
        if evaluation.data.task == "portuguese-qa":
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
    evaluation: Evaluation, leaks: Leaks, kept: ResumableRows, system: Opened, made_with: Mapping[str, Any]
) -> Report:
    data = evaluation.data
    is_reading = data.task == "portuguese-qa"
    found = reading_findings(kept) if is_reading else pair_findings(kept, THRESHOLD)
    if system.thresholds:
        found["detail"]["app"] = at_thresholds(kept, system.thresholds)
    single = _single_seconds(system, [row["row"] for row in _first(kept, TIMED)])
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
    languages = Counter("pt" if is_reading else row["language"] for row in kept)
    return Report(
        task=data.task,
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
    for row in kept:
        number = row["row"]
        if len(found) >= evaluation.reasons and not _are_rivals(rows[found[-1]], rows[number]):
            break
        if row.get("probability") is not None:
            found.append(number)
    return found


def _without_texts(row: dict[str, Any]) -> dict[str, Any]:
    """What may be kept of data that may not be passed on: no text, but whether there was one."""
    shown = {name: row[name] for name in row if name not in _TEXTS}
    if row.get("probability") is not None:
        shown["probability"] = float(f"{row['probability']:.5g}")
    if "prediction" in row:
        shown["prediction"] = None if row["prediction"] is None else ""
        shown["elsewhere"] = None if row["elsewhere"] is None else ""
        shown["answers"] = [""] * len(row["answers"])
    return shown


def _single_seconds(system: Opened, numbers: Sequence[int]) -> float:
    """Median seconds that a person waits for one label, or one answer."""
    seconds = []
    for number in numbers:
        begun = time.perf_counter()
        system.wait(number)
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def _first(kept: ResumableRows, count: int) -> list[dict[str, Any]]:
    return [row for row, _ in zip(kept, range(count), strict=False)]
