"""Records as the plain JSON that the page and the named endpoints show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from assistant.records import (
    Answer,
    Candidate,
    DeskStatus,
    Differences,
    Part,
    Reading,
    Reason,
    Signals,
    Suggestion,
    Turn,
    Verdict,
)

Json = dict[str, Any]


def answer_view(answer: Answer) -> Json:
    """A past answer without its further phrasings; `date` is ISO 8601."""
    return {
        "id": answer.id,
        "question": answer.question,
        "answer": answer.answer,
        "language": answer.language,
        "tags": list(answer.tags),
        "author": answer.author,
        "date": answer.date.isoformat() if answer.date else None,
    }


def candidate_view(candidate: Candidate) -> Json:
    """What a search found; `cosine` is in [-1, 1]."""
    return answer_view(candidate.answer) | {"phrasing": candidate.phrasing, "cosine": round(candidate.cosine, 4)}


def verdict_view(verdict: Verdict) -> Json:
    """One judged answer; `phrasing` is the past wording that was compared."""
    return answer_view(verdict.candidate.answer) | {
        "phrasing": verdict.candidate.phrasing,
        "probability": None if verdict.probability is None else round(verdict.probability, 4),
        "label": verdict.label,
        "signals": _signals_view(verdict.signals),
        "differences": differences_view(verdict.differences),
    }


def differences_view(differences: Differences) -> Json:
    """The words that only one of the two questions has."""
    return {"asked_only": list(differences.asked_only), "past_only": list(differences.past_only)}


def reason_view(reason: Reason | None) -> Json | None:
    """A reason, and why it is hidden if it is; None where none was written."""
    return None if reason is None else {"text": reason.text, "hidden": reason.hidden}


def part_view(part: Part, reasons: Mapping[str, Reason], verdicts: Mapping[str, str]) -> Json:
    """One question's group of cards; `verdicts` is what the agent already said, by answer id."""

    def card(verdict: Verdict) -> Json:
        answer_id = verdict.candidate.answer.id
        return verdict_view(verdict) | {
            "reason": reason_view(reasons.get(answer_id)),
            "voted": verdicts.get(answer_id),
        }

    return {
        "asked": part.asked,
        "language": part.language,
        "ambiguous": part.ambiguous,
        "no_match": part.no_match,
        "matches": [card(verdict) for verdict in part.matches],
        "near_misses": [card(verdict) for verdict in part.near_misses],
    }


def turn_view(turn: Turn) -> Json:
    """A stored turn with its reasons and the thumbs that were given."""
    votes = {given.answer_id: given.verdict for given in turn.feedback if given.verdict in ("up", "down")}
    return _turn(turn.question, turn.suggestion, turn.reasons, votes)


def suggestion_view(question: str, suggestion: Suggestion) -> Json:
    """A turn that was only just judged: no reasons yet, nothing said about it."""
    return _turn(question, suggestion, {}, {})


def _turn(question: str, suggestion: Suggestion, reasons: Mapping[str, Reason], votes: Mapping[str, str]) -> Json:
    return {
        "id": suggestion.interaction_id,
        "question": question,
        "base": suggestion.base,
        "adapter": suggestion.adapter,
        "parts": [part_view(part, reasons, votes) for part in suggestion.parts],
    }


def reading_view(reading: Reading) -> Json:
    """A passage; `start` and `end` are character offsets into the text as it was sent."""
    return {
        "found": reading.answer is not None,
        "answer": reading.answer,
        "start": reading.start,
        "end": reading.end,
        "confidence": round(reading.confidence, 4),
    }


def status_view(status: DeskStatus) -> Json:
    """What answers right now."""
    return {
        "base": status.base,
        "adapter": status.adapter,
        "signals": {language: list(names) for language, names in status.signals.items()},
        "answers": status.answers,
        "alarms": list(status.alarms),
        "notices": list(status.notices),
    }


def _signals_view(signals: Signals) -> Json:
    return {name: None if value is None else round(value, 4) for name, value in asdict(signals).items()}
