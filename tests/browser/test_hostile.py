"""What the page makes of markup, of a busy server and of too much text."""

from __future__ import annotations

import json
import uuid

from playwright.sync_api import expect

from tests.browser.steps import ENGLISH, JUDGED, ask, reload, write_answer
from tests.support.app_process import import_file

EVIL = (
    "<img src=x onerror=\"window.pwned='img'\"><script>window.pwned='script'</script> **bold** [x](javascript:alert(1))"
)


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
