"""The baseline of the training benchmark: TRL's SFTTrainer with PEFT and default settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from trl import SFTConfig, SFTTrainer
from trl.trainer import utils as trl_code

from training.backend.batches import labelled
from training.backend.plain import lora_config
from training.data.rows import TokenRow
from training.recipe import Recipe


def sft_trainer(recipe: Recipe, base: Path, rows: Sequence[TokenRow], folder: Path, bf16: bool) -> SFTTrainer:
    """Its defaults but for what the recipe fixes, and without gradient checkpointing, which would slow it.

    It trains on the CPU, inside `loss_on_cpu`.
    """
    chosen = recipe.training
    return SFTTrainer(
        model=str(base),
        args=SFTConfig(
            output_dir=str(folder),
            num_train_epochs=chosen.epochs,
            per_device_train_batch_size=chosen.per_device_batch,
            gradient_accumulation_steps=chosen.accumulation,
            learning_rate=chosen.learning_rate,
            lr_scheduler_type=chosen.scheduler,
            warmup_steps=chosen.warmup_steps,
            weight_decay=chosen.weight_decay,
            max_grad_norm=chosen.max_grad_norm,
            max_length=chosen.max_length,
            seed=chosen.seed,
            bf16=bf16,
            gradient_checkpointing=False,
            logging_steps=chosen.logging_steps,
            save_strategy="no",
            use_cpu=True,
        ),
        # Tokens and labels instead of texts, so that both sides learn the same tokens.
        train_dataset=Dataset.from_list([labelled(row) for row in rows]),
        peft_config=lora_config(recipe),
    )


@contextmanager
def loss_on_cpu() -> Iterator[None]:
    """Let SFTTrainer train on a CPU.

    TRL 1.15 computes its loss with a Triton kernel, and Triton has none for a CPU. The same formula in torch, over
    the same positions, takes its place meanwhile.
    """
    code: Any = trl_code
    kernel, code._ChunkedLogProbFunction = code._ChunkedLogProbFunction, _TorchLoss
    try:
        yield
    finally:
        code._ChunkedLogProbFunction = kernel


class _TorchLoss:
    @staticmethod
    def apply(
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        targets: torch.Tensor,
        temperature: float,
        chunk_size: int,
        softcap: float | None,
        scale: float,
        outputs: Sequence[str],
    ) -> tuple[torch.Tensor | None, ...]:
        """Log-probabilities, entropy, two figures SFTTrainer does not ask for, and whether each target comes first."""
        logits = torch.nn.functional.linear(hidden, weight, bias).float() * scale
        if softcap is not None:
            logits = softcap * torch.tanh(logits / softcap)
        found = torch.log_softmax(logits / temperature, -1)
        with torch.no_grad():
            entropy = -(found.exp() * found).sum(-1)
            first = found.argmax(-1) == targets
        return found.gather(-1, targets[:, None])[:, 0], entropy, None, None, first
