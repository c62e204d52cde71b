"""State that a resumed run has to carry over from its checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from transformers import EarlyStoppingCallback, TrainerState

from training.backend.checkpoints import STATE
from training.recipe import Recipe


class EarlyStopping(EarlyStoppingCallback):
    """Counts evaluations without progress across a resume, as an uninterrupted run would."""

    def on_train_begin(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        super().on_train_begin(args, state, control, **kwargs)
        saved = state.stateful_callbacks.get(type(self).__name__, {})
        self.early_stopping_patience_counter = saved.get("attributes", {}).get("early_stopping_patience_counter", 0)
        # The run had stopped early and was killed before it ended.
        if self.early_stopping_patience_counter >= self.early_stopping_patience:
            control.should_training_stop = True


def adopt(checkpoint: Path, recipe: Recipe) -> None:
    """Write the recipe's learning rate, weight decay and steps into a copied checkpoint.

    A checkpoint restores its own values over the arguments of the trainer, so changed ones have to stand in it.
    """
    chosen = recipe.training
    optimizer_file, scheduler_file = checkpoint / "optimizer.pt", checkpoint / "scheduler.pt"
    optimizer = torch.load(optimizer_file, map_location="cpu", weights_only=True)
    for group in optimizer["param_groups"]:
        # The next step uses this value: the initial rate times the schedule's factor.
        group["lr"] *= chosen.learning_rate / group["initial_lr"]
        group["initial_lr"] = chosen.learning_rate
        # Biases and norms are kept without decay by the trainer.
        if group["weight_decay"]:
            group["weight_decay"] = chosen.weight_decay
    scheduler = torch.load(scheduler_file, map_location="cpu", weights_only=True)
    scheduler["base_lrs"] = [chosen.learning_rate] * len(scheduler["base_lrs"])
    scheduler["_last_lr"] = [group["lr"] for group in optimizer["param_groups"]]
    torch.save(optimizer, optimizer_file)
    torch.save(scheduler, scheduler_file)
    state = json.loads((checkpoint / STATE).read_text(encoding="utf-8"))
    state.update(save_steps=chosen.save_steps or 500, eval_steps=chosen.eval_steps, logging_steps=chosen.logging_steps)
    (checkpoint / STATE).write_text(json.dumps(state, indent=2), encoding="utf-8")
