"""The plain PEFT backend: transformers loads the base, PEFT puts the adapter on it."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import locate
from assistant.generator.engine import compute_dtype, has_cuda
from training.backend.loaded import Trainable
from training.recipe import Recipe

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def load(recipe: Recipe, cache: Path) -> Trainable:
    """The recipe's base with a fresh adapter, frozen but for it."""
    device = "cuda" if has_cuda() else "cpu"
    weights = locate(CATALOGUE[recipe.base], cache)
    precision = recipe.training.precision
    dtype = compute_dtype(device) if precision == "auto" else DTYPES[precision]
    quantization, config = _quantization(recipe, device, dtype)
    torch.manual_seed(recipe.lora.seed)
    tokenizer = AutoTokenizer.from_pretrained(weights.path)
    model = AutoModelForCausalLM.from_pretrained(
        weights.path,
        dtype=dtype,
        quantization_config=config,
        # With several processes each one has a GPU.
        device_map={"": PartialState().device} if device == "cuda" else None,
        use_safetensors=True,
        trust_remote_code=False,
    )
    model.config.use_cache = False
    if config is not None:
        keep_four_bit_layout(model)
        model = prepare_model_for_kbit_training(
            model, use_gradient_checkpointing=recipe.training.gradient_checkpointing
        )
    with warnings.catch_warnings():
        # GPT-2's layers store their matrices turned round; PEFT sees that and corrects the setting itself.
        warnings.filterwarnings("ignore", message="fan_in_fan_out is set to False")
        peft_model = get_peft_model(
            model,
            lora_config(recipe),
            # The base's own type: converting in every layer costs nearly half the speed. Gradients of 16-bit floats
            # have to be scaled, though, and what is scaled has to have 32 bits.
            autocast_adapter_dtype=dtype is torch.float16,
        )
    # A checkpoint has to be loaded in the same type, which the trainer does not know: a resumed run would otherwise
    # compute in float32 from there.
    loading: Any = peft_model
    loading.load_adapter = partial(peft_model.load_adapter, autocast_adapter_dtype=dtype is torch.float16)
    return Trainable(
        peft_model,
        tokenizer,
        weights,
        {
            "backend": "peft",
            "device": device,
            "dtype": str(dtype).removeprefix("torch."),
            "quantization": quantization,
            "lora_modules": list(recipe.lora_modules),
        },
    )


def lora_config(recipe: Recipe) -> LoraConfig:
    """The recipe's adapter in PEFT's terms."""
    return LoraConfig(
        r=recipe.lora.r,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        bias=recipe.lora.bias,
        target_modules=list(recipe.lora_modules),
        task_type="CAUSAL_LM",
    )


def _quantization(recipe: Recipe, device: str, dtype: torch.dtype) -> tuple[str, BitsAndBytesConfig | None]:
    """The quantization that takes effect: 8 bits need a GPU's kernels, 4 bits work on both."""
    if recipe.quantization == "8bit" and device == "cuda":
        return "8bit", BitsAndBytesConfig(load_in_8bit=True)
    if recipe.quantization == "4bit":
        return "4bit", BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    return "none", None


def keep_four_bit_layout(model: torch.nn.Module) -> None:
    """Hold bitsandbytes to the layout that its backward pass reads.

    On CPUs with AVX512-BF16 it repacks 4-bit weights for inference at the first evaluation, and gradients
    after that are wrong.
    """
    module: Any
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
