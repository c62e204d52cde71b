"""What a report says of its rows, by the kind of rows: the figures, the points of charts, the pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.tasks import RowKind
from evals.measures.classification import CLASSES
from evals.measures.reading import reading_findings
from evals.reporting.curves import pair_curves, reading_outcomes
from evals.reporting.pair_report import pair_findings
from evals.reporting.report import Report

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReportKind:
    """`findings` gives `figures`, `intervals`, `by_language` and `detail` of a `Report` from rows and the threshold.
    `charts` gives what a browser draws, by name. `draw` writes pictures into a folder and gives their paths by what a
    screen reader is told of them; it goes through the rows once."""

    findings: Callable[[Iterable[Any], float], Json]
    charts: Callable[[Sequence[Any]], Json]
    draw: Callable[[Path, Report, Iterable[Any]], dict[str, Path]]


def _draw_pairs(folder: Path, report: Report, rows: Iterable[Any]) -> dict[str, Path]:
    # matplotlib takes seconds to import, which charts in a browser shall not wait for.
    from evals.reporting.pictures import confusion, rankings, reliability_chart

    curves = pair_curves([row.shortened() for row in rows])
    confusion(report.detail["confusion"], CLASSES, folder / "confusion.png")
    reliability_chart(curves["all"]["reliability"], folder / "reliability.png")
    rankings(curves, folder / "curves.png")
    return {
        "Confusion matrix": folder / "confusion.png",
        "Reliability": folder / "reliability.png",
        "ROC curve, precision and recall": folder / "curves.png",
    }


def _draw_readings(folder: Path, report: Report, rows: Iterable[Any]) -> dict[str, Path]:
    from evals.reporting.pictures import bars

    path = folder / "outcomes.png"
    counts = reading_outcomes([row.shortened() for row in rows])
    whole = sum(counts.values())
    bars({"Share of the questions": {name: (n / whole, None) for name, n in counts.items()}}, "Answers", path)
    return {"Share of right, partly right, wrong and missed answers": path}


KINDS: Mapping[RowKind, ReportKind] = {
    "pairs": ReportKind(pair_findings, lambda rows: {"curves": pair_curves(rows)}, _draw_pairs),
    "readings": ReportKind(
        lambda rows, threshold: reading_findings(rows),
        lambda rows: {"outcomes": reading_outcomes(rows)},
        _draw_readings,
    ),
}
