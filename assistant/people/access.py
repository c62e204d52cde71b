"""Who may do what. Every handler asks here, because a hidden button protects nothing."""

from __future__ import annotations

from typing import Literal

from assistant.errors import AccessError
from assistant.settings import Settings

Action = Literal["suggest", "answer", "search", "feedback", "write", "evaluate", "manage"]
ACTIONS: tuple[Action, ...] = ("suggest", "answer", "search", "feedback", "write", "evaluate", "manage")
# The name under which a demo's visitors are stored.
VISITOR = "visitor"
VISITOR_ACTIONS: frozenset[Action] = frozenset({"suggest", "answer", "search", "feedback"})

_WORDS: dict[Action, str] = {
    "suggest": "asking for past answers",
    "answer": "reading an answer out of a text",
    "search": "searching the library",
    "feedback": "rating an answer",
    "write": "writing a new answer",
    "evaluate": "reading evaluations",
    "manage": "running evaluations and moving model versions",
}


class Access:
    """What the users of this server may do.

    There are no users yet: on loopback everyone is the machine's owner and may do
    everything; with DEMO=1 everyone is a visitor. `who` is what gets stored with an
    interaction.
    """

    def __init__(self, settings: Settings) -> None:
        self._allowed: frozenset[Action] = VISITOR_ACTIONS if settings.demo else frozenset(ACTIONS)
        self.who = VISITOR if settings.demo else "local"

    def allows(self, action: Action) -> bool:
        return action in self._allowed

    def check(self, action: Action) -> None:
        """Raise `AccessError` unless `action` is allowed here."""
        if not self.allows(action):
            raise AccessError(
                f"This is a demo: {_WORDS[action]} is switched off. "
                "Run Resposta on your own machine (make app) to use it."
            )
