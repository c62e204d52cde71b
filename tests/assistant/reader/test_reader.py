"""The passage that answers, with its place in the text as given."""

from __future__ import annotations

import pytest

from assistant.reader.reader import Reader, sentences

CONTEXT = (
    "A loja Marola foi fundada em 2011, em Recife.  O frete é grátis em compras acima de R$ 1.999,00.\n"
    "Pedidos feitos até as 14h saem no mesmo dia."
)


@pytest.fixture(scope="module")
def reader(embedder) -> Reader:
    return Reader(embedder)


def test_sentences_keep_their_places_and_numbers_stay_whole() -> None:
    texts = [CONTEXT[start:end] for start, end in sentences(CONTEXT)]
    assert texts == [
        "A loja Marola foi fundada em 2011, em Recife.",
        "O frete é grátis em compras acima de R$ 1.999,00.",
        "Pedidos feitos até as 14h saem no mesmo dia.",
    ]


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("Em que ano a loja foi fundada?", "2011"),
        ("A partir de quanto o frete é grátis?", "1.999"),
        ("Até que horas?", "14h"),
    ],
)
def test_the_answering_sentence_is_found_at_its_place(reader: Reader, question: str, word: str) -> None:
    reading = reader.read(question, CONTEXT)
    assert reading.answer is not None and word in reading.answer
    assert CONTEXT[reading.start : reading.end] == reading.answer
    assert 0.5 <= reading.confidence <= 1


@pytest.mark.parametrize("context", ["... !!! ???", "🙂", "O gato dorme no telhado e sonha com peixes azuis."])
def test_what_is_not_in_the_text_is_said_so(reader: Reader, context: str) -> None:
    reading = reader.read("Qual é o prazo de entrega para Manaus?", context)
    assert (reading.answer, reading.start, reading.end) == (None, None, None)
    assert reading.confidence < 0.5


def test_hostile_text_is_read_in_linear_time(reader: Reader) -> None:
    assert len(sentences("a.b" * 6000)) == 1
    assert len(sentences("." * 20_000)) == 0
