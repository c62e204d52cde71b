"""What was shown and said comes back as it was, scrubbed, and only where it belongs."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace

import psycopg
import pytest

from assistant.errors import InputError
from assistant.records import (
    Answer,
    Candidate,
    Differences,
    Feedback,
    Part,
    Reason,
    Signals,
    Suggestion,
    Verdict,
)
from assistant.store.connection import Store

ANSWER = Answer("a1", "Where is it?", "On its way.", "en", ("delivery",), "Ann", dt.date(2025, 1, 2))
SECOND = Answer("a2", "Cadê?", "A caminho.", "pt")


def verdict(answer: Answer, probability: float | None = 0.9, label: str = "same") -> Verdict:
    return Verdict(
        Candidate(answer, answer.question, 0.91, 0.03),
        probability,
        label,
        Signals(0.91, -1.5, 0.25),
        Differences(("parcel",), ("it",)),
    )


def suggestion() -> Suggestion:
    return Suggestion(
        interaction_id=str(uuid.uuid4()),
        parts=(
            Part("Where is the parcel?", "en", (verdict(ANSWER), verdict(SECOND, 0.88)), (), ambiguous=True),
            Part("E o pix?", "pt", (), (verdict(SECOND, None, "unjudged"), verdict(ANSWER, 0.1, "different"))),
        ),
        base="smollm2-135m",
        adapter="sha256:1",
        prompt_version="v1",
        durations={"judge": 0.5},
    )


@pytest.fixture
def shown(store: Store) -> Suggestion:
    made = suggestion()
    store.interactions.record(made.interaction_id, CONVERSATION, "ana", "Where is the parcel? E o pix?", made)
    return made


CONVERSATION = str(uuid.uuid4())


def test_a_turn_comes_back_as_it_was_shown(store: Store, shown: Suggestion) -> None:
    first, hidden = Reason("Both ask for the parcel."), Reason("It says different.", "contradicts the verdict")
    store.interactions.set_reason(shown.interaction_id, 0, "a1", Reason("draft"))
    store.interactions.set_reason(shown.interaction_id, 0, "a1", first)
    store.interactions.set_reason(shown.interaction_id, 1, "a2", hidden)
    said = [Feedback(shown.interaction_id, "a1", "up", "good"), Feedback(shown.interaction_id, "a2", "edited")]
    for feedback in said:
        store.interactions.add_feedback(feedback, "ana", edited_text="Dear {name}")
    (turn,) = store.interactions.conversation(CONVERSATION)
    assert turn.question == "Where is the parcel? E o pix?"
    assert turn.suggestion == shown
    assert turn.reasons == {"0/a1": first, "1/a2": hidden}
    assert turn.feedback == tuple(said)
    assert abs(turn.asked_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_history_outlives_the_answer(store: Store, shown: Suggestion) -> None:
    store.answers.upsert([ANSWER, SECOND])
    store.answers.delete(["a1", "a2"])
    assert store.interactions.conversation(CONVERSATION)[0].suggestion == shown


def test_the_last_turns_oldest_first_and_only_their_users(store: Store) -> None:
    made = [suggestion() for _ in range(4)]
    for number, one in enumerate(made):
        store.interactions.record(one.interaction_id, CONVERSATION, "bob" if number == 1 else "ana", f"q{number}", one)
    assert [turn.question for turn in store.interactions.conversation(CONVERSATION, limit=2)] == ["q2", "q3"]
    assert [turn.question for turn in store.interactions.conversation(CONVERSATION, who="bob")] == ["q1"]
    assert store.interactions.conversation(str(uuid.uuid4())) == []


def test_what_people_typed_is_scrubbed(store: Store) -> None:
    made = suggestion()
    asked = "I am ana@x.com, call (11) 98765-4321 \0 about the parcel"
    part = replace(
        made.parts[0],
        asked=asked,
        matches=(replace(verdict(ANSWER), differences=Differences(("98765", "parcel", "ana@x.com"), ("it",))),),
    )
    made = replace(made, parts=(part,))
    store.interactions.record(made.interaction_id, CONVERSATION, "ana", asked, made)
    store.interactions.set_reason(made.interaction_id, 0, "a1", Reason("Both name ana@x.com."))
    store.interactions.add_feedback(
        Feedback(made.interaction_id, "a1", "down", "her CPF is 529.982.247-25"), "ana", edited_text="Dear ana@x.com"
    )
    (turn,) = store.interactions.conversation(CONVERSATION)
    assert turn.question == turn.suggestion.parts[0].asked == "I am [email], call [phone] \ufffd about the parcel"
    assert turn.suggestion.parts[0].matches[0].differences == Differences(("parcel",), ("it",))
    assert turn.reasons["0/a1"].text == "Both name [email]."
    assert turn.feedback[0].note == "her CPF is [cpf]"
    with store.interactions._pool.connection() as connection:
        assert connection.execute("SELECT edited_text FROM feedback").fetchone() == ("Dear [email]",)


def test_unknown_interactions_and_answers_are_told_apart(store: Store, shown: Suggestion) -> None:
    unknown = str(uuid.uuid4())
    with pytest.raises(InputError, match="There is no interaction"):
        store.interactions.add_feedback(Feedback(unknown, "a1", "up"), "ana")
    with pytest.raises(InputError, match="was not shown in interaction"):
        store.interactions.add_feedback(Feedback(shown.interaction_id, "a9", "up"), "ana")
    with pytest.raises(InputError, match="was not shown"):
        store.interactions.set_reason(shown.interaction_id, 7, "a1", Reason("x"))
    with pytest.raises(InputError, match="not an interaction or conversation id"):
        store.interactions.add_feedback(Feedback("1; DROP TABLE answer", "a1", "up"), "ana")
    with pytest.raises(InputError, match="verdict 'love' is unknown"):
        store.interactions.add_feedback(Feedback(shown.interaction_id, "a1", "love"), "ana")
    with pytest.raises(InputError, match="recorded already"):
        store.interactions.record(shown.interaction_id, None, "ana", "q", shown)
    (turn,) = store.interactions.conversation(CONVERSATION)
    assert turn.feedback == ()


def test_a_suggestion_is_written_whole_or_not_at_all(store: Store) -> None:
    made = suggestion()
    twice = replace(made.parts[0], matches=(verdict(ANSWER), verdict(ANSWER)))
    with pytest.raises(psycopg.errors.UniqueViolation):
        store.interactions.record(made.interaction_id, CONVERSATION, "ana", "q", replace(made, parts=(twice,)))
    assert store.interactions.conversation(CONVERSATION) == []
