"""The Evaluation tab: how good each model version is, where it fails, and what the team decides about it.

Drawn by static/evaluation.js, which asks the handlers below one by one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol, get_args

from assistant.errors import InputError
from assistant.people.access import Access, Action
from assistant.records import LANGUAGES, Language, MistakeKind, ReportFile
from assistant.ui.calls import explain
from assistant.ui.component import component
from assistant.ui.views import Json
from assistant.version_records import VersionMove

MAX_NAME = 300
MAX_REASON = 1_000
MAX_ROWS = 10_000_000


class Evaluations(Protocol):
    """What the tab needs of whoever keeps reports, versions and runs. Ids and names are those of `overview`."""

    def overview(self) -> Json: ...

    def report(self, report_id: str) -> Json: ...

    def mistakes(
        self,
        report_id: str,
        threshold: float,
        kind: MistakeKind | None,
        language: Language | None,
        low: float,
        high: float,
        offset: int,
    ) -> Json: ...

    def changes(self, before_id: str, after_id: str, improved: bool, offset: int) -> Json: ...

    def version(self, digest: str) -> Json: ...

    def move(self, digest: str, move: VersionMove, who: str, why: str, override: str) -> Json: ...

    def start(self, digest: str, data: str, limit: int | None, drop_leaks: bool, language: Language) -> None: ...

    def run(self) -> Json | None: ...

    def cancel(self) -> None: ...

    def download(self, report_id: str, file: ReportFile) -> Json: ...


def build_evaluation_tab(evaluations: Evaluations, access: Access) -> None:
    """Lay out the tab."""
    component("evaluation", server_functions=handlers(evaluations, access))


def handlers(evaluations: Evaluations, access: Access) -> list[Callable[[Any], Json]]:
    """What the browser may call, each with one object. A reply has "ok", and "error" where that is false."""

    def evaluation_overview(request: Any) -> Json:
        return evaluations.overview() | {"manage": access.allows("manage")}

    def evaluation_report(request: Any) -> Json:
        return evaluations.report(_text(request, "id"))

    def evaluation_mistakes(request: Any) -> Json:
        return evaluations.mistakes(
            _text(request, "id"),
            _number(request, "threshold", 0, 1),
            _choice(request, "kind", get_args(MistakeKind)),
            _choice(request, "language", LANGUAGES),
            _number(request, "low", 0, 1),
            _number(request, "high", 0, 1),
            _whole(request, "offset"),
        )

    def evaluation_changes(request: Any) -> Json:
        improved = request.get("improved") is True
        return evaluations.changes(
            _text(request, "before"), _text(request, "after"), improved, _whole(request, "offset")
        )

    def evaluation_version(request: Any) -> Json:
        return evaluations.version(_text(request, "digest"))

    def evaluation_download(request: Any) -> Json:
        return evaluations.download(_text(request, "id"), _required(request, "file", get_args(ReportFile)))

    def evaluation_run(request: Any) -> Json:
        return {"run": evaluations.run()}

    def evaluation_start(request: Any) -> Json:
        limit = None if request.get("limit") is None else _whole(request, "limit", least=1)
        evaluations.start(
            _text(request, "digest"),
            _text(request, "data"),
            limit,
            request.get("drop_leaks") is True,
            _choice(request, "language", LANGUAGES) or "en",
        )
        return {"run": evaluations.run()}

    def evaluation_cancel(request: Any) -> Json:
        evaluations.cancel()
        return {"run": evaluations.run()}

    def evaluation_move(request: Any) -> Json:
        override = _text(request, "override", MAX_REASON) if request.get("override") else ""
        move = _required(request, "move", get_args(VersionMove))
        return evaluations.move(_text(request, "digest"), move, access.who, _text(request, "why", MAX_REASON), override)

    readers = (
        evaluation_overview,
        evaluation_report,
        evaluation_mistakes,
        evaluation_changes,
        evaluation_version,
        evaluation_download,
        evaluation_run,
    )
    managers = (evaluation_start, evaluation_cancel, evaluation_move)
    return [_checked(one, "evaluate", access) for one in readers] + [
        _checked(one, "manage", access) for one in managers
    ]


def _checked(handler: Callable[[Any], Json], action: Action, access: Access) -> Callable[[Any], Json]:
    def checked(request: Any = None) -> Json:
        try:
            access.check(action)
            return {"ok": True} | handler(request if isinstance(request, dict) else {})
        except Exception as error:
            return {"ok": False, "error": explain(error)}

    # The browser calls it by this name.
    checked.__name__ = handler.__name__
    return checked


def _text(request: Json, name: str, most: int = MAX_NAME) -> str:
    value = request.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{name} is missing: fill it in and try again.")
    if len(value) > most:
        raise InputError(f"{name} has {len(value):,} characters and may have {most:,}: shorten it.")
    return value


def _choice(request: Json, name: str, known: tuple[str, ...]) -> Any | None:
    return None if request.get(name) is None else _required(request, name, known)


def _required(request: Json, name: str, known: tuple[str, ...]) -> Any:
    value = request.get(name)
    if value not in known:
        raise InputError(f"{name} must be one of {', '.join(known)}: reload the page and choose again.")
    return value


def _number(request: Json, name: str, least: float, most: float) -> float:
    value = request.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{name} must be a number: correct it and try again.")
    if not least <= value <= most:
        raise InputError(f"{name} must lie between {least} and {most}: correct it and try again.")
    return float(value)


def _whole(request: Json, name: str, least: int = 0) -> int:
    value = _number(request, name, least, MAX_ROWS)
    if value != int(value):
        raise InputError(f"{name} must be a whole number: correct it and try again.")
    return int(value)
