"""Held-out rows share nothing with the training rows, and fingerprints tell equal rows without showing them."""

from __future__ import annotations

import random

import pytest

from assistant.versions.fingerprints import normalized
from training.data.examples import both_orders
from training.data.rows import PairRow, ReadingRow, TrainingRow
from training.data.splits import components, fingerprint, hold_out, one_fold, question_fingerprints, row_fingerprints


def pair(first: str, second: str, **more) -> PairRow:
    return PairRow(first, second, True, "en", **more)


def reading(question: str, context: str, document: str) -> ReadingRow:
    return ReadingRow(question, context, ("a",), document)


@pytest.fixture
def pairs() -> list[PairRow]:
    """400 pairs of 1,200 questions, a tenth of them translated."""
    numbers = random.Random(0)
    rows = []
    for place in range(400):
        first, second = (f"Question {numbers.randrange(1200)}?" for _ in range(2))
        row = pair(first, second, both_orders=place % 3 == 0)
        if place % 10 == 0:
            translated = (f"Pergunta {numbers.randrange(90)}?", f"Pergunta {numbers.randrange(90)}?")
            row = pair(*translated, origin=(first, second))
        rows.append(row)
    return rows


def questions(rows: list[TrainingRow]) -> set[str]:
    """Every question of the rows, those they were translated from among them."""
    return {normalized(text) for row in rows for text in (row.question1, row.question2, *(row.origin or ()))}


def test_pairs_hang_together_by_the_questions_they_share() -> None:
    rows = [pair("a", "b"), pair("c", "d"), pair("E?", "f"), pair("b", "x"), pair("d", "e"), pair("g", "g")]
    assert components(rows) == [[0, 3], [1, 2, 4], [5]]
    # A pair that comes late joins what was apart.
    assert components([*rows, pair("X", "C")]) == [[0, 1, 2, 3, 4, 6], [5]]


def test_a_translation_hangs_on_its_origin_and_on_its_own_words() -> None:
    rows = [
        pair("a", "b"),
        pair("p", "q", origin=("a", "b")),
        pair("p", "r"),
        pair("other", "pair"),
        pair("s", "t", origin=("c", "d")),
        pair("t", "u", origin=("e", "f")),
    ]
    assert components(rows) == [[0, 1, 2], [3], [4, 5]]


def test_no_question_of_the_held_out_rows_is_trained_on(pairs: list[PairRow]) -> None:
    training, held_out = hold_out(pairs, 0.2, seed=1)
    assert 0.15 * len(pairs) < len(held_out) <= 0.2 * len(pairs)
    assert sorted(map(repr, training + held_out)) == sorted(map(repr, pairs))
    assert any(row.origin for row in held_out) and any(row.origin for row in training)
    trained = both_orders(training)
    assert len(trained) > len(training)
    assert not questions(trained) & questions(held_out)
    assert not {fingerprint(row) for row in trained} & {fingerprint(row) for row in held_out}


def test_a_split_is_the_same_for_the_same_seed_only(pairs: list[PairRow]) -> None:
    assert hold_out(pairs, 0.2, seed=1) == hold_out(pairs, 0.2, seed=1)
    assert hold_out(pairs, 0.2, seed=1) != hold_out(pairs, 0.2, seed=2)
    assert hold_out(pairs, 0.0, seed=1) == (pairs, [])


def test_turned_pairs_are_trained_as_well_where_the_source_says_so() -> None:
    rows = [pair("a", "b", both_orders=True, explanation="Both ask a."), pair("c", "d")]
    assert both_orders(rows) == [*rows, pair("b", "a", both_orders=True)]


@pytest.fixture
def readings() -> list[ReadingRow]:
    """12 documents of different sizes, each with two texts."""
    return [
        reading(f"Question {document} {number}?", f"Text {document} {number % 2}", f"Document {document}")
        for document in range(12)
        for number in range(2 + document % 5)
    ]


def test_readings_hang_together_by_document_and_text() -> None:
    rows = [
        reading("a", "text 1", "one"),
        reading("b", "text 2", "two"),
        reading("c", "text 3", "one"),
        # The same text under another title.
        reading("d", "text 2", "three"),
    ]
    assert components(rows) == [[0, 2], [1, 3]]
    # An equal question about another document asks something else.
    assert components([reading("When?", "text 1", "one"), reading("When?", "text 2", "two")]) == [[0], [1]]


def test_documents_are_held_out_whole(readings: list[ReadingRow]) -> None:
    training, held_out = hold_out(readings, 0.25, seed=3)
    assert held_out
    assert not {row.document for row in training} & {row.document for row in held_out}


def test_folds_are_whole_documents_of_nearly_equal_size(readings: list[ReadingRow]) -> None:
    parts = [one_fold(readings, 5, number, seed=3) for number in range(1, 6)]
    for training, held_out in parts:
        assert not {row.document for row in training} & {row.document for row in held_out}
        assert len(training) + len(held_out) == len(readings)
    assert {row.question for _, held_out in parts for row in held_out} == {row.question for row in readings}
    sizes = sorted(len(held_out) for _, held_out in parts)
    # The largest document has 6 questions.
    assert sum(sizes) == len(readings) and sizes[-1] - sizes[0] <= 6 and sizes[0] > 0
    assert one_fold(readings, 5, 1, seed=3) == parts[0] != one_fold(readings, 5, 1, seed=4)


def test_fingerprints_are_equal_for_what_asks_the_same() -> None:
    row = pair("Where is my Parcel?", "Track  my order.")
    same = fingerprint(row)
    assert fingerprint(pair("track my order", "where is my parcel")) == same
    # Neither the label nor what came along changes what is asked.
    changed = PairRow("Where is my Parcel?", "Track my order", False, "pt", "why", True, ("x", "y"), "elsewhere")
    assert fingerprint(changed) == same
    assert fingerprint(pair("Where is my parcel?", "Track my orders")) != same
    asked = reading("Where?", "In  Recife.", "one")
    assert fingerprint(asked) == fingerprint(reading("where", "in recife", "two"))
    assert fingerprint(asked) != fingerprint(reading("Where?", "In Olinda.", "one"))


def test_a_fingerprint_shows_nothing_of_its_row() -> None:
    row = pair("Where is my parcel?", "Track my order")
    single = question_fingerprints(row)
    for one in (fingerprint(row), *single):
        assert len(one) == 16 and set(one) <= set("0123456789abcdef")
    assert len({fingerprint(row), *single}) == 5
    # A single question is found in whichever pair it stands.
    assert question_fingerprints(pair("Else", "where is my PARCEL"))[1] == single[0]
    assert question_fingerprints(reading("Where is my parcel?", "text", "one"))[0] == single[0]


def test_nearly_equal_questions_share_a_fingerprint() -> None:
    row = pair("How do I track my parcel?", "Can I cancel an order?")
    # Another order of the pair and of the words, other endings and function words.
    near = pair("Can we cancel the orders?", "How are my parcels tracked?")
    assert row_fingerprints(row)[1] == row_fingerprints(near)[1] and fingerprint(row) != fingerprint(near)
    assert set(question_fingerprints(row)) & set(question_fingerprints(near))
    other = pair("How do I track my letter?", "Can I cancel an order?")
    assert row_fingerprints(row)[1] != row_fingerprints(other)[1]
    # One word alone, or none, would stand for every question that has it.
    assert len(question_fingerprints(pair("Parcel?", "How?"))) == 2
