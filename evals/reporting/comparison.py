"""Reports on the same rows, side by side: the table, the picture, and whether two differ beyond chance."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.errors import InputError
from assistant.tasks import TASKS
from evals.measures.classification import mcnemar
from evals.measures.intervals import paired_difference
from evals.reporting.kinds import KINDS
from evals.reporting.mistakes import Change, changed
from evals.reporting.pictures import bars
from evals.reporting.report import Report
from evals.row_records import MeasuredRow

# The last column of the table: what was paid for the figures.
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


Found = tuple[Report, Sequence[MeasuredRow]]


def compare(first: Found, second: Found) -> Difference:
    """Raises `InputError` when the reports are on other data, or share no rows."""
    one, other = first[0], second[0]
    both = _both(first, second)
    measure = TASKS[one.task].compared.name
    gain = differences(first, second, [measure])[measure]
    right = [(row.was_right, row.is_right) for row in both]
    return Difference(named(one), named(other), len(both), *gain, *mcnemar(*zip(*right, strict=True)))


def differences(
    first: Found, second: Found, wanted: Collection[str] | None = None
) -> dict[str, tuple[float, float, float]]:
    """How much better the second is than the first, with the 95 % interval, by the task's scores of a row; each turned
    so that more is better, on the rows where both have it. Only the `wanted` of them, or all.

    Raises `InputError` as `compare` does.
    """
    both = _both(first, second)
    found = {}
    for measure in TASKS[first[0].task].scores:
        if wanted is not None and measure.name not in wanted:
            continue
        values = [
            (measure.merit(its), measure.merit(own), row.after.cluster)
            for row in both
            if (own := row.before.score(measure.name, first[0].threshold)) is not None
            and (its := row.after.score(measure.name, second[0].threshold)) is not None
        ]
        if values:
            theirs, ours, clusters = zip(*values, strict=True)
            found[measure.name] = paired_difference(theirs, ours, None if None in clusters else clusters)
    return found


def on_shared_rows(found: Sequence[Found]) -> list[Found]:
    """The reports as if each had measured only the rows that all of them hold.

    Raises `InputError` when they are on other data, or share no rows.
    """
    for other in found[1:]:
        _both(found[0], other)
    shared = set.intersection(*({row.row for row in rows} for _, rows in found))
    if all(len(rows) == len(shared) for _, rows in found):
        return list(found)
    return [_measured_on(report, [row for row in rows if row.row in shared]) for report, rows in found]


def _measured_on(report: Report, rows: list[MeasuredRow]) -> Found:
    if not rows:
        raise InputError("The reports have no row in common: measure them on the same data.")
    findings = KINDS[report.kind].findings(rows, report.threshold)
    return replace(report, data=report.data | {"measured": len(rows)}, **findings), rows


def _both(first: Found, second: Found) -> list[Change]:
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
    measures = TASKS[reports[0].task].shown
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
        for measure in TASKS[reports[0].task].shown[:3]
    }
    data = reports[0].data
    bars({name: group for name, group in groups.items() if group}, f"{data['name']}, {data['measured']} rows", path)
