"""The unsloth backend: the same calls on a GPU and, with other values in effect, on a CPU.

unsloth patches transformers, peft and trl, so it has to be imported before them: this module is the first
that a run with `backend: unsloth` imports.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import unsloth  # isort: skip
import torch

from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import locate
from training.backend.loaded import Trainable
from training.recipe import Recipe

if TYPE_CHECKING:
    from peft import PeftModel

DTYPES = {"auto": None, "bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def load(recipe: Recipe, cache: Path) -> Trainable:
    """The recipe's base with a fresh adapter, frozen but for it."""
    weights = locate(CATALOGUE[recipe.base], cache)
    model, tokenizer = unsloth.FastLanguageModel.from_pretrained(
        model_name=str(weights.path),
        max_seq_length=recipe.training.max_length,
        dtype=DTYPES[recipe.training.precision],
        load_in_4bit=recipe.quantization == "4bit",
        load_in_8bit=recipe.quantization == "8bit",
        trust_remote_code=False,
    )
    model = unsloth.FastLanguageModel.get_peft_model(
        model,
        r=recipe.lora.r,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        bias=recipe.lora.bias,
        target_modules=list(recipe.lora_modules),
        use_gradient_checkpointing="unsloth" if recipe.training.gradient_checkpointing else False,
        random_state=recipe.lora.seed,
    )
    return Trainable(model, tokenizer, weights, in_effect(model, recipe))


def in_effect(model: PeftModel, recipe: Recipe) -> dict[str, object]:
    """What the loaded model really is: on a CPU unsloth turns 8 bits into 16 and fp16 into bf16 or fp32."""
    config = getattr(model.config, "quantization_config", None)
    quantization = "none"
    if config is not None:
        four = config.get("load_in_4bit") if isinstance(config, dict) else config.load_in_4bit
        quantization = "4bit" if four else "8bit"
    embedding = model.get_input_embeddings().weight
    return {
        "backend": "unsloth",
        "device": embedding.device.type,
        "dtype": str(embedding.dtype).removeprefix("torch."),
        "quantization": quantization,
        "lora_modules": list(recipe.lora_modules),
    }
