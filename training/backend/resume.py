"""A forked run takes its history from another one, and its settings from its own recipe."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from training.checkpoints import STATE
from training.recipe import Recipe


def adopt(checkpoint: Path, recipe: Recipe) -> None:
    """Write the recipe's learning rate, weight decay and steps into a copied checkpoint.

    A checkpoint restores its own values over the arguments of the trainer, so changed ones have to stand in it.
    """
    chosen = recipe.training
    optimizer_file, scheduler_file = checkpoint / "optimizer.pt", checkpoint / "scheduler.pt"
    optimizer = torch.load(optimizer_file, map_location="cpu", weights_only=True)
    for group in optimizer["param_groups"]:
        group["lr"] = group["initial_lr"] = chosen.learning_rate
        # Biases and norms are kept without decay by the trainer.
        if group["weight_decay"]:
            group["weight_decay"] = chosen.weight_decay
    scheduler = torch.load(scheduler_file, map_location="cpu", weights_only=True)
    scheduler["base_lrs"] = [chosen.learning_rate] * len(scheduler["base_lrs"])
    torch.save(optimizer, optimizer_file)
    torch.save(scheduler, scheduler_file)
    state = json.loads((checkpoint / STATE).read_text(encoding="utf-8"))
    state.update(save_steps=chosen.save_steps or 500, eval_steps=chosen.eval_steps, logging_steps=chosen.logging_steps)
    (checkpoint / STATE).write_text(json.dumps(state, indent=2), encoding="utf-8")
