"""The Desk tab's handlers on a scripted desk: here a reason's exact words and an iterator's end matter."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterator

import pytest

from assistant.errors import BusyError, InputError, StoreError
from assistant.people.access import Access
from assistant.records import (
    Answer,
    Candidate,
    DeskStatus,
    Differences,
    Feedback,
    Part,
    Reason,
    ReasonUpdate,
    Signals,
    Suggestion,
    Turn,
    Verdict,
)
from assistant.settings import Settings
from assistant.ui.conversation import Conversation, is_conversation, new_conversation

VERDICT = Verdict(
    Candidate(
        Answer("a1", "Where is my parcel?", "On its way, {name}.", "en", ("delivery",)), "Where's it?", 0.91, 1.0
    ),
    0.93,
    "same",
    Signals(0.91, None, 0.2),
    Differences(("order",), ("parcel",)),
)
SUGGESTION = Suggestion("i1", (Part("Where is my order?", "en", (VERDICT,), ()),), "base", None, "v1")
WORDS = ("Both ask", "Both ask where it is.")


class ScriptedDesk:
    """Says what it is told, and remembers how it was called."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.away = False
        self.calls: list[tuple] = []
        self.writing_ended = False
        self.conversations: dict[str, list[Turn]] = {}

    def _called(self, *call) -> None:
        self.calls.append(call)
        if self.error:
            raise self.error

    def suggest(self, question, language="auto", conversation=None, who="local") -> Suggestion:
        self._called("suggest", question, language, conversation, who)
        turn = Turn(question, SUGGESTION, {}, (), dt.datetime.now(dt.UTC))
        self.conversations.setdefault(conversation, []).append(turn)
        return SUGGESTION

    def reasons(self, suggestion, near_misses=True) -> Iterator[ReasonUpdate]:
        try:
            yield ReasonUpdate(0, "a1", WORDS[0])
            yield ReasonUpdate(0, "a1", WORDS[1], Reason(WORDS[1]))
            if self.error:
                raise self.error
        finally:
            self.writing_ended = True

    def history(self, conversation) -> list[Turn]:
        if self.away:
            raise StoreError("The database is away; try again.")
        return list(self.conversations.get(conversation, ()))

    def feedback(self, feedback, who="local", edited_text="") -> None:
        self._called("feedback", feedback, who, edited_text)

    def write_answer(self, question, answer, language="auto", tags=(), author="") -> Answer:
        self._called("write", question, answer, language, list(tags))
        return VERDICT.candidate.answer

    def status(self) -> DeskStatus:
        return DeskStatus("base", None, {"en": ("cosine",), "pt": ("cosine",)}, 1)


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


@pytest.fixture
def page(desk) -> Conversation:
    return Conversation(desk, Access(Settings(demo=False)))


@pytest.fixture
def demo(desk) -> Conversation:
    return Conversation(desk, Access(Settings(demo=True)))


def test_ids_are_random_and_recognised():
    assert is_conversation(new_conversation())
    assert new_conversation() != new_conversation()


# Workers of pytest-xdist must collect the same names, so nothing here is drawn.
@pytest.mark.parametrize(
    "known", [None, "", "1", "../x", 7, ["a"], "{}", "814f63eb-e72d-4e6a-8814-4ddec5e9e1a0\n", "0" * 36]
)
def test_an_unusable_id_gets_a_new_one_and_no_turns(page, desk, known):
    desk.conversations[known if isinstance(known, str) else "x"] = [Turn("q", SUGGESTION, {}, (), dt.datetime.now())]
    made, thread = page.thread(known)
    assert is_conversation(made)
    assert made != known
    assert thread["turns"] == []


def test_a_reload_brings_the_turns_back_with_reasons_and_votes(page, desk):
    mine = new_conversation()
    given = (Feedback("i1", "a1", "used"), Feedback("i1", "a1", "down", "wrong"))
    desk.conversations[mine] = [Turn("Where?", SUGGESTION, {"a1": Reason("Because.")}, given, dt.datetime.now())]
    known, thread = page.thread(mine)
    card = thread["turns"][0]["parts"][0]["matches"][0]
    assert known == mine
    assert card["reason"] == {"text": "Because.", "hidden": None}
    assert card["voted"] == "down"
    assert thread["status"]["answers"] == 1


def test_a_conversation_that_cannot_be_read_right_now_keeps_its_id(page, desk):
    mine = new_conversation()
    desk.away = True
    known, thread = page.thread(mine)
    assert known == mine
    assert thread["error"] == "The database is away; try again."


def test_a_question_becomes_a_turn_of_plain_json(page, desk):
    mine = new_conversation()
    reply = page.ask(mine, {"text": "Where is my order?", "language": "en", "key": "k"})
    assert desk.calls == [("suggest", "Where is my order?", "en", mine, "local")]
    assert (reply["kind"], reply["key"], reply["turn"]["id"]) == ("turn", "k", "i1")
    assert json.loads(json.dumps(reply)) == reply


def test_two_equal_replies_still_differ_so_that_the_page_notices(page):
    mine = new_conversation()
    first, second = (page.ask(mine, {"text": "x", "key": "k"}) for _ in range(2))
    assert first["n"] != second["n"]


@pytest.mark.parametrize("error", [InputError("Too long; shorten it."), BusyError("Busy; try later.")])
def test_our_errors_reach_the_page_as_they_are(page, desk, error):
    desk.error = error
    reply = page.ask(new_conversation(), {"text": "x", "key": "k"})
    assert (reply["kind"], reply["key"], reply["error"]) == ("failed", "k", str(error))


def test_other_errors_reach_it_as_a_number_and_their_text_is_not_logged(page, desk, caplog):
    desk.error = ValueError("the customer's secret")
    with caplog.at_level(logging.ERROR):
        reply = page.ask(new_conversation(), {"text": "x", "key": "k"})
    number = reply["error"].split("(error ")[1].split(")")[0]
    assert "secret" not in reply["error"]
    assert number in caplog.records[0].getMessage()
    assert "secret" not in caplog.records[0].getMessage()


def test_a_foreign_conversation_id_is_refused_before_the_desk_sees_it(page, desk):
    assert "malformed" in page.ask("not-an-id", {"text": "x"})["error"]
    assert desk.calls == []


def test_reasons_arrive_with_all_text_so_far_and_an_end(page):
    mine = new_conversation()
    page.ask(mine, {"text": "x"})
    messages = list(page.reasons(mine, {"id": "i1"}))
    assert messages[0]["reasons"]["0/a1"] == {"text": WORDS[0], "hidden": None, "done": False}
    assert messages[-1]["reasons"]["0/a1"] == {"text": WORDS[1], "hidden": None, "done": True}
    assert [message["done"] for message in messages] == [False, False, True]


def test_closing_the_page_ends_the_writing(page, desk):
    mine = new_conversation()
    page.ask(mine, {"text": "x"})
    messages = page.reasons(mine, {"id": "i1"})
    next(messages)
    assert not desk.writing_ended
    messages.close()
    assert desk.writing_ended


def test_reasons_that_break_off_say_so_and_keep_what_was_written(page, desk):
    mine = new_conversation()
    page.ask(mine, {"text": "x"})
    desk.error = BusyError("Busy; try later.")
    last = list(page.reasons(mine, {"id": "i1"}))[-1]
    assert last["done"]
    assert last["error"] == "Busy; try later."
    assert last["reasons"]["0/a1"]["text"] == WORDS[1]


def test_reasons_of_somebody_elses_question_are_not_written(page, desk):
    page.ask(new_conversation(), {"text": "x"})
    (reply,) = page.reasons(new_conversation(), {"id": "i1"})
    assert "not part of your conversation" in reply["error"]
    assert reply["reasons"] == {}
    assert not desk.writing_ended


def test_feedback_is_stored_with_the_edited_text(page, desk):
    request = {"interaction_id": "i1", "answer_id": "a1", "verdict": "edited", "note": "", "edited_text": "Hi Ana"}
    assert page.feedback(request) == {"ok": True}
    assert desk.calls == [("feedback", Feedback("i1", "a1", "edited"), "local", "Hi Ana")]


@pytest.mark.parametrize(
    "change", [{"verdict": "great"}, {"verdict": None}, {"note": 5}, {"note": "x" * 1001}, {"interaction_id": None}]
)
def test_malformed_feedback_is_refused(page, desk, change):
    request = {"interaction_id": "i1", "answer_id": "a1", "verdict": "up", "note": ""} | change
    assert page.feedback(request)["ok"] is False
    assert desk.calls == []


def test_a_new_answer_is_written_with_its_tags(page, desk):
    request = {"question": "Q", "answer": "A", "language": "en", "tags": " delivery, ,returns "}
    assert page.write(request) == {"ok": True, "id": "a1"}
    assert desk.calls == [("write", "Q", "A", "en", ["delivery", "returns"])]


def test_a_demo_takes_feedback_and_refuses_new_answers(demo, desk):
    reply = demo.write({"question": "Q", "answer": "A"})
    assert reply["ok"] is False and "demo" in reply["error"]
    assert desk.calls == []
    assert demo.feedback({"interaction_id": "i1", "answer_id": "a1", "verdict": "up"}) == {"ok": True}
    assert demo.thread(None)[1]["status"]["allowed"] == {"feedback": True, "write": False}
