"""What a reason may quote, and that the model then quotes nothing else."""

from __future__ import annotations

import pytest

from assistant import prompts
from assistant.generator import TreePrompt
from assistant.judge.quotations import Quotable, claimed, occur_in, quoted_phrases, without_repetition
from assistant.records import Language

ASKED, PAST = "Can I cancel before dispatch?", "How do I change an order after dispatch?"


def test_quotations() -> None:
    assert quoted_phrases('one says "before dispatch", one says “after”') == ["before dispatch", "after"]


def test_quoted_words_must_stand_in_the_questions() -> None:
    assert occur_in(["Order", "cancel"], f"{ASKED} {PAST}")
    assert not occur_in(["order", "return"], f"{ASKED} {PAST}")


def of(model, asked: str, past: str, opening: str = "", language: Language = "en") -> Quotable:
    return Quotable(asked, past, opening, language, model.generator)


@pytest.fixture
def quotable(model) -> Quotable:
    return of(model, ASKED, PAST)


def continuations(model, quotable: Quotable, text: str) -> set[str] | None:
    """What the allowed tokens say behind `text`; None for anything."""
    allowed = quotable.allowed(model.generator.token_ends(text)[0])
    return None if allowed is None else {model.generator.text([token]) for token in allowed}


def test_outside_quotation_marks_all_may_be_written(model, quotable: Quotable) -> None:
    assert continuations(model, quotable, "about nothing") is None
    assert continuations(model, quotable, 'the first says "cancel" and') is None


def test_a_quotation_begins_with_a_word_that_can_decide_something(model, quotable: Quotable) -> None:
    assert continuations(model, quotable, 'one says "') == {
        "cancel",
        "before",
        "dispatch",
        "change",
        "order",
        "after",
    }


def test_it_goes_on_along_a_question_and_ends_where_a_word_does(model, quotable: Quotable) -> None:
    found = continuations(model, quotable, 'the first says "before')
    assert " dispatch" in found
    assert '"' in found
    assert '",' in found
    assert not {" order", " change", " after"} & found
    assert {'"', '",'} & continuations(model, quotable, 'the first says "before dispatch')


def test_the_same_words_are_not_quoted_twice(model, quotable: Quotable) -> None:
    left = {"cancel", "change", "order", "after"}
    assert continuations(model, quotable, 'about "before dispatch" and "') == left
    # Nothing else can be quoted: better said twice, and then taken out, than anything else.
    assert continuations(model, of(model, "order", ""), 'about "order" and "') == {"order"}
    assert without_repetition('about "order" and "order", once with "x"') == 'about "order", once with "x"'


def test_questions_without_words_allow_all_and_the_reason_is_judged_afterwards(model) -> None:
    assert continuations(model, of(model, "??", ""), 'about "') is None


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("Both questions ask about ", "both"),
        ('Both questions ask about "x", "y" and ', "both"),
        ('Both questions ask about "x", once with ', "any"),
        ('they share "the first", yet the second speaks of ', "second"),
        ('both mention "x", but the first is about "y" and the second about ', "second"),
        ('"x" in the first and ', "any"),
        ("the second says nothing of ", "any"),
        ("as duas falam de ", "both"),
        ('"x" na primeira e ', "any"),
        ("além disso, a primeira traz ", "first"),
        ("a segunda nada diz de ", "any"),
    ],
)
def test_where_a_reason_says_that_a_quotation_stands(text: str, claim: str) -> None:
    assert claimed(text) == claim


def test_a_quotation_stands_where_the_reason_says(model, quotable: Quotable) -> None:
    assert continuations(model, quotable, 'only the first says "') == {"cancel", "before"}
    assert continuations(model, quotable, 'only the second says "') == {"change", "order", "after"}
    assert continuations(model, quotable, 'both mention "') == {"dispatch"}
    assert continuations(model, of(model, ASKED, PAST, "Both questions ask"), 'about "') == {"dispatch"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('both mention "dispatch", but the first is about "cancel" and the second about "order".', None),
        ('both mention "cancel".', "says of a question what it does not say"),
        ('the first asks about "order".', "says of a question what it does not say"),
        ('one says "order", the other "refund".', "quotes words nobody wrote"),
        ('one says "order', "ends inside a quotation"),
    ],
)
def test_what_a_finished_reason_says_of_its_quotations_is_checked(quotable: Quotable, text: str, fault) -> None:
    assert quotable.fault(text) == fault


def test_questions_of_the_same_words_are_not_told_apart(model) -> None:
    same = of(model, "Where is my order?", "where's the order", "Both questions ask")
    assert same.fault('about "order", once with "where".') == "tells apart what is the same"
    assert not same.fault('about "where" and "order", in almost the same words.')


def test_the_opening_of_a_reason_says_where_its_first_quotation_stands(model) -> None:
    assert of(model, ASKED, PAST, "Both questions ask").fault('about "cancel".')
    assert not of(model, ASKED, PAST, "The questions differ:").fault('one is about "cancel".')


@pytest.mark.parametrize(
    ("language", "opening"),
    [("en", ' one is about "Paris", the other about "'), ("pt", ' uma trata de "Paris", a outra de "')],
)
def test_the_model_quotes_only_what_was_asked(model, language, opening: str) -> None:
    """A base without an adapter goes on with anything else."""
    pair = prompts.label_first(ASKED, PAST, language, model.base.chat)
    leaf = (*prompts.reason_after(pair, "different", language), prompts.Segment(opening))
    prompt = TreePrompt(pair.head, pair.asked, (leaf,))
    quotable = of(model, ASKED, PAST, language=language)
    mark = model.generator.token_ends('"')[0]

    def written(allowed=None) -> str:
        *_, (_, text, _) = model.generator.stream(prompt, 10, None, allowed and [allowed])
        return text.split('"')[0]

    assert not occur_in([written()], f"{ASKED} {PAST}")
    assert written(lambda tokens: quotable.allowed((*mark, *tokens))) in f"{ASKED} {PAST}"
