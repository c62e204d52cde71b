"""Which reports there are, and what they say. Reading one again costs nothing until its file changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from assistant.errors import InputError
from assistant.settings import Settings
from evals.reporting.report import REPORT, Report, found_reports, read_report
from evals.row_records import MeasuredRow

SHIPPED = Path(__file__).resolve().parents[1] / "reports"
# Reports whose rows stay in memory; the figures of all others do.
KEPT = 6

Rows = list[MeasuredRow]
_Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shelved:
    """A report and its place: `id` is the shelf's name and the folder below it, and no path to open."""

    id: str
    folder: Path
    report: Report


class Shelf:
    """The reports below some folders, given by name. Safe for many threads."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = dict(folders)
        self._lock = Lock()
        self._heads: dict[Path, tuple[_Stamp, Report]] = {}
        self._rows: OrderedDict[tuple[Path, _Stamp], Rows] = OrderedDict()

    def all(self) -> tuple[list[Shelved], list[str]]:
        """Every report, newest first, and what is wrong with those that cannot be read."""
        found, problems = [], []
        for name, below in self._folders.items():
            for folder in found_reports(below):
                try:
                    report = self._head(folder)
                except InputError as error:
                    problems.append(str(error))
                else:
                    found.append(Shelved(f"{name}/{folder.relative_to(below).as_posix()}", folder, report))
        return sorted(found, key=lambda one: one.report.created, reverse=True), problems

    def find(self, report_id: str) -> Shelved:
        """Raises `InputError` when no report has this id."""
        for one in self.all()[0]:
            if one.id == report_id:
                return one
        raise InputError("This report is no longer there: reload the page to see which ones are.")

    def rows(self, shelved: Shelved) -> Rows:
        """The rows of a report. Do not change them: others read the same ones."""
        key = (shelved.folder, _stamp(shelved.folder))
        with self._lock:
            if key in self._rows:
                self._rows.move_to_end(key)
                return self._rows[key]
        _, rows = read_report(shelved.folder)
        with self._lock:
            self._rows[key] = rows
            while len(self._rows) > KEPT:
                self._rows.popitem(last=False)
        return rows

    def _head(self, folder: Path) -> Report:
        stamp = _stamp(folder)
        with self._lock:
            known = self._heads.get(folder)
        if known and known[0] == stamp:
            return known[1]
        report, _ = read_report(folder)
        with self._lock:
            self._heads[folder] = stamp, report
        return report


def shelf_of(settings: Settings) -> Shelf:
    """The reports of this machine, and those that come with Resposta."""
    return Shelf({"measured": settings.data_dir / "evaluations", "shipped": SHIPPED})


def _stamp(folder: Path) -> _Stamp:
    """Another one whenever the report was written again."""
    try:
        found = (folder / REPORT).stat()
    except FileNotFoundError:
        raise InputError(f"{folder / REPORT} is no longer there: measure again.") from None
    return found.st_mtime_ns, found.st_size
