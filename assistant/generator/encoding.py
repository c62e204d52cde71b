"""Turns segments into token ids. Training and serving both call this, so their tokens agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.prompts import Segment

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def encode(tokenizer: PreTrainedTokenizerBase, segments: Sequence[Segment]) -> list[int]:
    """Token ids, every segment on its own; quoted text yields no control token.

    Not thread-safe: whether control tokens are split is a state of the tokenizer, not of the call.
    """
    ids: list[int] = []
    for segment in segments:
        ids += tokenizer(segment.text, add_special_tokens=False, split_special_tokens=segment.quoted).input_ids
    return ids
