"""What asking a chat model will cost, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.settings import Settings

# A rough upper estimate: English has about four characters a token.
CHARACTERS_PER_TOKEN = 3

CONFIRM = "Nothing was sent. Confirm with --yes to go on."


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost, in the currency of the endpoint's price list."""

    tokens_in: float
    tokens_out: float

    def of(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 1e6


def prices_from(settings: Settings) -> Prices | None:
    """None unless both prices are set."""
    price_in, price_out = settings.teacher_price_in, settings.teacher_price_out
    return None if price_in is None or price_out is None else Prices(price_in, price_out)


@dataclass(frozen=True, slots=True)
class Cost:
    """An estimate. `minutes` is the least that the limit on requests allows, `remark` what may make it more."""

    pairs: int
    requests: int
    tokens_in: int
    tokens_out: int
    minutes: float
    prices: Prices | None
    remark: str = ""

    def lines(self) -> list[str]:
        if not self.pairs:
            return ["no pairs to ask about: nothing will be sent"]
        sent = (
            f"about {self.requests:,} requests, {self.tokens_in:,} tokens in, {self.tokens_out:,} tokens out, at least "
            f"{self.minutes:,.1f} minutes{self.remark}"
        )
        if self.prices is None:
            money = "set RESPOSTA_TEACHER_PRICE_IN and RESPOSTA_TEACHER_PRICE_OUT (per million tokens) to see the price"
        else:
            money = f"about {self.prices.of(self.tokens_in, self.tokens_out):,.2f} in the currency of the two prices"
        return [f"{self.pairs:,} pairs to ask about", f"  {sent}", f"  {money}"]


def tokens_of(messages: Iterable[Sequence[dict[str, str]]]) -> int:
    """About how many tokens these chats have."""
    return sum(len(message["content"]) for chat in messages for message in chat) // CHARACTERS_PER_TOKEN
