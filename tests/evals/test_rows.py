"""Rows are read from disk and written again as they were."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.errors import InputError
from evals.reporting.report import read_report, write_report
from evals.reporting.report_index import SHIPPED
from evals.row_records import MeasuredPair, MeasuredReading
from tests.support.evaluations import HAND, pair_report, reading_rows

PAIR = {
    "row": 3,
    "question1": "Where is it?",
    "question2": "Onde está?",
    "same": True,
    "language": "en",
    "probability": 0.123456789,
}
READING = {
    "row": 4,
    "question": "Quando?",
    "context": "Em trinta dias.",
    "document": 2,
    "answers": ["trinta dias", "Em trinta dias"],
    "prediction": "trinta dias",
    "confidence": 0.8,
    "exact_match": 1.0,
    "f1": 1.0,
    "semantic": None,
    "elsewhere": "dez dias",
    "refused": False,
}


def test_a_row_is_written_as_it_was_read_in_the_same_order() -> None:
    for kind, stored in ((MeasuredPair, PAIR), (MeasuredReading, READING)):
        assert list(kind.from_json(stored).to_json().items()) == list(stored.items())
    with pytest.raises(TypeError, match="probability"):
        MeasuredPair.from_json({"row": 0, "same": True, "language": "en"})


def test_without_texts_it_still_says_whether_there_was_one() -> None:
    bare = MeasuredPair.from_json(PAIR).without_texts()
    assert bare.to_json() == {"row": 3, "same": True, "language": "en", "probability": 0.12346}
    assert MeasuredPair.from_json(PAIR | {"probability": None}).without_texts().probability is None
    reading = MeasuredReading.from_json(READING)
    kept = reading.without_texts().to_json()
    assert "question" not in kept and "context" not in kept
    assert (kept["answers"], kept["prediction"], kept["elsewhere"]) == (["", ""], "", "")
    silent = replace(reading, prediction=None, elsewhere=None, answers=()).without_texts().to_json()
    assert (silent["answers"], silent["prediction"], silent["elsewhere"]) == ([], None, None)
    # Right or wrong, it counts as it did.
    for row in reading_rows():
        assert row.without_texts().outcome == row.outcome
        assert bool(row.without_texts().fault(0.5)) == bool(row.fault(0.5))


def test_scores_of_a_row() -> None:
    assert [row.score("right", 0.5) for row in HAND] == [1, 0, 0, 0, 0, 1]
    assert [row.score("brier", 0.5) for row in HAND] == [
        None if value is None else pytest.approx(value) for value in (0.01, 0.64, 0.81, 0.25, None, 0.04)
    ]
    assert [row.score("f1", 0.5) for row in reading_rows()[:4]] == [1.0, 0.67, 0.0, 0.0]
    assert [row.score("right", 0.5) for row in reading_rows()[:5]] == [1, 0, 0, 0, 1]
    for row in (HAND[0], reading_rows()[0]):
        with pytest.raises(KeyError):
            row.score("beauty", 0.5)


def test_what_a_page_tells_of_a_mistake() -> None:
    assert MeasuredPair.from_json(PAIR).told("false match") == ("Where is it?", "", "Onde está?")
    assert HAND[0].told("false match") is None
    reading = MeasuredReading.from_json(READING)
    assert reading.told("wrong") == ("Quando?", "trinta dias", "instead of trinta dias / Em trinta dias")
    assert reading.told("found elsewhere") == ("Quando?", "dez dias", "in a text that does not hold the answer")
    nothing = replace(reading, prediction=None, answers=())
    assert nothing.told("missed") == ("Quando?", "not in the text", "instead of not in the text")
    assert reading.without_texts().told("wrong") is None


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*/*/report.json")), ids=lambda file: file.parent.name)
def test_a_shipped_report_is_written_again_to_the_byte(file, tmp_path) -> None:
    write_report(tmp_path, *read_report(file))
    assert (tmp_path / "report.json").read_bytes() == file.read_bytes()


def test_a_report_with_a_row_that_lacks_a_figure_or_of_an_unknown_task_is_none(tmp_path) -> None:
    file = write_report(tmp_path, pair_report(HAND), HAND)
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace('"probability": 0.9', '"said": 0.9'), encoding="utf-8")
    with pytest.raises(InputError, match=r"is no report .*probability"):
        read_report(tmp_path)
    file.write_text(whole.replace('"task": "question-similarity"', '"task": "poetry"'), encoding="utf-8")
    with pytest.raises(InputError, match="its task 'poetry' is unknown"):
        read_report(tmp_path)
