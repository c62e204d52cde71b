"""Figures of reasons: by hand on written ones, and on what the real model writes."""

from __future__ import annotations

import pytest

from assistant import prompts
from assistant.errors import InputError
from assistant.settings import load_settings
from evals.data.published import QuestionPair
from evals.measures.written_reasons import (
    WrittenReason,
    is_in,
    is_repetitive,
    measure_reasons,
    quoted_words,
    reason_figures,
    write_reasons,
)

SAME = QuestionPair("How do I cancel my order?", "Can I cancel an order?", True)
OTHER = QuestionPair("How do I cancel my order?", "Where is the shop?", False)
PORTUGUESE = QuestionPair("Como cancelo o pedido?", "Dá para cancelar a compra?", True, "pt")


def reason(pair: QuestionPair, verdict: str, text: str, hidden: str | None = None) -> WrittenReason:
    opening = prompts.reason_opening(verdict, pair.language)
    return WrittenReason(pair, verdict, f"{opening} {text}", hidden, 0.5, 10)


def test_figures_stand_for_what_was_written_and_for_what_is_shown() -> None:
    reasons = [
        reason(SAME, "same", 'about "cancel" and "order", in almost the same words.'),
        # A wrong verdict that is explained all the same.
        reason(SAME, "different", 'one asks how to "cancel", the other whether one can.'),
        # The verdict is right, the sentence argues against it, and a quoted word is nobody's.
        reason(OTHER, "different", 'they ask the same thing about a "refund".', "contradicts the verdict"),
        reason(PORTUGUESE, "same", 'como se faz para "cancelar" aquilo que foi pedido na loja.'),
    ]
    found = reason_figures(reasons, pairs=5)
    assert (found["written.reasons"], found["shown.reasons"], found["unjudged"]) == (4, 3, 1)
    assert (found["written.agrees_with_verdict"], found["shown.agrees_with_verdict"]) == (0.75, 1)
    # Right are the first and the last; the third says of different questions that they are the same.
    assert (found["written.agrees_with_label"], found["shown.agrees_with_label"]) == (0.5, pytest.approx(2 / 3))
    assert (found["written.quoted_words"], found["written.quoted_words_found"]) == (5, 0.8)
    assert (found["shown.quoted_words"], found["shown.quoted_words_found"]) == (4, 1)
    assert (found["hidden"], found["hidden: contradicts the verdict"]) == (0.25, 1)
    assert (found["written.in_language"], found["written.distinct"], found["written.repetitive"]) == (1, 1, 0)
    assert (found["seconds_to_first"], found["tokens"], found["tokens_total"]) == (0.5, 10, 40)


def test_nothing_is_claimed_of_reasons_that_are_all_hidden() -> None:
    found = reason_figures([reason(OTHER, "different", "no quotation here.", "empty")], pairs=1)
    assert found["shown.reasons"] == 0
    assert not [name for name in found if name.startswith("shown.") and name != "shown.reasons"]
    assert found["written.quoted_words"] == 0 and "written.quoted_words_found" not in found


def test_three_words_that_come_again_are_a_repetition() -> None:
    assert is_repetitive("the order of the shop, and the Order of the week")
    assert is_repetitive("no no no no")
    assert not is_repetitive("the first of the two and the second of them")
    assert not is_repetitive("no no")


def test_a_text_that_does_not_tell_is_in_no_language() -> None:
    assert is_in("Both questions ask about the price of the same bicycle helmet.", "en")
    assert not is_in("As duas perguntas querem saber o preço do capacete.", "en")
    assert not is_in("123", "en") and not is_in("123", "pt")


def test_quoted_words_are_folded() -> None:
    assert quoted_words('The first says "Não é", the second “Loja”.') == ["nao", "e", "loja"]


def test_the_models_own_reasons_are_measured(model, embedder) -> None:
    found = measure_reasons(model, embedder, [SAME, PORTUGUESE], load_settings(reason_tokens=24))
    assert found["written.reasons"] + found["unjudged"] == 2
    assert found["seconds_to_first"] > 0
    assert 1 <= found["tokens"] <= 25
    assert 0 <= found["hidden"] <= 1


def test_rivals_are_judged_together(model, embedder) -> None:
    asked = "The tent I ordered this morning, can I still call it off?"
    behind = QuestionPair(asked, "Can I cancel my order?", True, "en", "Yes, until it is packed.")
    ahead = QuestionPair(asked, "Can I call off an order I placed?", False, "en", "Only within an hour.")
    settings = load_settings(reason_tokens=8, threshold_en=0.5)

    def verdicts(*pairs: QuestionPair) -> dict[QuestionPair, str]:
        return {one.pair: one.verdict for one in write_reasons(model, embedder, pairs, settings)}

    assert verdicts(behind) == {behind: "same"}
    assert verdicts(behind, ahead) == {ahead: "same", behind: "different"}


def test_without_pairs_there_is_an_error_with_the_way_out(model, embedder) -> None:
    with pytest.raises(InputError, match="give a file with at least one row"):
        measure_reasons(model, embedder, [], load_settings())
    with pytest.raises(InputError, match="None of 3 pairs could be judged"):
        reason_figures([], pairs=3)
