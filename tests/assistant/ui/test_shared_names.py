"""Names that Python and the page's modules share.

The type check (`make check`) holds the modules to the interfaces of static/*.d.ts; here Python is held to the same.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import gradio as gr
import pytest

from assistant.errors import StoreError
from assistant.people.access import Access
from assistant.records import (
    LANGUAGES,
    VERBS,
    Answer,
    Candidate,
    DeskStatus,
    Differences,
    Fault,
    Feedback,
    Label,
    MistakeKind,
    Part,
    Reading,
    Reason,
    ReasonUpdate,
    ReportFile,
    Signals,
    Suggestion,
    Turn,
    Verdict,
)
from assistant.settings import Settings
from assistant.tasks import TASKS
from assistant.ui import desk_tab, evaluation_tab, page, read_tab
from assistant.ui.component import STATIC, tell_page
from assistant.ui.conversation import Conversation, new_conversation
from assistant.version_records import Stage, VersionMove
from evals.board import Board
from evals.gate import checks
from evals.runs.progress import State
from tests.support.evaluations import write_samples
from tests.support.page_contract import Contract, Request, read_contract

VERDICT = Verdict(
    Candidate(Answer("a1", "Where is it?", "On its way.", "en"), "Where is it?", 0.9, 1.0),
    0.9,
    "same",
    Signals(0.9, None, 0.2),
    Differences((), ()),
)
SUGGESTION = Suggestion("i1", (Part("Where is my order?", "en", (VERDICT,), (VERDICT,)),), "base", None, "v1")
# A value that every handler takes, by the name of the request's field.
VALID: dict[str, Any] = {
    "verdict": "up",
    "threshold": 0.5,
    "low": 0.0,
    "high": 1.0,
    "offset": 0,
    "kind": None,
    "limit": 2,
    "language": "en",
    "move": "staging",
    "file": "report.json",
    "improved": True,
    "drop_leaks": False,
}


class OneAnswerDesk:
    """A desk that knows one answer to everything."""

    def suggest(self, question: str, language: str, conversation: str, who: str) -> Suggestion:
        return SUGGESTION

    def reasons(self, suggestion: Suggestion) -> Iterator[ReasonUpdate]:
        yield ReasonUpdate(0, "a1", "Both", None)
        yield ReasonUpdate(0, "a1", "Both ask it.", Reason("Both ask it."))

    def history(self, conversation: str) -> list[Turn]:
        given = (Feedback("i1", "a1", "up"),)
        return [Turn("Where?", SUGGESTION, {"a1": Reason("Both ask it.")}, given, dt.datetime.now(dt.UTC))]

    def feedback(self, feedback: Feedback, who: str, edited_text: str) -> None: ...

    def write_answer(self, *fields: Any) -> Answer:
        return VERDICT.candidate.answer

    def status(self) -> DeskStatus:
        return DeskStatus("base", None, {"en": ("cosine",), "pt": ()}, 1)

    def read(self, question: str, context: str) -> Reading:
        return Reading("it", 0, 2, 0.5)

    def search(self, query: str, limit: int) -> list[Candidate]:
        return [VERDICT.candidate]


class AwayDesk(OneAnswerDesk):
    """A desk whose conversations cannot be read right now."""

    def history(self, conversation: str) -> list[Turn]:
        raise StoreError("The database is away; try again.")


@pytest.fixture
def contract() -> Contract:
    return read_contract()


@pytest.fixture
def access() -> Access:
    return Access(Settings(demo=False))


@pytest.fixture
def components(monkeypatch: pytest.MonkeyPatch, access: Access) -> dict[str, dict[str, set[str]]]:
    """Of each component of the page: its "events", its server "functions", and the "lost" calls that it is told of."""
    found: dict[str, dict[str, set[str]]] = {}
    lost: set[str] = set()

    def recorded(make: Callable) -> Callable:
        def component(name: str, events: Any = (), server_functions: Any = ()) -> Any:
            found[name] = {"events": set(events), "functions": {one.__name__ for one in server_functions}, "lost": lost}
            return make(name, events, server_functions)

        return component

    for tab in (desk_tab, read_tab, evaluation_tab):
        monkeypatch.setattr(tab, "component", recorded(tab.component))
    for tab in (desk_tab, read_tab):
        monkeypatch.setattr(tab, "tell_page", lambda what: lost.add(what) or tell_page(what))
    page.build_page(OneAnswerDesk(), SimpleNamespace(), access, "secret", 1)
    return found


def asked(contract: Contract, name: str, call: Callable[[Request], Any], **values: Any) -> Any:
    """What `call` replies to a request of the interface `name`, of which it must read every field and no other."""
    request = Request({key: VALID.get(key, "x") for key in contract.records.get(name, {})} | values)
    reply = call(request)
    contract.check_read(name, request.read)
    return reply


def test_texts_that_mean_something_are_known_on_both_sides(contract: Contract) -> None:
    states = {"starting", "stopping", *get_args(State)}
    assert contract.texts.keys() == {
        *("Language", "Label", "Verb", "Fault", "Task", "Stage", "Move", "MistakeKind", "ReportFile", "RunState")
    }
    assert contract.texts["Language"] == set(LANGUAGES)
    assert contract.texts["Label"] == set(get_args(Label))
    assert contract.texts["Verb"] == set(VERBS)
    assert contract.texts["Fault"] == set(get_args(Fault))
    assert contract.texts["Task"] == set(TASKS)
    assert contract.texts["Stage"] == set(get_args(Stage))
    assert contract.texts["Move"] == set(get_args(VersionMove))
    assert contract.texts["MistakeKind"] == set(get_args(MistakeKind))
    assert contract.texts["ReportFile"] == set(get_args(ReportFile))
    assert contract.texts["RunState"] == states


def test_events_and_server_functions_are_known_on_both_sides(contract: Contract, components: dict) -> None:
    desk, read, evaluation = components["desk"], components["read"], components["evaluation"]
    assert desk["events"] == contract.records["DeskEvents"].keys()
    assert desk["functions"] == contract.records["DeskFunctions"].keys()
    assert read["events"] == contract.records["ReadEvents"].keys()
    assert evaluation["functions"] == contract.records["EvaluationFunctions"].keys()
    assert not any(components[name]["events"] | components[name]["functions"] for name in ("reasons", "find"))
    # A call that gets lost is told by its event's name; nothing waits for the other two.
    assert desk["lost"] == (desk["events"] | read["events"]) - {"halt", "fresh"}


def test_the_pages_own_events_have_one_name_each() -> None:
    declared = (STATIC / "gradio_component.d.ts").read_text(encoding="utf-8")
    names = set(re.findall(r"resposta:\w+", declared))
    modules = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.js"))
    assert set(re.findall(r"resposta:\w+", modules + tell_page("x"))) == names
    assert set(re.findall(r'new CustomEvent\("(resposta:\w+)"', modules)) | {"resposta:failed"} == names


def test_the_desk_and_its_page_name_every_field_alike(contract: Contract, access: Access) -> None:
    conversation = Conversation(OneAnswerDesk(), access)
    mine = new_conversation()
    contract.check("ThreadMessage", conversation.thread(mine)[1])
    contract.check("ThreadMessage", Conversation(AwayDesk(), access).thread(mine)[1])
    turn = asked(contract, "AskRequest", lambda request: conversation.ask(mine, request))
    contract.check("TurnMessage", turn)
    for message in asked(contract, "ExplainRequest", lambda request: [*conversation.reasons(mine, request)], id="i1"):
        contract.check("ReasonsMessage", message)
    (broken,) = conversation.reasons("nobody's", {})
    contract.check("ReasonsMessage", broken)
    contract.check("FailedMessage", conversation.ask("nobody's", {}))
    assert asked(contract, "FeedbackRequest", conversation.feedback) == {"ok": True}
    written = asked(contract, "WriteRequest", conversation.write)
    assert written.pop("ok")
    contract.check("WriteReply", written)
    check_all_seen(contract, "records.d.ts", read_by_another_test=("Read", "Find", "Found", "Candidate"))


def test_the_reader_and_its_page_name_every_field_alike(contract: Contract, access: Access) -> None:
    with gr.Blocks() as blocks:
        read_tab.build_read_tab(OneAnswerDesk(), access)
    handlers = {one.name: one.fn for one in blocks.fns.values()}

    def called(name: str) -> Callable[[Request], Any]:
        return lambda request: handlers[name](SimpleNamespace(_data=request))

    contract.check("ReadingMessage", asked(contract, "ReadRequest", called("read")))
    contract.check("FoundMessage", asked(contract, "FindRequest", called("find")))
    assert "Candidate" in contract.seen
    access.check = refuse
    for name in ("read", "find"):
        contract.check("ReadFailedMessage", called(name)(Request({})))


def refuse(action: str) -> None:
    raise RuntimeError(action)


@pytest.fixture
def board(settings: Settings, registry: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    """A board with reports and versions, on which a run ends at once."""
    write_samples(settings.data_dir / "evaluations" / "runs")
    registry.register_shipped()
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with Board(settings, registry) as opened:
        yield opened


def test_the_evaluation_tab_and_its_page_name_every_field_alike(
    contract: Contract, access: Access, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers = {one.__name__: one for one in evaluation_tab.handlers(board, access)}

    def told(name: str, **values: Any) -> dict[str, Any]:
        request, reply = re.findall(r"\w+", contract.records["EvaluationFunctions"][f"evaluation_{name}"])
        found = asked(contract, request, handlers[f"evaluation_{name}"], **values)
        assert found.pop("ok"), found
        contract.check(reply, found)
        return found

    overview = told("overview")
    ids = [one["id"] for one in overview["reports"]]
    judge = next(one for one in ids if one.endswith("runs/judge"))
    cosine = next(one for one in ids if one.endswith("runs/cosine"))
    digest = overview["versions"][0]["digest"]
    for one in ids:
        told("report", id=one)
        told("mistakes", id=one, language=None)
    told("changes", before=cosine, after=judge)
    told("version", digest=digest)
    told("download", id=judge)
    told("start", digest=digest, data="shop-en")
    told("run")
    told("overview")
    assert not handlers["evaluation_cancel"]({})["ok"]
    monkeypatch.setattr(checks, "promote", refused)
    told("move", digest=digest)
    check_all_seen(contract, "evaluation_records.d.ts")


def refused(*_: Any) -> None:
    raise checks.GateRefused(checks.Outcome("c" * 64, None, (checks.Check("F1", "0.5", "0.6", False),)))


def check_all_seen(contract: Contract, file: str, read_by_another_test: tuple[str, ...] = ()) -> None:
    """No interface of `file` has a field that Python neither sends nor reads."""
    declared = re.findall(r"^export interface (\w+)", (STATIC / file).read_text(encoding="utf-8"), re.MULTILINE)
    for name in declared:
        if not name.endswith(("Functions", "Events")) and not name.startswith(read_by_another_test or "?"):
            left = contract.records[name].keys() - contract.seen.get(name, set())
            assert not left, f"nothing of Python's has {name}'s {sorted(left)}"


# A class that is put together: what stands before "${", and the ends that it may have.
MADE = {"rp-s": "123456", "rp-stage-": get_args(Stage), "rp-": get_args(Label)}


def test_every_style_is_for_something_that_is_made(contract: Contract, components: dict) -> None:
    styles = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.css"))
    sources = [*STATIC.glob("*.js"), *Path(page.__file__).parent.glob("*.py")]
    made = "".join(path.read_text(encoding="utf-8") for path in sources)
    known = set(re.findall(r"\brp-[\w-]*\w(?![\w$-])", made)) | {f"rp-{name}" for name in components}
    known |= {start + end for start, ends in MADE.items() for end in ends}
    known |= {f"rp-run-{state}" for state in contract.texts["RunState"]}
    known |= {f"rp-part-{name.replace(' ', '-')}" for name in contract.records["Outcomes"]}
    styled = set(re.findall(r"[.#](rp-[\w-]+)", styles))
    assert styled - known == set()


def test_every_style_sheet_is_linked() -> None:
    assert {f"{name}.css" for name in page.STYLES} == {path.name for path in STATIC.glob("*.css")}
    for name in page.STYLES:
        assert f'href="ui/{name}.css"' in page.HEAD
