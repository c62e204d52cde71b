"""The page: its tabs and what happens when it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from assistant.people.access import Access
from assistant.ui.api import add_endpoints
from assistant.ui.component import STATIC_PATH
from assistant.ui.conversation import Conversation
from assistant.ui.desk_tab import CONCURRENT_CALLS, build_desk_tab
from assistant.ui.evaluation_tab import Evaluations, build_evaluation_tab
from assistant.ui.gradio_bridge import Page, hide_space
from assistant.ui.read_tab import build_read_tab

if TYPE_CHECKING:
    from assistant.desk import Desk

# Where the browser keeps the conversation's id; another name would lose every open conversation.
STORAGE_KEY = "resposta-conversation"

# A later file may override an earlier one.
STYLES = "base controls read desk card composer reply evaluation tables charts rows versions".split()
HEAD = "".join(f'<link rel="stylesheet" href="{STATIC_PATH}/{name}.css">' for name in STYLES)


def build_page(desk: Desk, evaluations: Evaluations, access: Access, secret: str, max_queue: int) -> gr.Blocks:
    """The Blocks with every tab that the person may open, and every named endpoint.

    `secret` scrambles what the browser remembers; it must outlive a restart, or the browser
    could not read it again. `max_queue` bounds the calls that may wait.
    """
    conversation = Conversation(desk, access)
    with Page(title="Resposta", fill_width=True, analytics_enabled=False) as page:
        remembered = gr.BrowserState(None, storage_key=STORAGE_KEY, secret=secret)
        with gr.Tabs(elem_id="rp-tabs"):
            with gr.Tab("Desk"):
                thread = build_desk_tab(conversation, remembered)
            with gr.Tab("Read"):
                build_read_tab(desk, access)
            if access.allows("evaluate"):
                with gr.Tab("Evaluation"):
                    build_evaluation_tab(evaluations, access)
        add_endpoints(page, desk, access)

        def reopen(known: Any) -> tuple[str, dict[str, Any]]:
            return conversation.thread(known)

        page.load(
            reopen, remembered, [remembered, thread], api_visibility="private", show_progress="hidden", queue=True
        )
    hide_space(page)
    # With api_open=True a caller could bypass the queue, and with it max_queue.
    page.queue(max_size=max_queue, default_concurrency_limit=CONCURRENT_CALLS, api_open=False)
    return page
