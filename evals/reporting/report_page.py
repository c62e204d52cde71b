"""A report as one HTML page that needs nothing else, with its pictures also as PNG files."""

from __future__ import annotations

import base64
import heapq
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assistant.whole_file import write_whole
from evals.measures.classification import CLASSES
from evals.reporting.curves import pair_curves, reading_outcomes
from evals.reporting.mistakes import Mistake, Row, find_mistakes
from evals.reporting.pictures import bars, confusion, rankings, reliability_chart
from evals.reporting.report import PAGE, Report

SHOWN = 50
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def write_page(folder: Path, report: Report, rows: Iterable[Row]) -> Path:
    """Draw a report into `folder`; `rows` are gone through twice, and only the worst of them are held."""
    pictures = _draw(folder, report, rows)
    mistaken, worst = _worst(report, rows)
    content = _TEMPLATES.get_template("report.html.jinja").render(
        report=report,
        pictures={name: _embedded(path) for name, path in pictures.items()},
        mistakes=worst,
        mistaken=mistaken,
        figure=_figure,
    )
    page = folder / PAGE
    write_whole(page, content)
    return page


def _draw(folder: Path, report: Report, rows: Iterable[Row]) -> dict[str, Path]:
    """The pictures by what a screen reader is told of them."""
    if report.task == "portuguese-qa":
        path = folder / "outcomes.png"
        counts = reading_outcomes([_only(row, "answers", "prediction", "exact_match", "f1") for row in rows])
        whole = sum(counts.values())
        bars({"Share of the questions": {name: (n / whole, None) for name, n in counts.items()}}, "Answers", path)
        return {"Share of right, partly right, wrong and missed answers": path}
    curves = pair_curves([_only(row, "same", "probability", "language") for row in rows])
    confusion(report.detail["confusion"], CLASSES, folder / "confusion.png")
    reliability_chart(curves["all"]["reliability"], folder / "reliability.png")
    rankings(curves, folder / "curves.png")
    return {
        "Confusion matrix": folder / "confusion.png",
        "Reliability": folder / "reliability.png",
        "ROC curve, precision and recall": folder / "curves.png",
    }


def _worst(report: Report, rows: Iterable[Row]) -> tuple[int, list[Mistake]]:
    """How many mistakes there are, and the worst of them."""
    count = 0
    worst: list[Mistake] = []
    for row in rows:
        if found := find_mistakes(report.task, [row], report.threshold):
            count += 1
            worst = heapq.nlargest(SHOWN, [*worst, *found], key=lambda one: one.weight)
    return count, worst


def _only(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names}


def _embedded(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def _figure(value: Any) -> str:
    return "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
