"""What one evaluation found, and the folder it is kept in: report.json, a page, pictures."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.errors import InputError
from assistant.records import Task
from assistant.tasks import TASKS, RowKind
from assistant.whole_file import whole_file
from evals.row_records import ROWS, MeasuredRow

REPORT, PAGE = "report.json", "report.html"
SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One system on one set of rows.

    `system` is what gave the answers ("judge": the app's calibrated P(same); "adapter": the label alone; a
    baseline's name; "reader"). `model` names its version (`version` digest, `name`, `stage`, `base`, `base_sha256`,
    `prompt_version`, `device`), empty for a baseline without one. `data` has `name`, `sha256`, `rows`, `measured`
    (how many were not left out) and `languages` (rows by language). `leaks` has `allowed`, `rows` (numbers of rows
    that equal training rows, or hold a label) and `dropped` (rows left out for one question that equals a training
    question). `figures` are the top level measures, `intervals` their 95 % intervals, `by_language` the same
    figures per language. `detail` holds what is no single figure (classification report, confusion matrix,
    reasons), `cost` seconds, bytes and tokens.
    `created` is ISO 8601 in UTC.
    """

    task: Task
    system: str
    model: dict[str, Any]
    data: dict[str, Any]
    leaks: dict[str, Any]
    threshold: float
    figures: dict[str, float | None]
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    by_language: dict[str, dict[str, float | None]] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)
    created: str = ""
    commit: str = ""
    packages: dict[str, str] = field(default_factory=dict)
    hardware: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> RowKind:
        """The kind of the rows it is on."""
        return TASKS[self.task].rows

    @property
    def is_branded(self) -> bool:
        """Whether it was measured in spite of leaks, which every page of it must say."""
        return bool(self.leaks.get("allowed") and self.leaks.get("rows"))


def write_report(folder: Path, report: Report, rows: Iterable[MeasuredRow]) -> Path:
    """Write report.json, whole or not at all: the figures at its top level, then everything else, `rows` last.

    `rows` are written as they come, so that none of them is held in memory.
    """
    folder.mkdir(parents=True, exist_ok=True)
    head = {"schema": SCHEMA} | report.figures | dataclasses.asdict(report)
    with whole_file(folder / REPORT) as stream:
        stream.write(json.dumps(head, indent=1, ensure_ascii=False, allow_nan=False)[:-2])
        stream.write(',\n "rows": [')
        for number, row in enumerate(rows):
            told = json.dumps(row.to_json(), ensure_ascii=False, allow_nan=False)
            stream.write(("," if number else "") + "\n  " + told)
        stream.write("\n ]\n}\n")
    return folder / REPORT


def read_report(path: Path) -> tuple[Report, list[MeasuredRow]]:
    """A report and its rows, from its folder or its file. Raises `InputError` when there is none."""
    file = path / REPORT if path.is_dir() else path
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        if stored["schema"] != SCHEMA:
            raise InputError(f"{file} has the format {stored['schema']!r}, this code reads {SCHEMA}: measure again.")
        names = [field.name for field in dataclasses.fields(Report)]
        report = Report(**{name: stored[name] for name in names})
        if not isinstance(report.created, str) or not isinstance(stored["rows"], list):
            raise TypeError("its date or its rows are of another kind")
        if report.task not in TASKS:
            raise TypeError(f"its task {report.task!r} is unknown")
        return report, [ROWS[report.kind].from_json(row) for row in stored["rows"]]
    except FileNotFoundError:
        raise InputError(f"{file} is not there: make it with `python -m evals.run`.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file} is no report ({error}): make it again with `python -m evals.run`.") from None


def found_reports(folder: Path) -> Iterator[Path]:
    """The folders below `folder` that hold a report."""
    return (file.parent for file in sorted(folder.glob(f"**/{REPORT}")))
