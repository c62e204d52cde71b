"""The cost of asking a teacher, and the report of what it wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from evals.chat.cost import Cost, Prices, tokens_of
from training.teaching.prompt import TeacherPair, messages

TOKENS_PER_SENTENCE = 50


def estimate(batches: Sequence[Sequence[TeacherPair]], requests_per_minute: float, prices: Prices | None) -> Cost:
    """The cost of asking `batches` once."""
    pairs = sum(len(batch) for batch in batches)
    return Cost(
        pairs,
        len(batches),
        tokens_of(messages(batch) for batch in batches),
        pairs * TOKENS_PER_SENTENCE,
        len(batches) / requests_per_minute,
        prices,
        "; more where a sentence is refused and asked again",
    )


@dataclass(slots=True)
class TeacherReport:
    """Where the explanations come from, how much was used, and why sentences were refused for good."""

    given: int = 0
    cached: int = 0
    written: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0

    def lines(self, prices: Prices | None) -> list[str]:
        price = f", {prices.of(self.tokens_in, self.tokens_out):,.2f}" if prices else ""
        return [
            f"{self.written:,} explanations by the teacher, {self.cached:,} by it in earlier runs, {self.given:,} "
            f"that were there, {self.refused.total():,} by contrast",
            *(f"  {count:,} of the teacher's sentences were {why}" for why, count in self.refused.most_common()),
            f"{self.requests:,} requests, {self.tokens_in:,} tokens in, {self.tokens_out:,} tokens out{price}",
        ]
