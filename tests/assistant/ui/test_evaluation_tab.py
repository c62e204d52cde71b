"""The Evaluation tab's handlers: who may call them, and what they let through to whoever keeps the reports."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from assistant.errors import InputError
from assistant.people.access import Access
from assistant.records import MistakeKind, ReportFile
from assistant.settings import Settings
from assistant.ui.evaluation_tab import MAX_REASON, handlers
from assistant.version_records import VersionMove
from evals.reporting.report import PAGE, REPORT
from evals.row_records import ROWS

MANAGERS = ("evaluation_start", "evaluation_cancel", "evaluation_move")
MISTAKES = {"id": "r", "threshold": 0.5, "kind": None, "language": None, "low": 0, "high": 1, "offset": 0}
MOVE = {"digest": "d", "move": "staging", "why": "better"}


class Recorder:
    """Remembers every call; raises `error` where it is set."""

    def __init__(self) -> None:
        self.calls: list[tuple] = []
        self.error: Exception | None = None

    def __getattr__(self, name: str):
        def called(*arguments: Any) -> dict[str, Any]:
            self.calls.append((name, *arguments))
            if self.error:
                raise self.error
            return {"from": name}

        return called


@pytest.fixture
def keeper() -> Recorder:
    return Recorder()


@pytest.fixture
def tab(keeper):
    return {one.__name__: one for one in handlers(keeper, Access(Settings(demo=False)))}


@pytest.mark.parametrize("request_", [{}, MISTAKES, MOVE, None, 7, "x", [1]])
def test_a_visitor_reaches_nothing(keeper, request_):
    for handler in handlers(keeper, Access(Settings(demo=True))):
        reply = handler(request_)
        assert not reply["ok"]
        assert "switched off" in reply["error"]
    assert keeper.calls == []


def test_one_who_may_only_read_changes_nothing(keeper):
    class Reader(Access):
        def allows(self, action) -> bool:
            return action == "evaluate"

    replies = {one.__name__: one({}) for one in handlers(keeper, Reader(Settings(demo=False)))}
    assert all("switched off" in replies[name]["error"] for name in MANAGERS)
    assert replies["evaluation_overview"] == {"ok": True, "from": "overview", "manage": False}
    assert {name for name, *_ in keeper.calls} <= {"overview", "run"}


def test_what_is_asked_arrives(tab, keeper):
    tab["evaluation_mistakes"](MISTAKES | {"kind": "missed", "language": "pt", "low": 0.25, "offset": 20})
    tab["evaluation_changes"]({"before": "a", "after": "b", "improved": True, "offset": 0})
    tab["evaluation_move"](MOVE | {"override": "we know"})
    tab["evaluation_start"]({"digest": "d", "data": "shop-en", "limit": 10})
    tab["evaluation_start"]({"digest": "d", "data": "own:a.csv", "drop_leaks": True, "language": "pt"})
    assert keeper.calls == [
        ("mistakes", "r", 0.5, "missed", "pt", 0.25, 1.0, 20),
        ("changes", "a", "b", True, 0),
        ("move", "d", "staging", "local", "better", "we know"),
        ("start", "d", "shop-en", 10, False, "en"),
        ("run",),
        ("start", "d", "own:a.csv", None, True, "pt"),
        ("run",),
    ]


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("evaluation_report", {}),
        ("evaluation_report", {"id": 7}),
        ("evaluation_report", {"id": "x" * 301}),
        ("evaluation_mistakes", MISTAKES | {"threshold": 1.01}),
        ("evaluation_mistakes", MISTAKES | {"threshold": float("nan")}),
        ("evaluation_mistakes", MISTAKES | {"threshold": True}),
        ("evaluation_mistakes", MISTAKES | {"threshold": "0.5"}),
        ("evaluation_mistakes", MISTAKES | {"low": -0.1}),
        ("evaluation_mistakes", MISTAKES | {"kind": "x"}),
        ("evaluation_mistakes", MISTAKES | {"kind": ["missed"]}),
        ("evaluation_mistakes", MISTAKES | {"language": "fr"}),
        ("evaluation_mistakes", MISTAKES | {"offset": -1}),
        ("evaluation_mistakes", MISTAKES | {"offset": 1.5}),
        ("evaluation_changes", {"before": "a", "offset": 0}),
        ("evaluation_download", {"id": "r", "file": "../report.json"}),
        ("evaluation_start", {"digest": "d", "data": "shop-en", "limit": 0}),
        ("evaluation_start", {"digest": "d", "limit": 5}),
        ("evaluation_start", {"digest": "d", "data": "shop-en", "language": "fr"}),
        ("evaluation_move", MOVE | {"move": "candidate"}),
        ("evaluation_move", MOVE | {"why": " "}),
        ("evaluation_move", MOVE | {"why": "x" * (MAX_REASON + 1)}),
        ("evaluation_move", MOVE | {"override": 3}),
    ],
)
def test_what_is_malformed_does_not_arrive(tab, keeper, name, request_):
    reply = tab[name](request_)
    assert not reply["ok"]
    assert "Something went wrong" not in reply["error"]
    assert keeper.calls == []


def test_our_errors_are_told_and_others_get_a_number(tab, keeper):
    keeper.error = InputError("Not there: choose another.")
    assert tab["evaluation_report"]({"id": "r"}) == {"ok": False, "error": "Not there: choose another."}
    keeper.error = ValueError("a customer's words")
    reply = tab["evaluation_report"]({"id": "r"})
    assert "customer" not in reply["error"]
    assert "(error " in reply["error"]


def test_every_kind_move_and_file_that_there_is_arrives(tab, keeper):
    kinds = [kind for row in ROWS.values() for kind in row.MISTAKES]
    assert set(get_args(MistakeKind)) == set(kinds) and get_args(ReportFile) == (REPORT, PAGE)
    asked = [("evaluation_mistakes", MISTAKES | {"kind": kind}) for kind in kinds]
    asked += [("evaluation_move", MOVE | {"move": move}) for move in get_args(VersionMove)]
    asked += [("evaluation_download", {"id": "r", "file": file}) for file in (REPORT, PAGE)]
    assert all(tab[name](request)["ok"] for name, request in asked)
    assert len(keeper.calls) == len(asked) == 7 + 4 + 2
