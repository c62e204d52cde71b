"""How much chance is in a figure: the mean and the spread of reports that differ in the training's seed only.

python -m evals.spread REPORT REPORT REPORT …
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path

from assistant.command_line.runner import Command
from assistant.errors import InputError
from evals.reporting.report import Report, read_report


def spread(reports: Sequence[Report]) -> dict[str, tuple[float, float]]:
    """By figure, the mean and the standard deviation of a sample (n - 1); without figures that a report lacks.

    Raises `InputError` when there are fewer than two, or when they are of different systems or rows.
    """
    if len(reports) < 2:
        raise InputError("One report has no spread: give those of several seeds.")
    first = reports[0]
    for other in reports[1:]:
        if (other.system, other.data["sha256"]) != (first.system, first.data["sha256"]):
            raise InputError("The reports are of different systems or rows: give those of one system on one data set.")
    found = {}
    for name in first.figures:
        values = [value for report in reports if (value := report.figures.get(name)) is not None]
        if len(values) == len(reports):
            found[name] = statistics.mean(values), statistics.stdev(values)
    return found


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reports", type=Path, nargs="+", metavar="REPORT", help="folder, or report.json")


def _work(options: argparse.Namespace) -> None:
    reports = [read_report(path)[0] for path in options.reports]
    found = spread(reports)
    print(f"{reports[0].system} on {reports[0].data['name']}, {len(reports)} reports")
    for name, (mean, deviation) in found.items():
        print(f"{name:<18} {mean:.3f} ± {deviation:.3f}")


main = Command("evals.spread", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
