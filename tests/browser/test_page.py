"""Phones, keyboards, the demo and answers in another language."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.steps import ENGLISH, PHONE, PORTUGUESE, ask, reply_box


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_has_no_sideways_scroll_and_shows_the_reply_below(served, visit, scheme):
    page = visit(served.url, PHONE, color_scheme=scheme, has_touch=True)
    turn = ask(page, f"{ENGLISH}\n{'x' * 300}")
    turn.locator("summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert reply_box(page).bounding_box()["y"] > turn.bounding_box()["y"]
    page.get_by_role("tab", name="Read").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_everything_can_be_reached_by_keyboard_with_a_visible_focus(served, visit):
    page = visit(served.url)
    ask(page, ENGLISH)
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        outline, name = page.evaluate(
            """() => { const at = document.activeElement; const style = getComputedStyle(at);
            if (at === document.body) return [true, ""];
            return [style.outlineStyle !== 'none' || style.boxShadow !== 'none' || at.matches('.rp-ask'),
                    at.getAttribute('aria-label') || at.innerText || at.id]; }"""
        )
        if name:
            reached.add(name.split("\n")[0].strip())
            assert outline, f"no visible focus on {name!r}"
    for wanted in ("New conversation", "Good match", "Wrong match", "rp-reply-text", "Customer's question"):
        assert any(wanted in name for name in reached), (wanted, reached)


def test_a_demo_says_what_it_keeps_and_hides_what_it_forbids(demo, visit):
    page = visit(demo.url)
    expect(page.locator(".rp-public")).to_contain_text("What you ask and rate is not kept")
    turn = ask(page, ENGLISH)
    expect(turn.get_by_role("button", name="Use this answer").first).to_be_visible()
    expect(turn.get_by_role("button", name="Wrong match").first).to_be_visible()
    expect(page.locator("aside").get_by_role("button", name="Write a new answer")).to_be_hidden()


def test_an_answer_in_another_language_says_so(demo, visit):
    page = visit(demo.url)
    page.get_by_label("Language of the question").select_option("English")
    notices = ask(page, PORTUGUESE).locator(".rp-card .rp-notice")
    expect(notices.first).to_have_text("This answer is in Portuguese; the question is in English.")
