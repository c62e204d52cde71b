"""What a backend hands over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peft import PeftModel
from transformers import PreTrainedTokenizerBase

from assistant.bases.weights import Weights


@dataclass(frozen=True, slots=True)
class Trainable:
    """A base model with a fresh adapter. `in_effect` says what the hardware made of the recipe's wishes."""

    model: PeftModel
    tokenizer: PreTrainedTokenizerBase
    weights: Weights
    in_effect: dict[str, Any]
