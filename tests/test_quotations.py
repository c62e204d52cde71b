"""What a reason may quote, and that the model then quotes nothing else."""

from __future__ import annotations

import pytest

from assistant import prompts
from assistant.generator import TreePrompt
from assistant.quotations import Quotable, occur_in, quoted_phrases

ASKED, PAST = "Can I cancel before dispatch?", "How do I change an order after dispatch?"


def test_quotations() -> None:
    assert quoted_phrases('one says "before dispatch", one says “after”') == ["before dispatch", "after"]


def test_quoted_words_must_stand_in_the_questions() -> None:
    assert occur_in(["Order", "cancel"], f"{ASKED} {PAST}")
    assert not occur_in(["order", "return"], f"{ASKED} {PAST}")


@pytest.mark.parametrize(
    ("text", "finished", "accepted"),
    [
        ("about nothing in particular", True, True),
        ('one says "before', False, True),
        ('one says "bef', False, True),
        ('one says "', False, True),
        ('one says "bex', False, False),
        ('one says "Before Dispatch", one', False, True),
        ('one says "before dispatch', True, False),
        ('one says "before dispatch"', True, True),
        ('one says "bef"', False, False),
        ('one says "cancel dispatch"', False, False),
        ('one says "dispatch an', False, False),
        ('one says ""', False, False),
        ('one says " "', False, False),
        ('"before" and "after"', True, True),
        ('"before" and "before"', True, False),
        ("“after dispatch” and «cancel", False, True),
    ],
)
def test_only_words_that_follow_each_other_in_a_question_may_be_quoted(text, finished, accepted) -> None:
    assert Quotable(ASKED, PAST).accepts(text, finished) is accepted


def test_accents_and_case_do_not_matter() -> None:
    assert Quotable("Quando chega a DEVOLUÇÃO?").accepts('fala de "devolucao"', True)


def test_a_question_without_words_can_be_quoted_by_no_word() -> None:
    assert Quotable("??", "").accepts('say "', False)
    assert not Quotable("??", "").accepts('say "a', False)


def test_the_model_quotes_only_what_was_asked(model) -> None:
    """A base without an adapter says anything behind an opened quotation mark."""
    pair = prompts.label_first(ASKED, PAST, "en", model.base.chat)
    opened = (
        *prompts.reason_after(pair, "different", "en"),
        prompts.Segment(' the first is about "Paris" and "France", the second about "'),
    )
    prompt = TreePrompt(pair.head, pair.asked, (opened,))

    def written(*accepts) -> str:
        *_, (_, text, _) = model.generator.stream(prompt, 8, None, accepts or None)
        return f'"{text}'

    free, bound = written(), written(lambda text, done: Quotable(ASKED, PAST).accepts(f'"{text}', done))
    assert not Quotable(ASKED, PAST).accepts(free, False)
    assert Quotable(ASKED, PAST).accepts(bound, False)
