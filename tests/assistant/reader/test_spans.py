"""Answers are pieces of the text, whatever the model would rather say."""

from __future__ import annotations

import re

import pytest

from assistant.generator.spans import Spans, beginnings
from assistant.reader.reader import flattened, sentences, window

STOP = -1
TEXT = "A sede (em Recife) abriu em 2011, e a sede nova em 2019."


def letters(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A tokenizer of words and single marks, numbered by what they say."""
    found = list(re.finditer(r" ?\w+| ?[^\w\s]", text))
    return tuple(sum(ord(c) << (8 * i) for i, c in enumerate(match.group())) for match in found), tuple(
        match.end() for match in found
    )


def ids(text: str) -> list[int]:
    return list(letters(text)[0])


@pytest.fixture
def spans() -> Spans:
    return Spans(TEXT, beginnings(TEXT, letters), STOP)


def test_an_answer_begins_at_any_word_and_goes_on_along_the_text(spans: Spans) -> None:
    assert set(ids(" sede")) <= set(spans.allowed([]))
    assert STOP not in spans.allowed([])
    # Two places say "sede": what follows either of them may follow.
    assert set(spans.allowed(ids(" sede"))) == {STOP, *ids(" (em")[:1], *ids(" nova")}
    assert spans.allowed(ids(" sede nova em")) == [STOP, *ids(" 2019")]
    assert spans.allowed(ids(" banana")) == []


def test_words_behind_a_bracket_are_answers_too_and_places_are_those_of_the_text(spans: Spans) -> None:
    place = spans.place(ids(" em Recife"))
    assert place is not None and TEXT[slice(*place)] == "em Recife"
    place = spans.place(ids(" Recife"))
    assert place is not None and TEXT[slice(*place)] == "Recife"
    assert spans.place(ids(" Olinda")) is None


def test_the_space_before_an_answer_alone_is_none() -> None:
    """Some tokenizers split the space from a number."""

    def digits_alone(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        found = list(re.finditer(r" (?=\d)|\d| ?[^\W\d]+", text))
        return tuple(map(ord, (match.group()[-1] for match in found))), tuple(match.end() for match in found)

    spans = Spans("5 livros", beginnings("5 livros", digits_alone), STOP)
    assert spans.allowed([ord(" ")]) == [ord("5")]
    assert STOP in spans.allowed([ord(" "), ord("5")])


def test_at_the_end_of_the_text_only_the_end_is_left(spans: Spans) -> None:
    assert spans.allowed(ids(" 2019.")) == [STOP]


def test_a_window_keeps_whole_sentences_around_the_best_one() -> None:
    text = " ".join(f"Frase número {number} da lista." for number in range(40))
    all_sentences = sentences(text)
    start, end = window(all_sentences, all_sentences[20], 200)
    assert end - start <= 200
    assert (start in {s for s, _ in all_sentences}) and (end in {e for _, e in all_sentences})
    assert start < all_sentences[20][0] < all_sentences[20][1] < end
    assert window(all_sentences, all_sentences[0], 10) == all_sentences[0]
    assert window(all_sentences, all_sentences[-1], 10_000) == (0, len(text))


def test_a_flattened_text_leads_back_to_its_places() -> None:
    text = "  Um  texto\n\tcom   espaço.  "
    flat, places = flattened(text, (0, len(text)))
    assert flat == "Um texto com espaço."
    assert [text[place] for place, character in zip(places, flat, strict=True) if character != " "] == list(
        flat.replace(" ", "")
    )
