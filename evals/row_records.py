"""What an evaluation keeps of each row: a judged pair of questions, or a question read from a text.

Records on disk (rows.jsonl, the rows of report.json) are JSON objects with the fields' names; a row kept without its
texts lacks those keys.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, NamedTuple, Self, get_args

from assistant.records import Language, MistakeKind, PairMistake, ReadingMistake
from assistant.tasks import RowKind

Json = dict[str, Any]


class Fault(NamedTuple):
    """What is wrong with a row. `score` is P(same) or F1, None where nothing could be read; `weight` in [0, 1] says how
    wrong it is. "found elsewhere" is a question with a right answer that was also answered from a text which does not
    hold one."""

    kind: MistakeKind
    score: float | None
    weight: float


class Told(NamedTuple):
    """A mistaken row in words for a page: its question, what was answered (marked), and what belongs beside it."""

    question: str
    answered: str
    beside: str


class MeasuredRow(ABC):
    """A row with what was answered. `row` is its number in the data, from 0."""

    __slots__ = ()

    # The texts, which a row may be kept without.
    TEXTS: ClassVar[tuple[str, ...]]
    MISTAKES: ClassVar[tuple[MistakeKind, ...]]
    # Rows between two writes to the disk: what a killed run loses.
    TOGETHER: ClassVar[int]

    row: int
    language: Language

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Raises `TypeError` when a field is missing."""
        names = [one.name for one in fields(cls)]  # type: ignore[arg-type]  # every subclass is a dataclass
        return cls(**{name: stored[name] for name in names if name in stored})

    def to_json(self) -> Json:
        """Every field, but no text that was not kept."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]  # as above
        return {name: value for name, value in values.items() if not (name in self.TEXTS and value is None)}

    def shortened(self) -> Self:
        """The row without its texts, with every figure as it is."""
        return replace(self, **dict.fromkeys(self.TEXTS))  # type: ignore[type-var]  # as above

    def without_texts(self) -> Self:
        """What may be kept of data that may not be passed on: no text, but whether there was one."""
        return self.shortened()

    @property
    def cluster(self) -> int | None:
        """Rows of one cluster are not independent of each other; None for a row that stands by itself."""
        return None

    @abstractmethod
    def is_right(self, threshold: float) -> bool:
        """Whether it was answered right; a pair counts as "same" from `threshold` on."""

    @abstractmethod
    def score(self, measure: str, threshold: float) -> float | None:
        """The row's part in a figure, by a name among the task's `scores`; None where the row has none."""

    @abstractmethod
    def fault(self, threshold: float) -> Fault | None:
        """What is wrong with the row, None where nothing is."""

    @abstractmethod
    def told(self, kind: MistakeKind) -> Told | None:
        """The row as a mistake of that kind; None where its texts were not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPair(MeasuredRow):
    """Two questions, whether they ask the `same`, and the `probability` in [0, 1] that was given for it; None where the
    reply could not be read."""

    TEXTS = ("question1", "question2")
    MISTAKES = get_args(PairMistake)
    TOGETHER = 32

    row: int
    question1: str | None = None
    question2: str | None = None
    same: bool
    language: Language
    probability: float | None

    def without_texts(self) -> Self:
        rounded = None if self.probability is None else float(f"{self.probability:.5g}")
        return replace(self.shortened(), probability=rounded)

    def is_right(self, threshold: float) -> bool:
        return self.probability is not None and (self.probability >= threshold) == self.same

    def score(self, measure: str, threshold: float) -> float | None:
        """ "right" is 1 or 0, "brier" the squared error."""
        if measure == "right":
            return float(self.is_right(threshold))
        if measure == "brier":
            return None if self.probability is None else (self.probability - self.same) ** 2
        raise KeyError(measure)

    def fault(self, threshold: float) -> Fault | None:
        if self.probability is None:
            return Fault("unreadable", None, 0.0)
        if self.is_right(threshold):
            return None
        kind: PairMistake = "missed match" if self.same else "false match"
        return Fault(kind, self.probability, abs(self.same - self.probability))

    def told(self, kind: MistakeKind) -> Told | None:
        if self.question1 is None or self.question2 is None:
            return None
        return Told(self.question1, "", self.question2)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredReading(MeasuredRow):
    """A question asked of a text.

    `document` numbers the article that the text is of. `prediction` is None for "not in the text"; any of `answers` is
    right, and without one the text holds none. `confidence`, `exact_match` and `f1` are in [0, 1]. `semantic` says
    whether the prediction means the same as an answer, `elsewhere` what was found in a text without the answer,
    `refused` whether that was nothing; each is None where it was not or could not be told.
    """

    TEXTS = ("question", "context")
    MISTAKES = get_args(ReadingMistake)
    TOGETHER = 4

    language: ClassVar[Language] = "pt"  # type: ignore[misc]  # the same for all of them

    row: int
    question: str | None = None
    context: str | None = None
    document: int
    answers: tuple[str, ...]
    prediction: str | None
    confidence: float
    exact_match: float
    f1: float
    semantic: bool | None
    elsewhere: str | None = None
    refused: bool | None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        found = super(MeasuredReading, cls).from_json(stored)
        return replace(found, answers=tuple(found.answers))

    def to_json(self) -> Json:
        return super(MeasuredReading, self).to_json() | {"answers": list(self.answers)}

    def without_texts(self) -> Self:
        return replace(
            self.shortened(),
            answers=("",) * len(self.answers),
            prediction=None if self.prediction is None else "",
            elsewhere=None if self.elsewhere is None else "",
        )

    @property
    def cluster(self) -> int | None:
        return self.document

    @property
    def outcome(self) -> str:
        """ "right", "partly right", "wrong" or "missed"."""
        return "right" if self._is_exact() else self._mistake()

    def is_right(self, threshold: float) -> bool:
        return self._is_exact()

    def score(self, measure: str, threshold: float) -> float | None:
        """ "right" is 1 or 0, "f1" the overlap of words."""
        if measure == "right":
            return float(self.is_right(threshold))
        if measure == "f1":
            return self.f1
        raise KeyError(measure)

    def fault(self, threshold: float) -> Fault | None:
        if not self._is_exact():
            return Fault(self._mistake(), self.f1, 1 - self.f1)
        return Fault("found elsewhere", self.f1, 0.5) if self.refused is False else None

    def told(self, kind: MistakeKind) -> Told | None:
        if self.question is None:
            return None
        if kind == "found elsewhere":
            return Told(self.question, self.elsewhere or "", "in a text that does not hold the answer")
        nothing = "not in the text"
        right = " / ".join(self.answers) or nothing
        return Told(self.question, self.prediction or nothing, f"instead of {right}")

    def _is_exact(self) -> bool:
        """Whether the answer is right word for word, or there is none and none was given."""
        return self.exact_match == 1 or (self.prediction is None and not self.answers)

    def _mistake(self) -> ReadingMistake:
        if self.prediction is None:
            return "missed"
        return "partly right" if self.f1 > 0 else "wrong"


# How rows are kept, by the kind of rows that a task is measured on.
ROWS: dict[RowKind, type[MeasuredRow]] = {"pairs": MeasuredPair, "readings": MeasuredReading}
