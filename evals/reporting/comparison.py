"""Reports on the same rows, side by side: the table, the picture, and whether two differ beyond chance."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.errors import InputError
from assistant.records import Task
from evals.measures.classification import mcnemar
from evals.measures.intervals import paired_difference
from evals.measures.reading import reading_findings
from evals.reporting.mistakes import changed
from evals.reporting.pair_report import pair_findings
from evals.reporting.pictures import bars
from evals.reporting.report import Report

# What the table shows, and of which measure the difference is tested row by row.
SHOWN: dict[Task, tuple[str, ...]] = {
    "question-similarity": ("accuracy", "f1", "roc_auc", "average_precision", "brier", "ece"),
    "portuguese-qa": ("exact_match", "f1", "semantic_match", "missed", "refused"),
}
# Behind them: what was paid for the figures.
SPEED = "rows_per_second"


@dataclass(frozen=True, slots=True)
class Difference:
    """How `second` does beside `first` on the rows that both hold.

    `gain` is the mean of the second's row scores less the first's (a pair: right or not, a reading: F1), with its
    95 % interval. `only_first` and `only_second` are the rows that only one of them got right, `p_value` McNemar's.
    """

    first: str
    second: str
    rows: int
    gain: float
    low: float
    high: float
    only_first: int
    only_second: int
    p_value: float


Found = tuple[Report, list[dict[str, Any]]]


def compare(first: Found, second: Found) -> Difference:
    """Raises `InputError` when the reports are on other data, or share no rows."""
    one, other = first[0], second[0]
    both = _both(first, second)
    measure = "right" if one.task == "question-similarity" else "f1"
    gain = differences(first, second, [measure])[measure]
    right = [(row["was_right"], row["is_right"]) for row in both]
    return Difference(named(one), named(other), len(both), *gain, *mcnemar(*zip(*right, strict=True)))


def differences(
    first: Found, second: Found, wanted: Collection[str] | None = None
) -> dict[str, tuple[float, float, float]]:
    """How much better the second is than the first, with the 95 % interval: "right" (rows it is right on) and, for
    pairs that both could read, "brier" (the squared error, turned round, so that more is better); for readings "f1".
    Only the `wanted` of them, or all.

    Raises `InputError` as `compare` does.
    """
    task = first[0].task
    found_right = _both(first, second)
    both = [(row["before"], row["after"]) for row in found_right]
    columns = {"right": [(float(row["is_right"]), float(row["was_right"]), row["after"]) for row in found_right]}
    if task == "question-similarity":
        columns["brier"] = [
            (-((its["probability"] - its["same"]) ** 2), -((row["probability"] - row["same"]) ** 2), row)
            for row, its in both
            if row["probability"] is not None and its["probability"] is not None
        ]
    else:
        columns["f1"] = [(its["f1"], row["f1"], row) for row, its in both]
    found = {}
    for name, values in columns.items():
        if values and (wanted is None or name in wanted):
            theirs, own, rows = zip(*values, strict=True)
            # Questions about one document are not independent.
            documents = [row["document"] for row in rows] if task == "portuguese-qa" else None
            found[name] = paired_difference(theirs, own, documents)
    return found


def on_shared_rows(found: Sequence[Found]) -> list[Found]:
    """The reports as if each had measured only the rows that all of them hold.

    Raises `InputError` when they are on other data, or share no rows.
    """
    for other in found[1:]:
        _both(found[0], other)
    shared = set.intersection(*({row["row"] for row in rows} for _, rows in found))
    if all(len(rows) == len(shared) for _, rows in found):
        return list(found)
    return [_measured_on(report, [row for row in rows if row["row"] in shared]) for report, rows in found]


def _measured_on(report: Report, rows: list[dict[str, Any]]) -> Found:
    if not rows:
        raise InputError("The reports have no row in common: measure them on the same data.")
    findings = reading_findings(rows) if report.task == "portuguese-qa" else pair_findings(rows, report.threshold)
    return replace(report, data=report.data | {"measured": len(rows)}, **findings), rows


def _both(first: Found, second: Found) -> list[dict[str, Any]]:
    """What both reports say of each row that both hold, as `changed` gives it."""
    (one, one_rows), (other, other_rows) = first, second
    both = changed(one, one_rows, other, other_rows)
    if not both:
        raise InputError(f"{named(one)} and {named(other)} have no row in common: measure both again.")
    return both


def named(report: Report) -> str:
    """What a report is called in tables: its system, its version and the leak it was measured in spite of."""
    version = report.model.get("version")
    name = f"{report.system} {version[:12]}" if version else report.system
    return f"{name} (LEAKS)" if report.is_branded else name


def table(reports: Sequence[Report]) -> list[str]:
    """Lines with one report each."""
    measures = SHOWN[reports[0].task]
    width = max(len(named(report)) for report in reports)
    heads = [measure.replace("_", " ") for measure in (*measures, SPEED)]
    lines = [" " * width + "".join(f"  {head:>24}" for head in heads)]
    for report in reports:
        cells = []
        for measure in measures:
            value, interval = report.figures.get(measure), report.intervals.get(measure)
            shown = "–" if value is None else f"{value:.3f}"
            cells.append(shown + (f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else ""))
        speed = report.cost.get(SPEED)
        cells.append("–" if speed is None else f"{speed:,.1f}")
        lines.append(f"{named(report):<{width}}" + "".join(f"  {cell:>24}" for cell in cells))
    return lines


def draw(reports: Sequence[Report], path: Path) -> None:
    """The first three measures of every report as bars with their intervals."""
    groups = {
        measure.replace("_", " "): {
            named(report): (figure, report.intervals.get(measure))
            for report in reports
            if (figure := report.figures.get(measure)) is not None
        }
        for measure in SHOWN[reports[0].task][:3]
    }
    data = reports[0].data
    bars({name: group for name, group in groups.items() if group}, f"{data['name']}, {data['measured']} rows", path)
