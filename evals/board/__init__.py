"""What the Evaluation tab asks for: reports, mistakes, model versions, and runs. Everything leaves as plain JSON.

What computes is imported when it is first asked for: scikit-learn takes seconds, which the app's start shall not wait.
"""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

from assistant.errors import InputError
from assistant.records import Language, MistakeKind, ReportFile
from assistant.settings import Settings
from assistant.tasks import RowKind, tasks_on
from assistant.ui.views import Json
from assistant.version_records import VersionMove
from assistant.versions.registry import Registry
from evals.board.evaluation_process import Child, EvaluationRequest
from evals.board.views import change_view, event_view, head_view, mistake_view, page_view, version_view
from evals.reporting.mistakes import changed, choose, find_mistakes
from evals.reporting.report_index import shelf_of
from evals.row_records import ROWS

# Stands before the names of what was placed in the data folder.
OWN = "own:"


class Board(contextlib.AbstractContextManager):
    """Reads reports and moves versions for many threads at once; ends a run that it started when it is left."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings = settings
        self._registry = registry
        folder = settings.data_dir / "evaluations"
        self._own_data = folder / "data"
        self._shelf = shelf_of(settings)
        self._child = Child(settings, folder / "runs")

    def __exit__(self, *_: object) -> None:
        self._child.close()

    def overview(self) -> Json:
        """Every report's head, every version, what can be measured, and how a run stands."""
        reports, problems = self._shelf.all()
        return {
            "reports": [head_view(one) for one in reports],
            "problems": problems,
            "versions": [version_view(one) for one in self._registry.list()],
            "data": self._data(),
            "run": self._child.progress(),
            "unfinished": [dataclasses.asdict(asked) for asked in self._child.unfinished()],
        }

    def report(self, report_id: str) -> Json:
        """A report with the points of its charts, without its rows."""
        from evals.reporting.kinds import KINDS

        shelved = self._shelf.find(report_id)
        report, rows = shelved.report, self._shelf.rows(shelved)
        known = dataclasses.asdict(report) | {"id": report_id, "branded": report.is_branded}
        return known | KINDS[report.kind].charts(rows)

    def mistakes(
        self,
        report_id: str,
        threshold: float,
        kind: MistakeKind | None,
        language: Language | None,
        low: float,
        high: float,
        offset: int,
    ) -> Json:
        """One page of a report's mistakes, worst first, and how many there are of each kind."""
        shelved = self._shelf.find(report_id)
        found = find_mistakes(self._shelf.rows(shelved), threshold)
        chosen = choose(found, kind, language, low, high)
        of_any_kind = choose(found, None, language, low, high)
        kinds = {name: sum(one.kind == name for one in of_any_kind) for name in ROWS[shelved.report.kind].MISTAKES}
        counts = {"kinds": kinds, "branded": shelved.report.is_branded}
        return page_view(chosen, offset, mistake_view) | counts

    def changes(self, before_id: str, after_id: str, improved: bool, offset: int) -> Json:
        """One page of the rows that only one of two reports got right: the later (`improved`) or the earlier one.

        With the number of rows each alone got right, and McNemar's exact p-value.
        """
        from evals.measures.classification import mcnemar

        before, after = self._shelf.find(before_id), self._shelf.find(after_id)
        both = changed(before.report, self._shelf.rows(before), after.report, self._shelf.rows(after))
        if not both:
            raise InputError("These two reports have no row in common: choose two that measured the same rows.")
        lost, won, p_value = mcnemar([row.was_right for row in both], [row.is_right for row in both])
        wanted = [row for row in both if row.was_right != row.is_right and row.is_right == improved]
        counts = {"rows_compared": len(both), "won": won, "lost": lost, "p_value": p_value}
        return page_view(wanted, offset, change_view) | counts

    def version(self, digest: str) -> Json:
        """A version with its loss curves and everything that happened to it, newest first."""
        from evals.reporting.curves import loss_curves

        found, events = self._registry.show(digest)
        return version_view(found) | {
            "losses": loss_curves(found.version.history),
            "parameters": found.version.parameters,
            "licences": found.version.licences,
            "events": [event_view(event) for event in reversed(events)],
        }

    def move(self, digest: str, move: VersionMove, who: str, why: str, override: str) -> Json:
        """Promote, archive or roll back; the version that moved. Where the gate refused, its `checks` instead."""
        from evals.gate.checks import GateRefused, promote

        if move == "archive":
            return version_view(self._registry.archive(digest, who, why))
        if move == "roll back":
            return version_view(self._registry.rollback(self._registry.find(digest).version.task, who, why))
        try:
            return version_view(promote(self._registry, self._settings, digest, move, who, why, override))
        except GateRefused as refused:
            return {"checks": [dataclasses.asdict(check) for check in refused.outcome.checks]}

    def start(
        self, digest: str, data: str, limit: int | None, drop_leaks: bool = False, language: Language = "en"
    ) -> None:
        """Measure a version on one of the data sets that `overview` lists; `language` is that of a CSV which does not
        name it."""
        version = self._registry.find(digest).version
        if data not in (one["name"] for one in self._data()):
            raise InputError("This data set is not there: choose one of the list.")
        place = str(self._own_data / data.removeprefix(OWN)) if data.startswith(OWN) else data
        self._child.start(EvaluationRequest(version.digest, data, limit, drop_leaks, language), place)

    def run(self) -> Json | None:
        """How the run stands, or how the last one ended."""
        return self._child.progress()

    def cancel(self) -> None:
        self._child.cancel()

    def download(self, report_id: str, file: ReportFile) -> Json:
        """A report's file as text."""
        folder = self._shelf.find(report_id).folder
        try:
            return {"name": file, "text": (folder / file).read_text(encoding="utf-8")}
        except FileNotFoundError:
            raise InputError(f"This report has no {file}: measure again to have one.") from None

    def _data(self) -> list[Json]:
        """Data sets by the name that `start` takes, each once for every task that is measured on such rows: the
        catalogue's, and what was placed in the data folder or one folder below it."""
        from evals.data.named_sets import NAMES, SUFFIXES, NamedSet

        placed = sorted([*self._own_data.glob("*"), *self._own_data.glob("*/*")])
        kinds: dict[Path, RowKind] = {path: SUFFIXES[path.suffix] for path in placed if path.suffix in SUFFIXES}
        kinds |= {path.parent: "pairs" for path in placed if path.name == "faqs.jsonl"}
        own = {
            OWN + path.relative_to(self._own_data).as_posix(): NamedSet("placed in the data folder", kind)
            for path, kind in kinds.items()
        }
        return [
            {"name": name, "about": one.about, "task": task.name}
            for name, one in (NAMES | own).items()
            for task in tasks_on(one.kind)
        ]
