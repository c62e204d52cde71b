"""Frozen records that cross rooms. Nothing here computes anything but views of itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

Language = Literal["en", "pt"]
LANGUAGES: tuple[Language, ...] = ("en", "pt")

# The name of a task in the table `assistant.tasks.TASKS`.
Task = str

# What a pair of questions is; a verdict that could not be had is "unjudged".
PairLabel = Literal["same", "different"]
Label = Literal[PairLabel, "unjudged"]

# What the Evaluation tab asks of whoever keeps reports and versions.
PairMistake = Literal["false match", "missed match", "unreadable"]
ReadingMistake = Literal["wrong", "missed", "partly right", "found elsewhere"]
MistakeKind = Literal[PairMistake, ReadingMistake]
ReportFile = Literal["report.json", "report.html"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One past answer. `phrasings` are further wordings of `question`."""

    id: str
    question: str
    answer: str
    language: Language
    tags: tuple[str, ...] = ()
    author: str = ""
    date: dt.date | None = None
    phrasings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A past answer that retrieval proposes.

    `phrasing` is the wording (question or one of the phrasings) nearest to the
    query, `cosine` its embedding similarity in [-1, 1], `answer_cosine` that of the
    answer's own text (None where it has no vector), `score` the fused reciprocal-rank
    score (only its order means anything).
    """

    answer: Answer
    phrasing: str
    cosine: float
    score: float
    answer_cosine: float | None = None


@dataclass(frozen=True, slots=True)
class Signals:
    """What a verdict rests on. None stands for a signal that could not be had.

    `cosine` is the questions' embedding similarity in [-1, 1], `answer_cosine` that
    of the asked question and the past answer. `label_logit` is
    log P("same") - log P("different") read from the language model. `differing_share`
    is the share of all content words that only one of the two questions has, and
    `uncovered_share` the share of the asked question's content words that neither the
    past question nor its answer has, both in [0, 1]; they need one language.
    """

    cosine: float
    label_logit: float | None
    differing_share: float | None
    uncovered_share: float | None = None
    answer_cosine: float | None = None


@dataclass(frozen=True, slots=True)
class Differences:
    """Words that only one of the two questions has, in their order of appearance."""

    asked_only: tuple[str, ...]
    past_only: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judged candidate. `probability` is calibrated P(same), None when unjudged."""

    candidate: Candidate
    probability: float | None
    label: Label
    signals: Signals
    differences: Differences


# Why a written reason is not shown.
Fault = Literal[
    "contradicts the verdict",
    "quotes words nobody wrote",
    "ends inside a quotation",
    "tells apart what is the same",
    "says of a question what it does not say",
    "empty",
]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is what it is. `hidden` says why a written reason is not shown."""

    text: str | None
    hidden: Fault | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One question found in the message, with its verdicts, best first."""

    asked: str
    language: Language
    matches: tuple[Verdict, ...]
    near_misses: tuple[Verdict, ...]
    ambiguous: bool = False

    @property
    def no_match(self) -> bool:
        return not self.matches


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The reply to one message: one stored interaction, one part per question in it.

    `durations` are seconds by step name. `notice` tells whoever asked that another model than the wanted one answered;
    it is not stored.
    """

    interaction_id: str
    parts: tuple[Part, ...]
    base: str
    adapter: str | None
    prompt_version: str
    durations: dict[str, float] = field(default_factory=dict)
    notice: str | None = None

    @property
    def no_match(self) -> bool:
        return all(part.no_match for part in self.parts)

    @property
    def ambiguous(self) -> bool:
        return any(part.ambiguous for part in self.parts)


@dataclass(frozen=True, slots=True)
class Reading:
    """A short answer read out of a context, or none.

    `start` and `end` are character offsets into the context as given:
    `context[start:end] == answer`. All three are None for "not in the text".
    `confidence` is in [0, 1]; `notice` as that of a `Suggestion`.
    """

    answer: str | None
    start: int | None
    end: int | None
    confidence: float
    notice: str | None = None


Verb = Literal["used", "edited", "rejected", "up", "down"]
VERBS: tuple[Verb, ...] = ("used", "edited", "rejected", "up", "down")


@dataclass(frozen=True, slots=True)
class Feedback:
    """What an agent did with one shown answer."""

    interaction_id: str
    answer_id: str
    verdict: Verb
    note: str = ""


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A customer's question and a past one that was shown for it, with what an agent made of it.

    `same` follows from `verdict`; `feedback`, `interaction` and `answer` are the ids it comes from.
    """

    asked: str
    past: str
    language: Language
    same: bool
    verdict: Verb
    feedback: int
    interaction: str
    answer: str
    at: dt.datetime

    def as_row(self) -> dict[str, str | int]:
        """One line of a training file."""
        return {
            "question1": self.asked,
            "question2": self.past,
            "is_duplicate": int(self.same),
            "language": self.language,
            "feedback": self.feedback,
            "provenance": f"feedback {self.feedback}, {self.verdict} at {self.at:%Y-%m-%d}, answer {self.answer} in "
            f"interaction {self.interaction}",
        }


@dataclass(frozen=True, slots=True)
class Turn:
    """One stored interaction of a conversation, as a reloaded page shows it again."""

    question: str
    suggestion: Suggestion
    reasons: dict[str, Reason]
    feedback: tuple[Feedback, ...]
    asked_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that an import refused: its line in the file (from 1) and the reason."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Counts of one import."""

    added: int
    changed: int
    unchanged: int
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class ReasonUpdate:
    """One step of a reason being written: the text so far, and the outcome once it is finished.

    `notice` as that of a `Suggestion`.
    """

    part: int
    answer_id: str
    text: str
    reason: Reason | None = None
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class DeskStatus:
    """What answers right now. `alarms` say which versions should and do not, and why; `notices` are for everyone."""

    base: str
    adapter: str | None
    signals: dict[Language, tuple[str, ...]]
    answers: int
    alarms: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
