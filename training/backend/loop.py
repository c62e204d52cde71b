"""The training loop of a recipe: transformers' Trainer for the plain backend, TRL's SFTTrainer for unsloth's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import EarlyStoppingCallback, Trainer, TrainerCallback, TrainingArguments

from training.backend.batches import PaddedBatches, TreeBatches
from training.backend.loaded import Trainable
from training.backend.tree_trainer import TreeTrainer
from training.prefix_tree import Row
from training.recipe import Recipe

Feature = dict[str, list[Row]]

OPTIMIZERS = {"adamw_8bit": "adamw_8bit", "adamw_torch": "adamw_torch"}


def arguments(recipe: Recipe, trainable: Trainable, folder: Path, validated: bool) -> dict[str, Any]:
    """The recipe's settings under the names of transformers' TrainingArguments."""
    chosen = recipe.training
    cuda = trainable.in_effect["device"] == "cuda"
    dtype = trainable.in_effect["dtype"]
    return {
        "output_dir": str(folder / "checkpoints"),
        "num_train_epochs": chosen.epochs,
        "per_device_train_batch_size": chosen.per_device_batch,
        "per_device_eval_batch_size": chosen.per_device_batch,
        "gradient_accumulation_steps": chosen.accumulation,
        "learning_rate": chosen.learning_rate,
        "lr_scheduler_type": chosen.scheduler,
        "warmup_steps": chosen.warmup_steps,
        "weight_decay": chosen.weight_decay,
        "max_grad_norm": chosen.max_grad_norm,
        # 8-bit optimizer states are kernels of a GPU.
        "optim": chosen.optimizer if cuda else "adamw_torch",
        "bf16": dtype == "bfloat16",
        "fp16": dtype == "float16" and cuda,
        "gradient_checkpointing": chosen.gradient_checkpointing,
        "logging_steps": chosen.logging_steps,
        "eval_strategy": "no" if not validated else "steps" if chosen.eval_steps else "epoch",
        "eval_steps": chosen.eval_steps,
        "save_strategy": "steps" if chosen.save_steps else "epoch",
        "save_steps": chosen.save_steps or 500,
        "save_total_limit": 3,
        "load_best_model_at_end": bool(chosen.early_stopping),
        "metric_for_best_model": "eval_loss" if chosen.early_stopping else None,
        "greater_is_better": False if chosen.early_stopping else None,
        "seed": chosen.seed,
        "use_cpu": not cuda,
        "dataloader_pin_memory": cuda,
        "remove_unused_columns": False,
        "report_to": [],
    }


def make_trainer(
    recipe: Recipe,
    trainable: Trainable,
    training: Sequence[Feature],
    validation: Sequence[Feature],
    folder: Path,
    callbacks: Sequence[TrainerCallback],
) -> Trainer:
    """A trainer that has not begun. `folder` gets the checkpoints; features hold rows that begin alike."""
    given = arguments(recipe, trainable, folder, bool(validation))
    watching = list(callbacks)
    if recipe.training.early_stopping and validation:
        watching.append(EarlyStoppingCallback(recipe.training.early_stopping))
    pad = trainable.tokenizer.pad_token_id
    common = {
        "model": trainable.model,
        "train_dataset": list(training),
        "eval_dataset": list(validation) or None,
        "callbacks": watching,
    }
    if recipe.training.packing == "prefix":
        dtype = next(trainable.model.parameters()).dtype
        collator = TreeBatches(dtype if dtype.is_floating_point else torch.float32)
        return TreeTrainer(args=TrainingArguments(**given), data_collator=collator, **common)
    collator = PaddedBatches(trainable.tokenizer.eos_token_id if pad is None else pad)
    return Trainer(args=TrainingArguments(**given), data_collator=collator, **common)
