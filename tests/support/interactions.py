"""What agents and visitors were shown, and what they said of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from assistant.records import (
    Answer,
    Candidate,
    Differences,
    Feedback,
    Language,
    Part,
    Signals,
    Suggestion,
    Verdict,
)
from assistant.store.connection import Store


def shown_answer(answer_id: str, past: str, language: Language = "en") -> Verdict:
    """An answer to the question `past`, shown as a match."""
    answer = Answer(answer_id, past, f"The answer of {answer_id}.", language)
    return Verdict(Candidate(answer, past, 0.9, 0.03), 0.8, "same", Signals(0.9, 1.5, 0.2), Differences((), ()))


def recorded(store: Store, parts: Sequence[Part], feedback: Sequence[tuple[str, str]] = (), who: str = "ana") -> str:
    """An interaction with its feedback, pairs of an answer's id and what came of it; its id."""
    made = Suggestion(str(uuid.uuid4()), tuple(parts), "base", None, "v1", {})
    store.interactions.record(made.interaction_id, None, who, "…", made)
    for answer, verb in feedback:
        store.interactions.add_feedback(Feedback(made.interaction_id, answer, verb), who)
    return made.interaction_id


def asked(
    store: Store,
    question: str,
    verdict: str | None = None,
    past: str = "How is a kite returned?",
    who: str = "ana",
) -> str:
    """A question for which the answer "a1" to `past` was shown, rated or not; the interaction's id."""
    rated = [("a1", verdict)] if verdict else []
    return recorded(store, [Part(question, "en", (shown_answer("a1", past),), ())], rated, who)
