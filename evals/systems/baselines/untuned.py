"""The base model without its adapter: what fine-tuning starts from."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import Any

from assistant.errors import InputError
from assistant.judge.calibration import sigmoid
from assistant.judge.judge import readable_logit
from assistant.prompts import ChatFormat, PairPrompt, with_examples
from assistant.records import PairLabel
from assistant.serving.load import LoadedModel
from evals.data.published import QuestionPair
from evals.systems.labels import as_the_app_asks, label_scores
from evals.systems.pair_system import described

# Labelled pairs in a few-shot prompt, half of them the same.
EXAMPLES = 8
SEED = 20260101

# The examples' length is paid with every pair, so long ones are left out; nearly all of Quora's are shorter.
EXAMPLE_CHARS = 120


class Untuned:
    """The systems "zero-shot" and, with `learnt` pairs to choose examples from, "few-shot"."""

    def __init__(self, name: str, model: LoadedModel, learnt: Sequence[QuestionPair] = ()) -> None:
        self.name = name
        self._model = model
        self._examples: list[tuple[str, str, PairLabel]] = [
            (pair.question1, pair.question2, "same" if pair.same else "different")
            for pair in (examples(learnt) if learnt else ())
        ]

    @property
    def model(self) -> dict[str, Any]:
        return described(self._model) | {"examples_sha256": hashlib.sha256(repr(self._examples).encode()).hexdigest()}

    def probabilities(self, pairs: Sequence[QuestionPair]) -> list[float | None]:
        scores = label_scores(self._model.generator, self._model.base.chat, pairs, None, self._ask)
        return [None if (logit := readable_logit(score)) is None else sigmoid(logit) for score in scores]

    def _ask(self, pair: QuestionPair, chat: ChatFormat) -> PairPrompt:
        return with_examples(as_the_app_asks(pair, chat), self._examples)


def examples(pairs: Sequence[QuestionPair]) -> list[QuestionPair]:
    """As many of either label, in random order, the same each time. Raises `InputError` when there are too few."""
    chance = random.Random(SEED)
    chosen: list[QuestionPair] = []
    for label in (True, False):
        short = [pair for pair in pairs if pair.same == label and _chars(pair) <= EXAMPLE_CHARS]
        if len(short) < EXAMPLES // 2:
            raise InputError(
                f"few-shot needs {EXAMPLES // 2} pairs of each label with questions of at most {EXAMPLE_CHARS} "
                "characters: give more pairs with --train."
            )
        chosen += chance.sample(short, EXAMPLES // 2)
    chance.shuffle(chosen)
    return chosen


def _chars(pair: QuestionPair) -> int:
    return max(len(pair.question1), len(pair.question2))
