"""Rows of a file: what is taken, what is refused and why."""

from __future__ import annotations

import json

import pytest

from assistant.errors import InputError
from assistant.records import ImportReport, Rejected
from assistant.store.connection import Store
from tests.conftest import FULL


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"question": None}, "question is missing"),
        ({"answer": "  "}, "answer is missing"),
        ({"question": "?! 🙂"}, "question holds no word"),
        ({"question": ["a"]}, "question is not text"),
        ({"question": "q" * 4001}, "question has 4,001 characters; the limit is 4,000"),
        ({"answer": "a" * 20001}, "answer has 20,001 characters; the limit is 20,000"),
        ({"phrasings": ["ok", "p" * 4001]}, "phrasings has 4,001 characters; the limit is 4,000"),
        ({"phrasings": 7}, "phrasings is not a list of texts"),
        ({"tags": [f"t{n}" for n in range(51)]}, "tags holds 51 items; the limit is 50"),
        ({"answer": "bell \u0007"}, "answer holds control characters"),
        ({"question": "half \ud800 pair"}, "question holds control characters"),
        ({"author": "two\nlines"}, "author holds control characters"),
        ({"language": "fr"}, "the language 'fr' is unknown; use en or pt"),
        ({"date": "01/03/2025"}, "the date '01/03/2025' is not like 2026-03-31"),
        ({"id": "same"}, "the id 'same' stands in the file already"),
    ],
)
def test_a_bad_row_is_named_by_line_and_reason_and_the_others_come_in(brought, row: dict, reason: str) -> None:
    good = FULL | {"id": "same"}
    lines = [json.dumps(good), "", json.dumps(FULL | {"id": "b"} | row)]
    report = brought("a.jsonl", "\n".join(lines))
    assert report == ImportReport(1, 0, 0, (Rejected(3, reason),))


@pytest.mark.parametrize("line", ["{", "[1]", "null", '"text"', "[" * 5000])
def test_lines_that_are_no_json_objects(brought, line: str) -> None:
    report = brought("a.jsonl", f"{line}\n{json.dumps(FULL)}")
    assert (report.added, [row.line for row in report.rejected]) == (1, [1])


def test_csv_lines_are_counted_as_an_editor_counts_them(brought) -> None:
    report = brought("a.csv", 'question,answer,date\nq1,"two\nlines",\n\nq2,x\nq3,y,never\nq4,z,\n')
    assert report.added == 2
    assert report.rejected == (
        Rejected(5, "2 cells where the first line names 3 columns"),
        Rejected(6, "the date 'never' is not like 2026-03-31"),
    )


def test_spreadsheets_of_brazil_and_byte_order_marks(brought, store: Store) -> None:
    text = "\ufeffQuestion;Answer;Tags\nOnde está meu pedido?;A caminho, já;entrega; \n"
    report = brought("a.csv", text.replace("entrega; ", '"entrega; pedido"').encode())
    assert report == ImportReport(1, 0, 0, ())
    (answer,) = store.answers
    assert (answer.language, answer.tags, answer.answer) == ("pt", ("entrega", "pedido"), "A caminho, já")


def test_the_language_is_the_rows_then_the_callers_then_detected(brought, store: Store) -> None:
    rows = [
        {"id": "1", "question": "Where is it?", "answer": "Here.", "language": "EN"},
        {"id": "2", "question": "Where is it?", "answer": "Here."},
    ]
    brought("a.jsonl", rows, language="pt")
    assert [answer.language for answer in store.answers] == ["en", "pt"]
    brought("a.jsonl", [{"id": "3", "question": "Onde está o meu pedido de ontem?", "answer": "Não sabemos."}])
    assert store.answers.get(["3"])["3"].language == "pt"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.csv",
            "question,answer\ncafé,x\n".encode("latin-1"),
            "Line 2 of a.csv is not UTF-8; save the file as UTF-8",
        ),
        ("a.csv", "question,answer\nq,a\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        ("a.jsonl", b"PK\x03\x04\0\0\0", "is binary, not text"),
        ("a.csv", "", "is empty"),
        ("a.csv", "frage,antwort\n1,2\n", "must name the columns, at least question and answer"),
        ("a.csv", 'question,answer\n"never closed,x\ny,z\n', "is not valid CSV"),
        ("a.jsonl", '{"question": "' + "x" * 1_000_001, "Line 1 of a.jsonl has over 1,000,000 bytes"),
        ("a.xlsx", "x", "say which it is with --format"),
    ],
)
def test_files_that_cannot_be_used_at_all(brought, store: Store, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        brought(name, content)
    assert store.answers.is_empty()


@pytest.mark.parametrize(
    ("limits", "message"),
    [({"max_import_rows": 2}, "more than 2 rows"), ({"max_import_bytes": 50}, "the limit is 50")],
)
def test_limits_are_told_and_nothing_comes_in(brought, store: Store, limits: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        brought("a.jsonl", [FULL | {"id": str(n)} for n in range(3)], settings=limits)
    assert store.answers.is_empty()


def test_unknown_columns_are_named(brought, caplog: pytest.LogCaptureFixture) -> None:
    brought("a.csv", "question,answer,colour\nq,a,red\n")
    brought("b.jsonl", [FULL | {"colour": 1, "size": 2}])
    assert [record.getMessage().split(" (")[0] for record in caplog.records] == [
        "columns that are not used: colour",
        "columns that are not used: colour, size",
    ]
