"""How much one visitor of a public demo may ask for."""

from __future__ import annotations

import math
import time
from collections import OrderedDict

# How many visitors are remembered. Beyond that the one who has been idle longest is forgotten and starts afresh.
_VISITORS = 10_000


class Limit:
    """Lets each visitor make `per_minute` calls at once, and that many a minute from then on (a token bucket)."""

    def __init__(self, per_minute: int) -> None:
        self._most = float(per_minute)
        self._per_second = per_minute / 60
        # By visitor: how many calls were left, and at what time.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def refusal(self, visitor: str) -> tuple[int, str] | None:
        """Count one call of `visitor`; the HTTP status and the words to refuse it with, None to let it pass."""
        now = time.monotonic()
        left, before = self._left.get(visitor, (self._most, now))
        left = min(self._most, left + (now - before) * self._per_second)
        allowed = left >= 1
        self._left[visitor] = (left - allowed, now)
        self._left.move_to_end(visitor)
        while len(self._left) > _VISITORS:
            self._left.popitem(last=False)
        if allowed:
            return None
        seconds = math.ceil((1 - left) / self._per_second)
        return 429, f"This demo is shared: ask again in {seconds} seconds, or run Resposta on your own machine."
