"""A report as one HTML page that needs nothing else, with its pictures also as PNG files."""

from __future__ import annotations

import base64
import heapq
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assistant.whole_file import write_whole
from evals.reporting.kinds import KINDS
from evals.reporting.mistakes import Mistake, find_mistakes
from evals.reporting.report import PAGE, Report
from evals.row_records import MeasuredRow

SHOWN = 50
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def write_page(folder: Path, report: Report, rows: Iterable[MeasuredRow]) -> Path:
    """Draw a report into `folder`; `rows` are gone through twice, and only the worst of them are held with texts."""
    pictures = KINDS[report.kind].draw(folder, report, rows)
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


def _worst(report: Report, rows: Iterable[MeasuredRow]) -> tuple[int, list[Mistake]]:
    """How many mistakes there are, and the worst of them."""
    count = 0
    worst: list[Mistake] = []
    for row in rows:
        if found := find_mistakes([row], report.threshold):
            count += 1
            worst = heapq.nlargest(SHOWN, [*worst, *found], key=lambda one: one.weight)
    return count, worst


def _embedded(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def _figure(value: Any) -> str:
    return "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
