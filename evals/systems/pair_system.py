"""The interface of a system that judges pairs of questions and can be measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from assistant.serving.load import LoadedModel
from evals.data.published import QuestionPair


def described(model: LoadedModel) -> dict[str, Any]:
    """What a report says of a loaded model."""
    identity = model.identity
    return {
        "base": model.base.name,
        "base_sha256": identity.base_sha256,
        "prompt_version": identity.prompt_version,
        "device": identity.hardware,
    }


class PairSystem(Protocol):
    """Gives P(same) for pairs. `name` stands in reports; `model` is what their `Report.model` holds."""

    name: str

    @property
    def model(self) -> dict[str, Any]: ...

    def probabilities(self, pairs: Sequence[QuestionPair]) -> list[float | None]:
        """P(same) in [0, 1] of each pair, in order; None where the reply could not be read."""
        ...
