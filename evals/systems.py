"""What can answer "same or not" for a pair of questions, and be measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from evals.datasets import QuestionPair


class PairSystem(Protocol):
    """Gives P(same) for pairs. `name` stands in reports; `model` is what their `Report.model` holds."""

    name: str

    @property
    def model(self) -> dict[str, Any]: ...

    def probabilities(self, pairs: Sequence[QuestionPair]) -> list[float | None]:
        """P(same) in [0, 1] of each pair, in order; None where the reply could not be read."""
        ...
