"""What an agent does at the page, and how long it may take."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

ENGLISH = "The cycling helmet is too small, can I swap it for a bigger size of the same one?"
PORTUGUESE = "Perdi o boleto, que ainda não venceu. Como consigo outro?"
WITH_PLACEHOLDERS = (
    "I placed an order this morning and changed my mind, can I still cancel it if it hasn't been sent out yet?"
)
NONSENSE = "Does the moon landing museum open on bank holidays?"
PHONE = (390, 844)
# Milliseconds a busy machine may take to judge a question, and to write its reasons.
JUDGED = 60_000
WRITTEN = 120_000


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
