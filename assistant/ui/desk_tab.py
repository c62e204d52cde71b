"""The Desk tab: conversation, match cards and reply box, drawn by static/desk.js."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from assistant.ui.component import component, tell_page
from assistant.ui.conversation import Conversation
from assistant.ui.gradio_bridge import event_data

# More would only wait for each other: one thread owns the model.
CONCURRENT_CALLS = 16


def build_desk_tab(conversation: Conversation, remembered: gr.BrowserState) -> gr.HTML:
    """Lay out the tab. `remembered` holds the conversation's id in the browser."""

    def ask(known: Any, event: gr.EventData) -> dict[str, Any]:
        return conversation.ask(known, event_data(event))

    def explain(known: Any, event: gr.EventData) -> Iterator[dict[str, Any]]:
        yield from conversation.reasons(known, event_data(event))

    def feedback(request: dict[str, Any]) -> dict[str, Any]:
        return conversation.feedback(request)

    def write(request: dict[str, Any]) -> dict[str, Any]:
        return conversation.write(request)

    desk = component("desk", events=("ask", "explain", "halt", "fresh"), server_functions=[feedback, write])
    # Reasons arrive through a component of their own: the page may be told of a new
    # question's matches at the same moment, and one value would overwrite the other.
    reasons = component("reasons")

    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "trigger_mode": "multiple"}
    asking = desk.ask(ask, remembered, desk, concurrency_limit=CONCURRENT_CALLS, **private)
    asking.failure(None, js=tell_page("ask"), **private)
    explaining = desk.explain(explain, remembered, reasons, concurrency_limit=CONCURRENT_CALLS, **private)
    explaining.failure(None, js=tell_page("explain"), **private)
    desk.halt(None, cancels=[explaining], **private)
    desk.fresh(conversation.fresh, None, [remembered, desk], **private)
    return desk
