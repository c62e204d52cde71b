"""Ctrl-C, a full disk and too little memory: nothing lost, and what to do next."""

from __future__ import annotations

import errno
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import TrainerCallback, TrainerControl

from assistant.errors import InputError, ModelError


class Interruption(TrainerCallback):
    """The first Ctrl-C or SIGTERM saves a checkpoint after the step at hand and ends; the second ends at once."""

    def __init__(self) -> None:
        self.asked = False

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
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def on_step_end(self, args: Any, state: Any, control: TrainerControl, **kwargs: Any) -> TrainerControl:
        if self.asked:
            control.should_save = True
            control.should_training_stop = True
        return control


@contextmanager
def advised() -> Iterator[None]:
    """Turn the failures that a person can mend into messages that say how."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise ModelError(
            "The GPU's memory is full. Start the same command again with a smaller training.per_device_batch (and a "
            "larger training.accumulation), a lower training.max_length, or training.gradient_checkpointing=true; "
            "what differs makes a new run, which can begin with --fork RUN@STEP."
        ) from error
    except MemoryError as error:
        raise ModelError(
            "The machine's memory is full. Close other programs and start the same command again, or make "
            "training.per_device_batch smaller."
        ) from error
    except (OSError, RuntimeError, SafetensorError) as error:
        if not _is_full_disk(error):
            raise
        raise InputError(
            "The disk is full. Free some space and start the same command again: it goes on from the last whole "
            "checkpoint."
        ) from error


def _is_full_disk(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    # torch's and safetensors' own writers say it in words.
    return any(words in str(error) for words in ("No space left", "iostream error", "unexpected pos", "write failed"))
