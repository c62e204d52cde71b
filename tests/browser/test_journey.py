"""A support agent's day at the page, in a real browser against the real app and model."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.serving import import_file

ENGLISH = "The cycling helmet is too small, can I swap it for a bigger size of the same one?"
PORTUGUESE = "Perdi o boleto, que ainda não venceu. Como consigo outro?"
WITH_PLACEHOLDERS = (
    "I placed an order this morning and changed my mind, can I still cancel it if it hasn't been sent out yet?"
)
NONSENSE = "Does the moon landing museum open on bank holidays?"
PHONE = (390, 844)
JUDGED = 60_000
WRITTEN = 120_000
EVIL = (
    "<img src=x onerror=\"window.pwned='img'\"><script>window.pwned='script'</script> **bold** [x](javascript:alert(1))"
)


def ask(page: Page, text: str) -> Locator:
    """Send a message and wait for its turn."""
    turns = page.locator(".rp-turn[data-turn]")
    before = turns.count()
    box = page.get_by_label("Customer's question")
    box.fill(text)
    box.press("Enter")
    expect(turns).to_have_count(before + 1, timeout=JUDGED)
    return turns.last


def reload(page: Page) -> None:
    """Reload once nothing is being written: Gradio complains in the console about a call that a reload cuts."""
    expect(page.get_by_role("button", name="Stop")).to_have_count(0, timeout=WRITTEN)
    page.reload()


def reply_box(page: Page) -> Locator:
    return page.get_by_label("Your reply")


def write_answer(page: Page, question: str, answer: str) -> None:
    page.locator("aside").get_by_role("button", name="Write a new answer").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Question").fill(question)
    form.get_by_label("Answer").fill(answer)
    form.get_by_label("Tags").fill("test")
    form.get_by_role("button", name="Save answer").click()
    expect(page.get_by_text("Saved.")).to_be_visible(timeout=JUDGED)


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


def test_markup_from_the_library_and_from_customers_stays_text(served, visit):
    page = visit(served.url)
    marker = uuid.uuid4().hex
    question = f"How do I {marker} the {EVIL} thing?"
    write_answer(page, question, f"Hello {{name}} {EVIL}")
    card = ask(page, question).locator(".rp-card").first
    expect(card.locator(".rp-answer")).to_contain_text("<script>window.pwned")
    expect(page.locator(".rp-question p").last).to_contain_text("<img src=x")
    page.keyboard.press("Alt+1")
    expect(page.locator(".rp-root :is(img, script, b, strong, a)")).to_have_count(0)
    reload(page)
    expect(page.locator(".rp-turn[data-turn]")).to_have_count(1, timeout=JUDGED)
    assert page.evaluate("window.pwned") is None


def test_imported_markup_stays_text_and_equal_questions_are_too_close_to_call(served, visit, tmp_path):
    question = f"Can a lamp shade {EVIL} be washed?"
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        "".join(
            json.dumps({"question": question, "answer": f"{way} {EVIL}", "author": EVIL, "tags": [EVIL]}) + "\n"
            for way in ("By hand.", "With a tool.")
        )
    )
    import_file(served, rows)
    page = visit(served.url)
    turn = ask(page, question)
    expect(turn.get_by_role("note")).to_contain_text("Too close to call")
    answers = turn.locator(".rp-same .rp-answer")
    for index, way in enumerate(("By hand.", "With a tool.")):
        expect(answers.filter(has_text=way)).to_contain_text("<script>window.pwned")
        expect(turn.locator(".rp-same .rp-badge").nth(index)).to_have_text("Perhaps the same")
    expect(page.locator(".rp-turn .rp-card :is(img, script, b, strong, a)")).to_have_count(0)
    assert page.evaluate("window.pwned") is None


def test_an_empty_reply_of_the_server_is_told_and_can_be_tried_again(served, visit, watch):
    page = visit(served.url)
    page.route("**/gradio_api/queue/join*", lambda route: route.fulfill(status=503, json={"detail": "Queue is full."}))
    box = page.get_by_label("Customer's question")
    box.fill(ENGLISH)
    box.press("Enter")
    expect(page.get_by_text("The server is busy")).to_be_visible(timeout=JUDGED)
    page.unroute("**/gradio_api/queue/join*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".rp-card").first).to_be_attached(timeout=JUDGED)
    watch.problems.clear()


def test_an_overlong_question_is_told_its_limit(served, visit):
    page = visit(served.url)
    box = page.get_by_label("Customer's question")
    box.fill("x" * 5_000)
    box.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="4,000")).to_be_visible(timeout=JUDGED)


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


def test_a_demo_hides_what_it_forbids(demo, visit):
    page = visit(demo.url)
    turn = ask(page, ENGLISH)
    expect(turn.get_by_role("button", name="Use this answer").first).to_be_visible()
    expect(page.get_by_role("button", name="Wrong match")).to_have_count(0)
    expect(page.locator("aside").get_by_role("button", name="Write a new answer")).to_be_hidden()


def test_an_answer_in_another_language_says_so(demo, visit):
    page = visit(demo.url)
    page.get_by_label("Language of the question").select_option("English")
    notices = ask(page, PORTUGUESE).locator(".rp-card .rp-notice")
    expect(notices.first).to_have_text("This answer is in Portuguese; the question is in English.")
