"""The result of a backend: a base model with a trainable adapter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peft import PeftModel
from transformers import PreTrainedTokenizerBase

from assistant.bases.weights import Weights


@dataclass(frozen=True, slots=True)
class Trainable:
    """A base model with a fresh adapter. `in_effect` holds the settings that took effect on this hardware."""

    model: PeftModel
    tokenizer: PreTrainedTokenizerBase
    weights: Weights
    in_effect: dict[str, Any]
