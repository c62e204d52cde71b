"""Ctrl-C and SIGTERM: a checkpoint first, of all processes after the same step."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainingArguments

# A job runner signals every process, and our parent passes its signal on as well; both count as one stop.
SAME_SECONDS = 1.0


class Interruption(TrainerCallback):
    """The first Ctrl-C or SIGTERM saves a checkpoint after the step at hand and ends; the next ends at once."""

    def __init__(self) -> None:
        self.asked = False
        # Of several processes one may be asked that no signal reached.
        self.signal: int = signal.SIGTERM
        self._asked_at = 0.0

    @contextmanager
    def listening(self) -> Iterator[None]:
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in before:
            signal.signal(number, self._ask)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self.asked:
            self.asked, self._asked_at, self.signal = True, now, number
        elif now - self._asked_at > SAME_SECONDS:
            raise KeyboardInterrupt

    def on_step_end(
        self, args: TrainingArguments, state: Any, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        if args.world_size > 1:
            # A process that stopped alone would leave the others waiting for its gradients.
            asked = torch.tensor(float(self.asked), device=args.device)
            torch.distributed.all_reduce(asked, torch.distributed.ReduceOp.MAX)
            self.asked = bool(asked.item())
        if self.asked:
            control.should_save = True
            control.should_training_stop = True
        return control

    def on_epoch_end(self, args: Any, state: Any, control: TrainerControl, **kwargs: Any) -> TrainerControl:
        # The trainer runs the end-of-epoch code for an interrupted epoch too.
        if self.asked and state.epoch % 1:
            control.should_evaluate = control.should_save = False
        return control
