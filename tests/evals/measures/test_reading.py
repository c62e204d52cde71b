"""What a reader says is measured, on the embedder alone, which reads whole sentences."""

from __future__ import annotations

import pytest

from assistant.errors import InputError
from assistant.reader.reader import Reader
from evals.data.squad import ReadingQuestion
from evals.measures.reading import elsewhere, read_rows, reading_findings

SHOP = "A loja Marola foi fundada em 2011, em Recife."
PLANET = "Júpiter é o maior planeta do Sistema Solar."
FOUNDED = "Em que ano a loja foi fundada?"


@pytest.fixture(scope="module")
def reader(embedder) -> Reader:
    return Reader(embedder)


def figures(reader: Reader, questions: list[ReadingQuestion]) -> dict:
    return reading_findings(read_rows(reader, questions, elsewhere(questions), lambda *_: None))["figures"]


def test_a_question_without_an_answer_is_right_when_that_is_said(reader: Reader) -> None:
    questions = [
        ReadingQuestion(0, FOUNDED, SHOP, (SHOP,)),
        ReadingQuestion(1, "Qual é o maior planeta?", PLANET, (PLANET,)),
        ReadingQuestion(1, FOUNDED, PLANET, ()),
    ]
    found = figures(reader, questions)
    assert (found["exact_match"], found["f1"], found["missed"]) == (1, 1, 0)
    # The last of the three foreign texts is the shop's, which does hold the answer to that question.
    assert found["refused"] == pytest.approx(3 / 4)


def test_an_answer_to_a_question_that_has_none_is_wrong(reader: Reader) -> None:
    questions = [ReadingQuestion(0, FOUNDED, SHOP, ()), ReadingQuestion(1, FOUNDED, PLANET, ())]
    found = figures(reader, questions)
    assert (found["exact_match"], found["f1"], found["missed"]) == (0.5, 0.5, None)


def test_one_document_has_no_foreign_text() -> None:
    with pytest.raises(InputError, match="unanswerable ones need a second"):
        elsewhere([ReadingQuestion(0, FOUNDED, SHOP, (SHOP,))] * 2)
