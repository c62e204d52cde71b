"""Two or more reports on the same rows, side by side.

    python -m evals.compare REPORT REPORT … [--out DIR]

Each REPORT is a folder or a report.json. The others are compared with the first one: McNemar's test on who was right
where, and the difference with its interval from rows resampled in pairs.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from assistant.command_line.runner import Command
from assistant.errors import InputError
from assistant.tasks import TASKS
from assistant.whole_file import write_whole
from evals.reporting.comparison import compare, draw, named, on_shared_rows, table
from evals.reporting.report import read_report


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reports", type=Path, nargs="+", metavar="REPORT", help="folder or report.json")
    parser.add_argument("--out", type=Path, metavar="DIR", help="also write comparison.json and comparison.png there")


def _work(options: argparse.Namespace) -> None:
    if len(options.reports) < 2:
        raise InputError("One report has nothing to be compared with: give two reports or more.")
    found = on_shared_rows([read_report(path) for path in options.reports])
    differences = [compare(found[0], other) for other in found[1:]]
    reports = [report for report, _ in found]
    print(f"{reports[0].data['name']}, the {reports[0].data['measured']:,} rows that all of them measured")
    for line in table(reports):
        print(line)
    what = TASKS[reports[0].task].compared.label
    for one in differences:
        print(
            f"{one.second} less {one.first}: {what} {one.gain:+.3f} [{one.low:+.3f}, {one.high:+.3f}] on {one.rows} "
            f"rows; right alone {one.only_second} against {one.only_first}, McNemar p {one.p_value:.3g}"
        )
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        draw(reports, options.out / "comparison.png")
        content = {"reports": [named(report) for report in reports], "differences": [asdict(d) for d in differences]}
        write_whole(options.out / "comparison.json", json.dumps(content, indent=1) + "\n")


main = Command("evals.compare", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
