"""Decoding restricted to the spans of one text: the model may only write what stands there.

Every word of the text is a possible beginning. At each step the model chooses among the tokens that go on
along some occurrence, or stops where a word ends, so an answer is always a piece of the text at a known place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Characters after a possible beginning that can still belong to its answer.
REACH = 320

_WORD_START = re.compile(r"(?<!\w)\w|[^\w\s](?=\w)")


@dataclass(frozen=True, slots=True)
class Beginning:
    """The text's tokens from `start` on; `ends` holds the character offset in the text after each token."""

    start: int
    ids: tuple[int, ...]
    ends: tuple[int, ...]


def beginnings(text: str, token_ends: Callable[[str], tuple[tuple[int, ...], tuple[int, ...]]]) -> list[Beginning]:
    """Every place in `text` where an answer may begin. `token_ends` gives tokens and the offset after each."""
    found = []
    for start in (match.start() for match in _WORD_START.finditer(text)):
        # As in training, an answer is a segment of its own that begins with a space.
        ids, ends = token_ends(f" {text[start : start + REACH]}")
        found.append(Beginning(start, ids, tuple(start + end - 1 for end in ends)))
    return found


class Spans:
    """The pieces of one text that an answer may be."""

    def __init__(self, text: str, beginnings: Sequence[Beginning], stop_id: int) -> None:
        self._text = text
        self._beginnings = beginnings
        self._stop_id = stop_id

    def allowed(self, written: Sequence[int]) -> list[int]:
        """Tokens that may follow those `written`; empty when nothing can."""
        count = len(written)
        following: dict[int, None] = {}
        for beginning in self._along(written):
            # A first token may be the space alone.
            if count and beginning.ends[count - 1] > beginning.start and self._at_word_end(beginning.ends[count - 1]):
                following[self._stop_id] = None
            if len(beginning.ids) > count:
                following[beginning.ids[count]] = None
        return list(following)

    def place(self, written: Sequence[int]) -> tuple[int, int] | None:
        """The first place in the text (start, end) of the written tokens; None when it is not there."""
        for beginning in self._along(written):
            return beginning.start, beginning.ends[len(written) - 1]
        return None

    def _along(self, written: Sequence[int]) -> list[Beginning]:
        ids = tuple(written)
        return [beginning for beginning in self._beginnings if beginning.ids[: len(ids)] == ids]

    def _at_word_end(self, end: int) -> bool:
        return end >= len(self._text) or not (self._text[end].isalnum() and self._text[end - 1].isalnum())
