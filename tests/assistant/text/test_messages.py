"""What people paste becomes questions, or a clear message."""

from __future__ import annotations

import pytest

from assistant.errors import InputError
from assistant.text.language import detect
from assistant.text.messages import clean, has_words, split_questions
from assistant.text.words import compare, content_words, uncovered_share


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        ("Hi there! Where is my order?", ["Where is my order?"]),
        (
            "I ordered last week. Where is it? And can I change the address? Thanks!",
            ["I ordered last week. Where is it?", "And can I change the address?"],
        ),
        ("Cadê meu pedido\nsem rastreio até agora", ["Cadê meu pedido sem rastreio até agora"]),
        ("See www.example.com/a?b=1 for it", ["See www.example.com/a?b=1 for it"]),
        ("Really???", ["Really???"]),
        ("😀😀", ["😀😀"]),
        ("Hello", ["Hello"]),
    ],
)
def test_a_message_is_split_into_its_questions(message: str, questions: list[str]) -> None:
    assert split_questions(message, 5) == questions


def test_too_many_questions_are_refused_with_the_limit() -> None:
    with pytest.raises(InputError, match="6 questions; the limit is 5"):
        split_questions("Is it so? " * 6, 5)


def test_cleaning_keeps_words_and_drops_what_is_no_text() -> None:
    assert clean(" a\u0000b\u200bc \r\n d ", 100, "question") == "a bc\nd"
    assert clean("e\u0301", 100, "question") == "é"
    assert has_words("ok") and not has_words("🙂 ?!")


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "empty"), ("  \n ", "empty"), ("\u0000\u0001\u0002", "binary"), ("x" * 101, "limit is 100"), (None, "text")],
)
def test_what_cannot_be_used_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        clean(text, 100, "question")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("cadê meu pedido", "pt"),
        ("oi vc pode cancelar a compra", "pt"),
        ("reembolso no cartao", "pt"),
        ("my parcel hasnt come", "en"),
        ("where is my order", "en"),
    ],
)
def test_the_language_of_short_messages(text: str, language: str) -> None:
    assert detect(text) == language


def test_a_text_that_does_not_tell_keeps_the_language_given() -> None:
    assert detect("pix", "pt") == "pt"
    assert detect("pix", "en") == "en"


def test_differences_ignore_inflection_accents_and_function_words() -> None:
    differences, share = compare("Can I cancel my order before dispatch?", "Cancelling orders after dispatch", "en")
    assert differences.asked_only == ("before",)
    assert differences.past_only == ("after",)
    assert share == pytest.approx(2 / 5)
    assert compare("quero cancelar o pedido", "Como cancelar os meus pedidos?", "pt")[1] == 0
    assert compare("ainda nao venceu", "Ainda não venceu", "pt")[1] == 0
    assert compare("??", "!!", "en")[1] == 0


def test_a_negation_is_a_difference() -> None:
    assert compare("It has not arrived", "It has arrived", "en")[0].asked_only == ("not",)


def test_words_an_answer_covers_do_not_count_as_uncovered() -> None:
    asked = "refund to my gift card"
    assert uncovered_share(asked, "refund", "en") == pytest.approx(2 / 3)
    assert uncovered_share(asked, "refund. It goes back to the gift card.", "en") == 0
    assert list(content_words(asked, "en").values()) == ["refund", "gift", "card"]
