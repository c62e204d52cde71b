"""The Read tab: a short answer read out of a Portuguese text, drawn by static/read.js."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from assistant.people.access import Access
from assistant.ui.calls import explain
from assistant.ui.component import component, tell_page
from assistant.ui.desk_tab import CONCURRENT_CALLS
from assistant.ui.gradio_bridge import event_data
from assistant.ui.views import candidate_view, reading_view

if TYPE_CHECKING:
    from assistant.desk import Desk

SHOWN = 8


def build_read_tab(desk: Desk, access: Access) -> None:
    """Lay out the tab."""

    def read(event: gr.EventData) -> dict[str, Any]:
        request = event_data(event)
        context = request.get("context", "")
        try:
            access.check("answer")
            reading = desk.read(request.get("question", ""), context)
        except Exception as error:
            return {"kind": "failed", "key": request.get("key"), "error": explain(error)}
        about = {"kind": "reading", "key": request.get("key"), "context": context, "notice": reading.notice}
        return about | reading_view(reading)

    def find(event: gr.EventData) -> dict[str, Any]:
        request = event_data(event)
        try:
            access.check("search")
            found = desk.search(request.get("query", ""), SHOWN)
        except Exception as error:
            return {"kind": "failed", "key": request.get("key"), "error": explain(error)}
        return {"kind": "found", "key": request.get("key"), "results": [candidate_view(one) for one in found]}

    reader = component("read", events=("read", "find"))
    finder = component("find")
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "trigger_mode": "multiple"}
    private["concurrency_limit"] = CONCURRENT_CALLS
    for what, event, handler, target in (("read", reader.read, read, reader), ("find", reader.find, find, finder)):
        call = event(handler, None, target, **private)
        call.failure(None, js=tell_page(what), **private)
