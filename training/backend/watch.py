"""Reports a training run to its tracker while it runs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerState

from training.tracking import Tracker
from training.tracking.machine import GIB, figures

# Where the trainer's state keeps ours. Its own way (ExportableState) would build a new Watch from what a checkpoint
# holds, and that cannot hold a tracker.
STATE = "watch"


class Watch(TrainerCallback):
    """Sends losses, learning rate, gradient norm, speed, epoch durations and figures of the machine to `tracker`.

    Speed counts `tokens_per_epoch`, the tokens of all training rows with each row counted whole, evenly over an
    epoch's steps. Seconds are spent in training steps: evaluations and checkpoints do not count. After a resume all
    of it goes on from the checkpoint. `folder` is the run's; its size on disk is reported.
    """

    def __init__(self, tracker: Tracker, tokens_per_epoch: int, folder: Path) -> None:
        self.epochs: list[float] = []
        self._tracker = tracker
        self._tokens_per_epoch = tokens_per_epoch
        self._folder = folder
        self._tokens = self._seconds = self._epoch_seconds = 0.0
        self._told = (0.0, 0.0)
        self._since = self._at = 0.0

    @property
    def tokens_per_second(self) -> float:
        """Of the whole run so far; 0.0 before its first step."""
        return self._tokens / self._seconds if self._seconds else 0.0

    def on_train_begin(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        saved = state.stateful_callbacks.get(STATE, {})
        self.epochs = list(saved.get("epochs", []))
        self._tokens = saved.get("tokens", 0.0)
        self._seconds = saved.get("seconds", 0.0)
        self._epoch_seconds = saved.get("epoch_seconds", 0.0)
        self._told = (self._tokens, self._seconds)
        self._at = state.epoch
        self._start_timer()

    def on_step_end(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        spent = time.perf_counter() - self._since
        self._start_timer()
        self._seconds += spent
        self._epoch_seconds += spent
        self._tokens += (state.epoch - self._at) * self._tokens_per_epoch
        # Not in on_epoch_end: a checkpoint of an epoch's last step is written before that.
        if int(state.epoch) > int(self._at):
            self.epochs.append(self._epoch_seconds)
            self._tracker.log({"training/epoch_seconds": self._epoch_seconds}, state.global_step)
            self._epoch_seconds = 0.0
        self._at = state.epoch
        state.stateful_callbacks[STATE] = {
            "epochs": list(self.epochs),
            "tokens": self._tokens,
            "seconds": self._seconds,
            "epoch_seconds": self._epoch_seconds,
        }

    def on_log(self, args: Any, state: TrainerState, control: Any, logs: dict[str, float], **kwargs: Any) -> None:
        metrics = {name: value for key, value in logs.items() if (name := _name(key))}
        if "loss" in logs:
            tokens, seconds = self._tokens - self._told[0], self._seconds - self._told[1]
            self._told = (self._tokens, self._seconds)
            metrics["training/tokens_per_second"] = tokens / seconds if seconds else 0.0
            metrics |= {f"machine/{name}": value for name, value in _machine(self._folder).items()}
        if metrics:
            self._tracker.log(metrics, state.global_step)

    def _start_timer(self, *args: Any, **kwargs: Any) -> None:
        self._since = time.perf_counter()

    # Time between a step and one of these events is not training.
    on_epoch_begin = on_evaluate = on_save = _start_timer


def _name(key: str) -> str | None:
    """The tracker's name for one of the trainer's figures. None for those of the whole run: wrong after a resume."""
    if key.startswith("eval_"):
        return f"validation/{key.removeprefix('eval_')}"
    if key.startswith("train_") or key in ("epoch", "total_flos"):
        return None
    return f"training/{key}"


def _machine(folder: Path) -> dict[str, float]:
    measured = figures(folder)
    if torch.cuda.is_available():
        measured["gpu_allocated_gib"] = torch.cuda.memory_allocated() / GIB
        measured["gpu_allocated_peak_gib"] = torch.cuda.max_memory_allocated() / GIB
    return measured
