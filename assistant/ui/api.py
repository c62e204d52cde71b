"""The named endpoints: the same desk for programs (gradio_client, curl)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from assistant.errors import InputError
from assistant.people.access import Access
from assistant.records import VERBS, Feedback, Reason, Suggestion
from assistant.ui.gradio_bridge import describe_parameters
from assistant.ui.views import candidate_view, reading_view, verdict_view

if TYPE_CHECKING:
    from assistant.desk import Desk

MAX_NOTE = 1_000

# Shown beside each parameter under "Use via API".
PARAMETERS = {
    "question": "What the customer wrote (it may hold several questions), or what to look for in the text.",
    "language": 'Of the question: "auto", "en" or "pt".',
    "reasons": "Also write why each shown answer was judged so; slower.",
    "context": "The text to read the answer out of.",
    "query": "Words or a question.",
    "limit": "How many answers at most.",
    "interaction_id": "From the reply of /suggest.",
    "answer_id": 'The "id" of one of its matches or near misses.',
    "verdict": " or ".join(f'"{verb}"' for verb in VERBS) + ".",
    "note": f"Why, in a sentence; at most {MAX_NOTE:,} characters.",
}


def add_endpoints(page: gr.Blocks, desk: Desk, access: Access) -> None:
    """Register /suggest, /answer, /search and /feedback in `page`, which is being built.

    Gradio does not check the types of what arrives here, so each handler does.
    """

    def suggest(question: str, language: str = "auto", reasons: bool = True) -> dict:
        """Past answers to a customer's question, each judged "same" or "different".

        Returns {"matches", "near_misses", "no_match", "ambiguous", "interaction_id"}. Each entry of the two lists has
        "id", "question", "answer", "language", "probability" (of being the same question, 0 to 1, or null when it
        could not be judged), "label" ("same", "different" or "unjudged"), "reason" (text or null), "reason_hidden"
        (why a written reason is withheld, or null), "base", "adapter", and besides "asked" (the question it belongs
        to), "phrasing", "tags", "author", "date", "signals" and "differences".
        """
        access.check("suggest")
        if not isinstance(reasons, bool):
            raise InputError("reasons must be true or false; correct it and send again.")
        suggestion = desk.suggest(_text(question, "question"), _text(language, "language"), who=access.who)
        return suggestion_reply(suggestion, _written(desk, suggestion) if reasons else {})

    def answer(question: str, context: str) -> dict:
        """A short answer read out of a longer Portuguese text.

        Returns {"found", "answer", "start", "end", "confidence"}; "start" and "end" count characters of the context.
        "found" is false and the next three are null when the answer is not in the text.
        """
        access.check("answer")
        return reading_view(desk.read(_text(question, "question"), _text(context, "context")))

    def search(query: str, limit: int = 10) -> list[dict]:
        """Past answers near to a query, best first, without judging them.

        Returns a list of {"id", "question", "answer", "language", "tags", "author", "date", "phrasing", "cosine"}.
        """
        access.check("search")
        if isinstance(limit, bool) or not isinstance(limit, int):
            raise InputError("limit must be a whole number; correct it and send again.")
        return [candidate_view(found) for found in desk.search(_text(query, "query"), limit)]

    def feedback(interaction_id: str, answer_id: str, verdict: str, note: str = "") -> dict:
        """What came of a suggested answer. Returns {"stored": true}."""
        access.check("feedback")
        desk.feedback(checked_feedback(interaction_id, answer_id, verdict, note), who=access.who)
        return {"stored": True}

    for function in (suggest, answer, search, feedback):
        describe_parameters(page, gr.api(function, api_name=function.__name__), PARAMETERS)


def suggestion_reply(suggestion: Suggestion, reasons: dict[tuple[int, str], Reason]) -> dict[str, Any]:
    """What /suggest returns; `reasons` by part number and answer id."""

    def entries(kind: str) -> list[dict[str, Any]]:
        found = []
        for number, part in enumerate(suggestion.parts):
            for verdict in getattr(part, kind):
                reason = reasons.get((number, verdict.candidate.answer.id))
                found.append(
                    verdict_view(verdict)
                    | {
                        "reason": reason.text if reason and not reason.hidden else None,
                        "reason_hidden": reason.hidden if reason else None,
                        "base": suggestion.base,
                        "adapter": suggestion.adapter,
                        "asked": part.asked,
                    }
                )
        return found

    return {
        "matches": entries("matches"),
        "near_misses": entries("near_misses"),
        "no_match": suggestion.no_match,
        "ambiguous": suggestion.ambiguous,
        "interaction_id": suggestion.interaction_id,
    }


def checked_feedback(interaction_id: object, answer_id: object, verdict: object, note: object) -> Feedback:
    """A `Feedback` from what a client sent; raises `InputError` when it is malformed."""
    if verdict not in VERBS:
        raise InputError(f"The verdict must be one of {', '.join(VERBS)}; send one of these.")
    note = _text(note, "note")
    if len(note) > MAX_NOTE:
        raise InputError(f"The note has {len(note):,} characters; the limit is {MAX_NOTE:,}. Shorten it.")
    return Feedback(_text(interaction_id, "interaction_id"), _text(answer_id, "answer_id"), verdict, note)


def _written(desk: Desk, suggestion: Suggestion) -> dict[tuple[int, str], Reason]:
    return {
        (update.part, update.answer_id): update.reason
        for update in desk.reasons(suggestion)
        if update.reason is not None
    }


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name} must be text; send it as a JSON string.")
    return value
