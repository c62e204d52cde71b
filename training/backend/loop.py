"""The training loop of a recipe: transformers' Trainer for the plain backend, TRL's SFTTrainer for unsloth's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import Trainer, TrainerCallback, TrainingArguments

from assistant.bases.adapter import WEIGHTS
from assistant.bases.weights import Weights
from assistant.generator.engine import DTYPES
from assistant.versions.version import CARD
from training.backend.batches import PaddedBatches, TreeBatches, labelled
from training.backend.loaded import Trainable
from training.backend.resume import EarlyStopping
from training.backend.tree_trainer import TreeTrainer
from training.data.rows import TokenRow
from training.recipe import Recipe


def arguments(recipe: Recipe, trainable: Trainable, folder: Path, validated: bool) -> dict[str, Any]:
    """The recipe's settings under the names of transformers' TrainingArguments."""
    chosen = recipe.training
    cuda = trainable.in_effect["device"] == "cuda"
    stops_early = bool(chosen.early_stopping) and validated
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
        # 8-bit optimizer states need a GPU's kernels.
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
        "load_best_model_at_end": stops_early,
        "metric_for_best_model": "eval_loss" if stops_early else None,
        "greater_is_better": False if stops_early else None,
        "seed": chosen.seed,
        "use_cpu": not cuda,
        "dataloader_pin_memory": cuda,
        # Every step uses every matrix of the adapter.
        "ddp_find_unused_parameters": False,
        "remove_unused_columns": False,
        "report_to": [],
    }


def make_trainer(
    recipe: Recipe,
    trainable: Trainable,
    training: Sequence[Sequence[TokenRow]],
    validation: Sequence[Sequence[TokenRow]],
    folder: Path,
    callbacks: Sequence[TrainerCallback],
) -> Trainer:
    """A trainer that has not begun. `folder` gets the checkpoints; rows that begin alike stand together."""
    given = arguments(recipe, trainable, folder, bool(validation))
    watching = list(callbacks)
    if recipe.training.early_stopping and validation:
        watching.append(EarlyStopping(recipe.training.early_stopping))
    pad = trainable.tokenizer.pad_token_id
    padded = PaddedBatches(trainable.tokenizer.eos_token_id if pad is None else pad)
    if recipe.backend == "unsloth":
        return _sft_trainer(recipe, trainable, training, validation, given, padded, watching)
    common = {
        "model": trainable.model,
        "args": TrainingArguments(**given),
        "train_dataset": [{"rows": group} for group in training],
        "eval_dataset": [{"rows": group} for group in validation] or None,
        "callbacks": watching,
    }
    if recipe.training.packing == "prefix":
        return TreeTrainer(data_collator=TreeBatches(DTYPES[trainable.in_effect["dtype"]]), **common)
    return Trainer(data_collator=padded, **common)


def _sft_trainer(
    recipe: Recipe,
    trainable: Trainable,
    training: Sequence[Sequence[TokenRow]],
    validation: Sequence[Sequence[TokenRow]],
    given: dict[str, Any],
    padded: PaddedBatches,
    callbacks: list[TrainerCallback],
) -> Trainer:
    """TRL's trainer, as unsloth has patched it, on texts that are tokens already."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    packing = recipe.training.packing == "sequences"
    return SFTTrainer(
        model=trainable.model,
        processing_class=trainable.tokenizer,
        args=SFTConfig(**given, max_length=recipe.training.max_length, packing=packing),
        train_dataset=Dataset.from_list([labelled(row) for group in training for row in group]),
        eval_dataset=Dataset.from_list([labelled(row) for group in validation for row in group]) or None,
        # Packed sequences need TRL's own batches, which keep them apart.
        data_collator=None if packing else padded,
        callbacks=callbacks,
    )


def in_effect(trainer: Trainer) -> dict[str, Any]:
    """The settings that took effect. On a CPU they can differ from the recipe's."""
    args = trainer.args
    sequences = "sequences" if getattr(args, "packing", False) else "none"
    return {
        "optimizer": str(getattr(args.optim, "value", args.optim)),
        "mixed_precision": "bf16" if args.bf16 else "fp16" if args.fp16 else "none",
        "packing": "prefix" if isinstance(trainer, TreeTrainer) else sequences,
        "gradient_checkpointing": args.gradient_checkpointing,
        "learning_rate": args.learning_rate,
        "rows_per_step": args.train_batch_size * args.gradient_accumulation_steps * args.world_size,
        "epochs": args.num_train_epochs,
        "seed": args.seed,
        "threads": torch.get_num_threads(),
    }


def history(trainer: Trainer) -> list[dict[str, float]]:
    """The logged steps with a loss; the trainer's closing summary is none of them."""
    return [entry for entry in trainer.state.log_history if "loss" in entry or "eval_loss" in entry]


def save_adapter(trainer: Trainer, weights: Weights, folder: Path) -> None:
    """Write the adapter in 16 bits, half the size, under the public name of its base."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    for config in model.peft_config.values():
        # Without this the configuration would name a folder of this machine.
        config.base_model_name_or_path = weights.base.hub
        config.inference_mode = True
    # The embeddings are unchanged; letting PEFT check that would ask the Hub.
    model.save_pretrained(folder, save_embedding_layers=False)
    file = folder / WEIGHTS
    tensors = {name: tensor.to(torch.float16) for name, tensor in load_file(file).items()}
    save_file(tensors, file, metadata={"format": "pt"})
    # PEFT's own card knows nothing of the recipe.
    (folder / CARD).unlink(missing_ok=True)
