"""The Desk tab's handlers: what the page asks for, answered as plain JSON the page draws."""

from __future__ import annotations

import itertools
import re
import time
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assistant.errors import InputError
from assistant.people.access import Access
from assistant.records import ReasonUpdate, Suggestion
from assistant.ui.api import checked_feedback
from assistant.ui.calls import explain
from assistant.ui.views import Json, reason_view, status_view, suggestion_view, turn_view

if TYPE_CHECKING:
    from assistant.desk import Desk

_CONVERSATION = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

# A reason grows by a few letters at a time; more than about ten pictures a second only costs bandwidth.
_SECONDS_BETWEEN_UPDATES = 0.1


def new_conversation() -> str:
    """A random id. Whoever knows it can read the conversation, so it must not be guessable."""
    return str(uuid.uuid4())


def is_conversation(value: object) -> bool:
    """Whether `value` is a conversation's id as `new_conversation` makes them."""
    return isinstance(value, str) and _CONVERSATION.fullmatch(value) is not None


class Conversation:
    """Stateless: every call brings the conversation's id, kept in the visitor's browser."""

    def __init__(self, desk: Desk, access: Access) -> None:
        self._desk = desk
        self._access = access
        # The page is told of a change only when a value differs from the one before.
        self._counter = itertools.count(1)

    def thread(self, conversation: object) -> tuple[str, Json]:
        """The conversation's id (a new one if there was none or it is malformed) and all its turns."""
        known = str(conversation) if is_conversation(conversation) else new_conversation()
        try:
            self._access.check("suggest")
            turns = self._desk.history(known) if known == conversation else []
            return known, self._message("thread", turns=[turn_view(turn) for turn in turns], status=self._status())
        except Exception as error:
            # The id stays: what cannot be read right now is not lost.
            return known, self._message("thread", turns=[], status=None, error=explain(error))

    def fresh(self) -> tuple[str, Json]:
        """A new, empty conversation."""
        return self.thread(None)

    def ask(self, conversation: object, request: dict[str, Any]) -> Json:
        """Judge one message. `request` holds text, language and key (echoed)."""
        key = _key(request)
        try:
            self._access.check("suggest")
            text = request.get("text", "")
            suggestion = self._desk.suggest(
                text, str(request.get("language", "auto")), _own(conversation), who=self._access.who
            )
        except Exception as error:
            return self._message("failed", key=key, error=explain(error))
        status = self._status(suggestion.notice)
        return self._message("turn", key=key, turn=suggestion_view(text, suggestion), status=status)

    def reasons(self, conversation: object, request: dict[str, Any]) -> Iterator[Json]:
        """The reasons of the turn `request` names by id, as they are written; each message has all text so far.

        Closing the iterator (the page was closed, Stop was pressed) ends the writing.
        """
        about = {"key": _key(request), "id": str(request.get("id", ""))[:64]}
        written: dict[str, Json] = {}
        notice = None
        try:
            self._access.check("suggest")
            suggestion = self._suggestion(_own(conversation), about["id"])
            updates = self._desk.reasons(suggestion)
            try:
                shown = 0.0
                for update in updates:
                    written[f"{update.part}/{update.answer_id}"] = _reason_message(update)
                    notice = update.notice
                    if update.reason is not None or time.monotonic() - shown >= _SECONDS_BETWEEN_UPDATES:
                        shown = time.monotonic()
                        yield self._message("reasons", **about, reasons=dict(written), done=False)
            finally:
                updates.close()
        except Exception as error:
            yield self._message("reasons", **about, reasons=dict(written), done=True, error=explain(error))
            return
        yield self._message("reasons", **about, reasons=dict(written), done=True, notice=notice)

    def feedback(self, request: dict[str, Any]) -> Json:
        """Store what came of one card; {"ok", "error"}."""
        try:
            self._access.check("feedback")
            given = checked_feedback(
                request.get("interaction_id"), request.get("answer_id"), request.get("verdict"), request.get("note", "")
            )
            self._desk.feedback(given, who=self._access.who, edited_text=_text(request, "edited_text"))
        except Exception as error:
            return {"ok": False, "error": explain(error)}
        return {"ok": True}

    def write(self, request: dict[str, Any]) -> Json:
        """Save a new answer; {"ok", "id", "error"}."""
        try:
            self._access.check("write")
            tags = [tag.strip() for tag in _text(request, "tags").split(",") if tag.strip()]
            answer = self._desk.write_answer(
                _text(request, "question"),
                _text(request, "answer"),
                _text(request, "language") or "auto",
                tags,
            )
        except Exception as error:
            return {"ok": False, "error": explain(error)}
        return {"ok": True, "id": answer.id}

    def _suggestion(self, conversation: str, interaction: str) -> Suggestion:
        for turn in self._desk.history(conversation):
            if turn.suggestion.interaction_id == interaction:
                return turn.suggestion
        raise InputError("This question is not part of your conversation; reload the page and ask again.")

    def _status(self, notice: str | None = None) -> Json:
        """What answers, and the `notice` of the answer that this goes with."""
        allowed = {action: self._access.allows(action) for action in ("feedback", "write")}
        status = status_view(self._desk.status()) | {"allowed": allowed}
        status["notices"] += [notice] if notice else []
        # What goes wrong behind the page is no visitor's business.
        return status if self._access.allows("evaluate") else status | {"alarms": []}

    def _message(self, kind: str, **content: Any) -> Json:
        return {"kind": kind, "n": next(self._counter), **content}


def _reason_message(update: ReasonUpdate) -> Json:
    if update.reason is None:
        return {"text": update.text, "hidden": None, "done": False}
    return (reason_view(update.reason) or {}) | {"done": True}


def _key(request: dict[str, Any]) -> str:
    """Echoed, so that the page knows a late message of an earlier call from one of this call."""
    return str(request.get("key", ""))[:64]


def _own(conversation: object) -> str:
    if not is_conversation(conversation):
        raise InputError("The conversation's id is malformed; reload the page to start a new one.")
    return str(conversation)


def _text(request: dict[str, Any], name: str) -> str:
    value = request.get(name, "")
    if not isinstance(value, str):
        raise InputError(f"{name} must be text; reload the page and try again.")
    return value
