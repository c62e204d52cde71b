"""What asking a teacher will cost, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from training.teacher_prompt import Asked, messages

# Rough on purpose, and rather too much than too little: English has about four characters a token.
CHARACTERS_PER_TOKEN = 3
TOKENS_PER_SENTENCE = 50


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost, in the currency of the endpoint's price list."""

    tokens_in: float
    tokens_out: float

    def of(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 1e6


@dataclass(frozen=True, slots=True)
class Cost:
    """An estimate, before anything is sent. `minutes` is the least that the limit on requests allows."""

    pairs: int
    requests: int
    tokens_in: int
    tokens_out: int
    minutes: float
    prices: Prices | None

    def lines(self) -> list[str]:
        if not self.pairs:
            return ["no pairs to ask about: nothing will be sent"]
        sent = (
            f"about {self.requests:,} requests, {self.tokens_in:,} tokens in, {self.tokens_out:,} tokens out, at least "
            f"{self.minutes:,.1f} minutes; more where a sentence is refused and asked again"
        )
        if self.prices is None:
            money = "set RESPOSTA_TEACHER_PRICE_IN and RESPOSTA_TEACHER_PRICE_OUT (per million tokens) to see the price"
        else:
            money = f"about {self.prices.of(self.tokens_in, self.tokens_out):,.2f} in the currency of the two prices"
        return [f"{self.pairs:,} pairs to ask about", f"  {sent}", f"  {money}"]


def estimate(batches: Sequence[Sequence[Asked]], requests_per_minute: float, prices: Prices | None) -> Cost:
    """The cost of asking `batches` once."""
    pairs = sum(len(batch) for batch in batches)
    characters = sum(len(message["content"]) for batch in batches for message in messages(batch))
    return Cost(
        pairs,
        len(batches),
        characters // CHARACTERS_PER_TOKEN,
        pairs * TOKENS_PER_SENTENCE,
        len(batches) / requests_per_minute,
        prices,
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
