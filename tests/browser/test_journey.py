"""A support agent's day at the page, in a real browser against the real app and model."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.steps import (
    ENGLISH,
    JUDGED,
    NONSENSE,
    PORTUGUESE,
    WITH_PLACEHOLDERS,
    WRITTEN,
    ask,
    reload,
    reply_box,
)


@pytest.mark.parametrize(("question", "language"), [(ENGLISH, "English"), (PORTUGUESE, "Portuguese")])
def test_a_question_shows_its_past_answer_and_why(served, visit, question, language):
    page = visit(served.url)
    card = ask(page, question).locator(".rp-card").first
    expect(card.locator(".rp-badge")).to_have_text("Same question")
    expect(card.locator(".rp-past")).to_have_text(question)
    expect(card.locator(".rp-sure")).to_contain_text("%")
    expect(card).to_contain_text(language)
    expect(card).to_contain_text("Judged by")
    expect(card.locator(".rp-reason[data-done=true]")).to_be_visible(timeout=WRITTEN)
    expect(card.locator(".rp-reason")).not_to_be_empty()


def test_an_example_can_be_clicked(served, visit):
    page = visit(served.url)
    examples = page.locator(".rp-example")
    expect(examples).to_have_count(6)
    examples.first.click()
    expect(page.locator(".rp-turn[data-turn]")).to_have_count(1, timeout=JUDGED)
    expect(page.locator(".rp-empty")).to_be_hidden()


def test_every_example_has_an_answer_in_the_sample_library(served, visit):
    page = visit(served.url)
    for text in page.locator(".rp-example").all_inner_texts():
        expect(ask(page, text).locator(".rp-same").first, text).to_be_attached()


def test_differing_words_are_marked_on_both_sides(served, visit):
    page = visit(served.url)
    card = ask(page, ENGLISH.replace("cycling", "climbing")).locator(".rp-card").first
    expect(card.locator(".rp-past mark")).to_have_text(["cycling"])
    expect(card.locator(".rp-differences mark")).to_have_text(["climbing"])


def test_using_an_answer_by_click_and_by_key(served, visit):
    page = visit(served.url)
    card = ask(page, ENGLISH).locator(".rp-card").first
    answer = card.locator(".rp-answer").inner_text()
    card.get_by_role("button", name="Use this answer").click()
    expect(reply_box(page)).to_have_value(answer)
    page.get_by_role("button", name="Clear").click()
    expect(reply_box(page)).to_have_value("")
    page.keyboard.press("Alt+1")
    expect(reply_box(page)).to_have_value(answer)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == answer


def test_placeholders_stay_marked_until_filled(served, visit):
    page = visit(served.url)
    ask(page, WITH_PLACEHOLDERS)
    page.keyboard.press("Alt+1")
    chips = page.locator(".rp-chip")
    expect(chips).to_have_text(["{name}", "{order_number}"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Not copied")).to_be_visible()
    chips.first.click()
    assert reply_box(page).evaluate("box => box.value.slice(box.selectionStart, box.selectionEnd)") == "{name}"
    page.keyboard.type("Ana")
    expect(chips).to_have_text(["{order_number}"])
    expect(page.locator(".rp-mirror mark")).to_have_text(["{order_number}"])
    chips.first.click()
    page.keyboard.type("A-17")
    expect(chips).to_have_count(0)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert "Ana" in page.evaluate("navigator.clipboard.readText()")


def test_no_good_match_then_a_new_answer_is_found(served, visit):
    page = visit(served.url)
    turn = ask(page, NONSENSE)
    expect(turn.get_by_text("No good match")).to_be_visible()
    expect(turn.locator(".rp-same")).to_have_count(0)
    turn.get_by_role("button", name="Write a new answer").click()
    form = page.get_by_role("dialog")
    expect(form.get_by_label("Question")).to_have_value(NONSENSE)
    form.get_by_label("Answer").fill("It does, from ten to four.")
    form.get_by_role("button", name="Save answer").click()
    expect(page.get_by_text("Saved.")).to_be_visible(timeout=JUDGED)
    expect(ask(page, NONSENSE).locator(".rp-card .rp-answer").first).to_have_text("It does, from ten to four.")


def test_near_misses_open_and_stay_open_while_reasons_arrive(served, visit):
    page = visit(served.url)
    turn = ask(page, ENGLISH)
    near = turn.locator("details.rp-near")
    near.locator("summary").click()
    expect(near.locator(".rp-card .rp-reason[data-done=true]").first).to_be_visible(timeout=WRITTEN)
    expect(near.locator(".rp-card .rp-badge").first).to_have_text("Not the same")


def test_several_messages_in_a_row_and_several_questions_in_one(served, visit):
    page = visit(served.url)
    box = page.get_by_label("Customer's question")
    for text in (ENGLISH, PORTUGUESE):
        box.fill(text)
        box.press("Enter")
    expect(page.locator(".rp-turn[data-turn]")).to_have_count(2, timeout=JUDGED)
    turn = ask(page, f"{ENGLISH}\n{WITH_PLACEHOLDERS}")
    expect(turn.locator(".rp-part")).to_have_count(2)
    expect(turn.locator(".rp-asked").first).to_contain_text("Question 1")


def test_shift_enter_makes_a_new_line(served, visit):
    page = visit(served.url)
    box = page.get_by_label("Customer's question")
    box.fill("one")
    box.press("Shift+Enter")
    box.type("two")
    expect(box).to_have_value("one\ntwo")
    expect(page.locator(".rp-turn")).to_have_count(0)


def test_thumbs_down_takes_a_note(served, visit):
    page = visit(served.url)
    card = ask(page, ENGLISH).locator(".rp-card").first
    card.get_by_role("button", name="Wrong match").click()
    card.get_by_label("What is wrong?").fill("another product")
    card.get_by_role("button", name="Send", exact=True).click()
    expect(card.get_by_text("Thanks, noted.")).to_be_visible()
    reload(page)
    down = page.locator(".rp-card").first.get_by_role("button", name="Wrong match")
    expect(down).to_have_attribute("aria-pressed", "true", timeout=JUDGED)


def test_stop_ends_the_writing_and_it_can_go_on(served, visit):
    page = visit(served.url)
    turn = ask(page, ENGLISH)
    turn.get_by_role("button", name="Stop").click()
    again = turn.get_by_role("button", name="Write the missing reasons")
    again.click()
    expect(turn.locator(".rp-card .rp-reason[data-done=true]").first).to_be_visible(timeout=WRITTEN)


def test_a_reload_keeps_the_conversation_and_nobody_else_sees_it(served, visit):
    page = visit(served.url)
    ask(page, ENGLISH)
    reload(page)
    expect(page.locator(".rp-turn[data-turn]")).to_have_count(1, timeout=JUDGED)
    expect(page.locator(".rp-question")).to_contain_text(ENGLISH)
    stranger = visit(served.url)
    expect(stranger.locator(".rp-empty")).to_be_visible()
    expect(stranger.locator(".rp-turn")).to_have_count(0)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".rp-empty")).to_be_visible()
    page.reload()
    expect(page.locator(".rp-empty")).to_be_visible(timeout=JUDGED)


def test_reading_an_answer_out_of_a_text(served, visit):
    page = visit(served.url)
    page.get_by_role("tab", name="Read").click()
    page.get_by_role("button", name="Try an example").click()
    expect(page.locator(".rp-context mark")).to_contain_text("30 dias", timeout=JUDGED)
    page.get_by_text("Pick a past answer as the text").click()
    page.get_by_placeholder("Search the library").fill("boleto vencido")
    page.get_by_role("button", name="Search").click()
    page.locator(".rp-results button").first.click(timeout=JUDGED)
    expect(page.get_by_label("Text", exact=True)).to_have_value(re.compile("boleto", re.IGNORECASE))
