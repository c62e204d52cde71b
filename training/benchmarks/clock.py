"""Records step times and memory of a trainer for the benchmarks."""

from __future__ import annotations

import time
from typing import Any

import torch
from transformers import PrinterCallback, ProgressCallback, Trainer, TrainerCallback, TrainerState

from assistant.command_line.progress_bars import progress_bar


class Clock(TrainerCallback):
    """`times` are the seconds at the end of every step, `memory` the most bytes that tensors took on the GPU."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.memory = 0

    def on_train_begin(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        self._bar = progress_bar(total=state.max_steps, unit="step", leave=False)
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()

    def on_step_end(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
            self.memory = torch.cuda.max_memory_allocated()
        self.times.append(time.perf_counter())
        self._bar.update()

    def on_train_end(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        self._bar.close()


def watched(trainer: Trainer) -> Clock:
    """A clock on `trainer`, which from now on prints nothing itself."""
    for talking in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(talking)
    clock = Clock()
    trainer.add_callback(clock)
    return clock
