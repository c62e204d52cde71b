"""Estimates a run's tokens, time, memory and disk before it begins."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PretrainedConfig

from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import locate_configuration
from assistant.errors import ModelError
from assistant.generator.encoding import encode
from assistant.generator.engine import compute_dtype, has_cuda
from assistant.prompts import Segment
from training.backend.prefix_tree import build
from training.data.prepare import Prepared
from training.data.rows import TokenRow
from training.recipe import Recipe

GIB = 1 << 30
# What the libraries hold before a model is there: CUDA's context and torch's kernels, or torch alone.
RUNTIME = {"cuda": 1.2 * GIB, "cpu": 0.8 * GIB}
WEIGHT_BYTES = {"4bit": 0.55, "8bit": 1.06}
BYTES = {"fp32": 4, "bf16": 2, "fp16": 2}
# Multiplications of a training step reach about this share of what one large product reaches alone.
EFFICIENCY = 0.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """Sizes in bytes, time in seconds. `computed_tokens` is less than `tokens` where beginnings are shared."""

    rows: int
    validation_rows: int
    tokens: int
    computed_tokens: int
    steps: int
    trainable: int
    parameters: int
    memory: float
    available: float
    seconds: float
    checkpointed: bool

    def lines(self) -> list[str]:
        return [
            f"{self.rows:,} training rows, {self.validation_rows:,} held out; {self.tokens:,} tokens an epoch, "
            f"{self.computed_tokens:,} of them computed",
            f"{self.steps:,} optimizer steps",
            f"{self.trainable:,} of {self.parameters:,} parameters trained ({self.trainable / self.parameters:.2%})",
            f"about {self.memory / GIB:.1f} GiB at the peak, {self.available / GIB:.1f} GiB there",
            f"about {_duration(self.seconds)}",
        ]

    def refuse_if_too_large(self) -> None:
        """Raise `ModelError` when the peak does not fit into the memory there is."""
        if self.memory > self.available:
            more = "" if self.checkpointed else ", or set training.gradient_checkpointing=true"
            raise ModelError(
                f"The run needs about {self.memory / GIB:.1f} GB and the machine has {self.available / GIB:.1f}: lower "
                f"training.max_length or training.per_device_batch{more}."
            )


class Shape:
    """What is known of a base without its weights: its configuration and its tokenizer."""

    def __init__(self, recipe: Recipe, cache: Path) -> None:
        folder = locate_configuration(CATALOGUE[recipe.base], cache)
        self.config = AutoConfig.from_pretrained(folder)
        self._tokenizer = AutoTokenizer.from_pretrained(folder)

    def encode(self, segments: Sequence[Segment]) -> list[int]:
        return encode(self._tokenizer, segments)


def estimate(recipe: Recipe, prepared: Prepared, config: PretrainedConfig) -> Estimate:
    """Measured where that is cheap (tokens, the machine's speed), computed elsewhere."""
    device = "cuda" if has_cuda() else "cpu"
    computed = step_tokens(recipe, prepared.training, device)
    blocks, embeddings = parameters(config)
    trainable = lora_parameters(recipe, config)
    available = float(torch.cuda.mem_get_info()[0] if device == "cuda" else psutil.virtual_memory().available)
    steps = max(1, math.ceil(len(computed) / recipe.training.accumulation)) * recipe.training.epochs
    # Forward through all, backward through activations only: the base's own gradients are not needed.
    factor = 6 if recipe.training.gradient_checkpointing else 4
    flops = factor * blocks * sum(computed) * recipe.training.epochs
    return Estimate(
        rows=len(prepared.rows),
        validation_rows=len(prepared.held_out),
        tokens=prepared.tokens,
        computed_tokens=sum(computed),
        steps=math.ceil(steps),
        trainable=trainable,
        parameters=blocks + embeddings + trainable,
        memory=peak_memory(recipe, config, max(computed), device),
        available=available,
        seconds=flops / (EFFICIENCY * _flops_per_second(device)),
        checkpointed=recipe.training.gradient_checkpointing,
    )


def peak_memory(recipe: Recipe, config: PretrainedConfig, tokens: int, device: str) -> float:
    """Bytes at the peak of a step of `tokens` tokens."""
    precision = recipe.training.precision
    width = BYTES[precision] if precision != "auto" else compute_dtype(device).itemsize
    blocks, embeddings = parameters(config)
    # 8 bits need a GPU's kernels.
    quantized = recipe.quantization if device == "cuda" or recipe.quantization == "4bit" else "none"
    # PEFT's preparation of a quantized base turns what stays unquantized into 32 bits.
    outer = BYTES["fp32"] if recipe.backend == "peft" and quantized != "none" else width
    weights = blocks * WEIGHT_BYTES.get(quantized, width) + embeddings * outer
    states = 2 if recipe.training.optimizer == "adamw_8bit" and device == "cuda" else 8
    adapter = lora_parameters(recipe, config) * (2 * width + states)
    layer = width * layer_activations(config) * tokens
    if recipe.training.gradient_checkpointing:
        activations = layer + width * config.hidden_size * tokens * config.num_hidden_layers
    else:
        activations = layer * config.num_hidden_layers
    # Logits are computed in the model's type, then in 32 bits for the loss, and have a gradient.
    kept = tokens if recipe.training.packing != "prefix" else max(1, tokens // 8)
    logits = kept * config.vocab_size * (width + 8)
    return weights + adapter + activations + logits + RUNTIME[device]


def layer_activations(config: PretrainedConfig) -> int:
    """Numbers that one layer keeps for its backward pass, for each token.

    Counted on Gemma 3 in 16 bits, whose many norms keep copies in 32; Llama keeps a fifth less. The attention
    matrix is not among them: no kernel stores it but a CPU's for GPT-2 and OPT, which have dropout inside.
    """
    hidden, heads = config.hidden_size, config.num_attention_heads
    inner = getattr(config, "intermediate_size", None) or getattr(config, "ffn_dim", None) or 4 * hidden
    keys = getattr(config, "num_key_value_heads", None) or heads
    head = getattr(config, "head_dim", None) or hidden // heads
    return 10 * hidden + 4 * inner + 4 * head * (heads + keys)


def parameters(config: PretrainedConfig) -> tuple[int, int]:
    """(parameters of the blocks, of what is never quantized: embeddings and output matrix).

    Counted on a model without memory.
    """
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    tables = [module for module in model.modules() if isinstance(module, torch.nn.Embedding)]
    tables.append(model.get_output_embeddings())
    embeddings = {id(p): p.numel() for table in tables for p in table.parameters()}
    everything = {id(p): p.numel() for p in model.parameters()}
    outer = sum(embeddings.values())
    return sum(everything.values()) - outer, outer


def lora_parameters(recipe: Recipe, config: PretrainedConfig) -> int:
    """Parameters of the adapter: r * (inputs + outputs) for each matrix it sits on."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    total = 0
    for name, module in model.named_modules():
        if name.split(".")[-1] in recipe.lora_modules and hasattr(module, "weight"):
            total += recipe.lora.r * sum(module.weight.shape)
    return total


def step_tokens(recipe: Recipe, groups: Sequence[Sequence[TokenRow]], device: str) -> list[int]:
    """How many tokens each batch of an epoch computes, padding included and shared beginnings once."""
    size, packing = recipe.training.per_device_batch, recipe.training.packing
    # On a CPU unsloth does not pack.
    if packing == "sequences" and device == "cuda":
        longest = recipe.training.max_length
        rows = math.ceil(sum(len(row.tokens) for group in groups for row in group) / longest)
        return [longest * min(size, rows - place) for place in range(0, rows, size)]
    order = list(groups)
    random.Random(recipe.training.seed).shuffle(order)
    batches = [[row for group in order[place : place + size] for row in group] for place in range(0, len(order), size)]
    if packing == "prefix":
        return [len(build(batch).tokens) for batch in batches]
    return [len(batch) * max(len(row.tokens) for row in batch) for batch in batches]


def _flops_per_second(device: str) -> float:
    """What one large matrix product reaches here."""
    size = 4096 if device == "cuda" else 768
    matrix = torch.randn(size, size, device=device, dtype=compute_dtype(device))
    matrix @ matrix
    started, products = time.perf_counter(), 0
    while time.perf_counter() - started < 0.5:
        float((matrix @ matrix)[0, 0])
        products += 1
    return products * 2 * size**3 / (time.perf_counter() - started)


def _duration(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
