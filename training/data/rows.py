"""Training rows: pairs, readings, and the tokens made of them."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.records import Language


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two questions and whether they ask the same.

    `explanation` may be empty; `both_orders` trains the pair turned round as well; `origin` are the
    questions it was translated from.
    """

    question1: str
    question2: str
    same: bool
    language: Language
    explanation: str = ""
    both_orders: bool = False
    origin: tuple[str, str] | None = None
    provenance: str = ""


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A question, the text it is answered from, and every accepted answer. `document` names the text's origin."""

    question: str
    context: str
    answers: tuple[str, ...]
    document: str
    provenance: str = ""


TrainingRow = PairRow | ReadingRow


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One training text: token ids, and for each how much the loss counts predicting it (0: not at all)."""

    tokens: tuple[int, ...]
    weights: tuple[float, ...]
