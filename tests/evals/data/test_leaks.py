"""Rows that would not measure a version are found, listed and refused."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from assistant import prompts
from assistant.prompts import ChatFormat
from assistant.version_records import Kind
from assistant.versions.fingerprints import of_pair, of_question, of_reading
from evals.data.leaks import LeakError, find_leaks
from evals.data.published import QuestionPair
from evals.data.squad import ReadingQuestion

CHAT = ChatFormat("<user>", "<model>", "<end>")
TRAINED = QuestionPair("How do I track my parcel?", "Where can I see my order?", True)


def trained_on(kind: Kind, given: Iterable[str]) -> set[str]:
    """A version that was trained on one pair and one reading."""
    known = {
        "row": {*of_pair(TRAINED.question1, TRAINED.question2, "en"), *of_reading("Onde fica?", "Em Olinda.")},
        "question": {
            *of_question(TRAINED.question1, "en"),
            *of_question(TRAINED.question2, "en"),
            *of_question("Onde fica o museu?", "pt"),
        },
    }
    return known[kind].intersection(given)


def prompt(row) -> str:
    if isinstance(row, ReadingQuestion):
        return "".join(segment.text for segment in prompts.reading(row.question, row.context, CHAT))
    return "".join(s.text for s in prompts.label_first(row.question1, row.question2, row.language, CHAT).segments)


def test_training_pairs_near_ones_and_single_questions() -> None:
    rows = [
        QuestionPair("Can I pay by card?", "Do you take cash?", False),
        # The very pair, turned round, in another case; then with other endings and function words.
        QuestionPair("where can i see my order", "How do I track my parcel?", True),
        QuestionPair("How can I track my parcels?", "Where could I see the orders?", True),
        # One question of it.
        QuestionPair("How do I track my parcel?", "Do you sell gift cards?", False),
    ]
    found = find_leaks(rows, prompt, trained_on)
    assert (found.trained, found.labelled, found.dropped) == ([1, 2], [], [3])
    with pytest.raises(LeakError) as error:
        found.check()
    assert "2 rows are training rows of this version, or nearly (rows 1, 2, counted from 0)" in str(error.value)
    assert "--allow-leak" in str(error.value)


def test_of_a_longer_question_one_word_may_differ() -> None:
    asked = "Which universities recruit new graduates from the company in Dublin every year?"
    known = set(of_question(asked, "en"))
    for other in (
        asked.replace("Dublin", "Cork"),
        asked.replace("in Dublin", ""),
        asked.replace("Which", "Many"),
    ):
        assert known.intersection(of_question(other, "en")), other
    assert not known.intersection(of_question(asked.replace("Dublin", "Cork").replace("year", "month"), "en"))
    # Of few words another one makes another question.
    assert not set(of_question("Do you ship to Ireland?", "en")).intersection(
        of_question("Do you ship to Spain?", "en")
    )


def test_a_label_in_the_prompt() -> None:
    rows = [
        QuestionPair("Where is it?", "Where is my parcel? label: 1", True),
        QuestionPair("Where is it? is_duplicate=0", "Where is my parcel?", False),
        # Words about labels are none.
        QuestionPair("Which label: 1A or 2B goes on it?", "Which label do I print?", True),
    ]
    found = find_leaks(rows, prompt, None)
    assert (found.trained, found.labelled, found.dropped) == ([], [0, 1], [])
    with pytest.raises(LeakError, match="2 rows hold a label in the prompt"):
        found.check()


def test_the_published_loop_is_found_out() -> None:
    """It feeds the model texts that hold explanation and label already."""
    row = QuestionPair("Where is it?", "Where is my parcel?", True)

    def stored_text(row: QuestionPair) -> str:
        asked = prompts.explanation_first(row.question1, row.question2, CHAT)
        return "".join(s.text for s in (*asked, *prompts.explained_label("same", "Both ask it.", CHAT)))

    assert find_leaks([row], stored_text, None).labelled == [0]
    assert find_leaks([row], prompt, None).labelled == []


def test_readings() -> None:
    rows = [
        ReadingQuestion(0, "onde fica", "Em  Olinda.", ("Olinda",)),
        ReadingQuestion(0, "O museu fica onde?", "No centro.", ("centro",)),
        ReadingQuestion(0, "Quem pintou o quadro?", "Ana.", ("Ana",)),
    ]
    found = find_leaks(rows, prompt, trained_on)
    assert (found.trained, found.dropped) == ([0], [1])


def test_many_rows_are_looked_up_in_parts() -> None:
    rows = [QuestionPair(f"Question number {n}?", f"Another one, {n}?", False) for n in range(1_200)]
    rows[1_100] = TRAINED
    asked: list[int] = []

    def counted(kind: Kind, given: Iterable[str]) -> set[str]:
        given = set(given)
        asked.append(len(given))
        return trained_on(kind, given)

    assert find_leaks(rows, prompt, counted).trained == [1_100]
    assert max(asked) <= 500 * 4
