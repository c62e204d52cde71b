"""Reports, versions and rows as the plain JSON that the Evaluation tab shows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeVar

from assistant.text.words import compare
from assistant.ui.views import Json, differences_view
from assistant.version_records import RegisteredVersion, StageEvent
from evals.reporting.mistakes import Change, Mistake
from evals.reporting.report import PAGE, REPORT
from evals.reporting.report_index import Shelved
from evals.row_records import MeasuredPair, MeasuredRow

# Mistakes and changed rows that are sent at once.
PAGE_ROWS = 20

T = TypeVar("T")


def head_view(shelved: Shelved) -> Json:
    """A report without its rows; `files` are those that can be opened."""
    report = shelved.report
    names = ("task", "system", "model", "data", "leaks", "threshold", "figures", "created")
    files = [file for file in (REPORT, PAGE) if (shelved.folder / file).is_file()]
    return {name: getattr(report, name) for name in names} | {
        "id": shelved.id,
        "branded": report.is_branded,
        "files": files,
    }


def version_view(registered: RegisteredVersion) -> Json:
    """A version; times are ISO 8601."""
    version = registered.version
    return {
        "digest": version.digest,
        "task": version.task,
        "name": version.name,
        "base": version.base,
        "stage": registered.stage,
        "origin": registered.origin,
        "created": version.created.isoformat(),
        "added": registered.added_at.isoformat(),
        "metrics": version.metrics,
    }


def event_view(event: StageEvent) -> Json:
    """What happened to a version."""
    return dataclasses.asdict(event) | {"at": event.at.isoformat()}


def mistake_view(mistake: Mistake) -> Json:
    """A mistake with the words in which the judge sees its questions differ."""
    view = {"kind": mistake.kind, "score": mistake.score, "row": mistake.row.to_json()}
    return view | {"differences": row_differences(mistake.row)}


def change_view(change: Change) -> Json:
    """Either report may lack the row's texts, which are the same in both."""
    return {
        "before": change.before.to_json(),
        "after": change.after.to_json(),
        "was_right": change.was_right,
        "is_right": change.is_right,
        "differences": row_differences(change.after) or row_differences(change.before),
    }


def row_differences(row: MeasuredRow) -> Json | None:
    """What the Desk marks in two questions; None for a reading, and for a pair whose report carries no texts."""
    if not isinstance(row, MeasuredPair) or row.question1 is None or row.question2 is None:
        return None
    differences, _ = compare(row.question1, row.question2, row.language)
    return differences_view(differences)


def page_view(found: Sequence[T], offset: int, view: Callable[[T], Json]) -> Json:
    """PAGE_ROWS of what was found from `offset` on."""
    rows = [view(one) for one in found[offset : offset + PAGE_ROWS]]
    return {"total": len(found), "offset": offset, "size": PAGE_ROWS, "rows": rows}
