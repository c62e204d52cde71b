"""What a teacher is asked, and which of its sentences are believed."""

from __future__ import annotations

import json

import pytest

from training.data.rows import PairRow
from training.teaching.prompt import TeacherPair, messages, parse, problem

SAME = PairRow("Where is my parcel?", "When does the parcel come?", True, "en")
DIFFERENT = PairRow("Where is my parcel?", "Where is the customers' shop?", False, "en")
IGUAIS = PairRow("Onde está o meu pedido?", "Quando chega o pedido?", True, "pt")
BATCH = [TeacherPair(SAME), TeacherPair(DIFFERENT)]


def test_a_pair_is_asked_about_with_its_label_language_and_opening() -> None:
    pair, again = json.loads(messages([TeacherPair(IGUAIS), TeacherPair(DIFFERENT, "against its label")])[1]["content"])
    assert pair == {
        "pair": 1,
        "first": "Onde está o meu pedido?",
        "second": "Quando chega o pedido?",
        "label": "same",
        "language": "Portuguese",
        "begins": "As duas perguntas querem saber",
    }
    assert (again["pair"], again["label"], again["refused"]) == (2, "different", "against its label")


def test_questions_of_any_length_and_kind_can_be_sent() -> None:
    odd = PairRow("a" * 5000, "half \ud83d of a pair\n\x00", True, "en")
    content = messages([TeacherPair(odd)])[1]["content"]
    content.encode()
    (pair,) = json.loads(content)
    assert len(pair["first"]) == 800
    assert pair["second"] == "half ? of a pair \x00"


@pytest.mark.parametrize(
    ("reply", "sentences"),
    [
        ('{"1": "a.", "2": "b."}', ["a.", "b."]),
        ('```json\n{"2": "b.", "1": "a\\n c."}\n```', ["a c.", "b."]),
        ('{"1": "a.", "3": "b."}', ["a.", ""]),
        ('{"1": ["a."], "2": null}', ["", ""]),
        ('{"1": "a.", "1": "b."}', ["", ""]),
        ('Here: {"1": "a."}', ["", ""]),
        ('["a.", "b."]', ["", ""]),
        ('{"1": "a.", "2": "b', ["", ""]),
        ("[" * 100_000, ["", ""]),
        ('{"1": "Both questions ask about it.", "2": "the questions differ: it."}', ["about it.", "it."]),
    ],
)
def test_only_json_is_read(reply: str, sentences: list[str]) -> None:
    assert parse(reply, BATCH) == sentences


@pytest.mark.parametrize(
    ("row", "sentence", "why"),
    [
        (SAME, 'about the "parcel" and when it comes.', None),
        (SAME, "", "missing from the reply"),
        (SAME, "!", "without a word"),
        (SAME, "a" * 241, "longer than 240 characters"),
        (SAME, "about the parcel\x1b[2J.", "with characters that are no text"),
        (SAME, "about the parcel \ud83d.", "with characters that are no text"),
        (SAME, "for different things.", "against its label"),
        (SAME, "The questions differ: one is about a place.", "against its label"),
        (DIFFERENT, "they ask the same thing.", "against its label"),
        (DIFFERENT, "Both questions ask about a parcel.", "against its label"),
        (DIFFERENT, 'the first is about the "PARCEL", the second about the “shop”.', None),
        (DIFFERENT, 'the first is about a "refund".', "quoting words nobody wrote"),
        (DIFFERENT, "the first is about a 'refund'.", "quoting words nobody wrote"),
        (DIFFERENT, "the first doesn't mention the customers' 'shop'.", None),
        (DIFFERENT, 'the first is about a "parcel, the second is not.', "quoting words nobody wrote"),
        (DIFFERENT, f'the first is about "{"parcel " * 20}", not a shop.', "quoting words nobody wrote"),
        (DIFFERENT, "a primeira fala de uma encomenda e a segunda não.", "in another language"),
        (IGUAIS, 'onde está o "pedido" e quando chega.', None),
        (IGUAIS, "when the order will arrive at the door.", "in another language"),
        (IGUAIS, "coisas diferentes.", "against its label"),
    ],
)
def test_a_sentence_is_believed_only_when_it_fits(row: PairRow, sentence: str, why: str | None) -> None:
    assert problem(row, sentence) == why
