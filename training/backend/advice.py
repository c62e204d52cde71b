"""Messages for a full disk and too little memory, with the fix."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from safetensors import SafetensorError

from assistant.errors import InputError, ModelError


@contextmanager
def advised() -> Iterator[None]:
    """Turn failures that a person can fix into messages that say how."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise ModelError(
            "The GPU's memory is full. Start the same command again with a smaller training.per_device_batch (and a "
            "larger training.accumulation), a lower training.max_length, or training.gradient_checkpointing=true; "
            "what differs makes a new run, which can begin with --fork RUN@STEP."
        ) from error
    except (MemoryError, OSError, RuntimeError, SafetensorError) as error:
        if _is_full_memory(error):
            raise ModelError(
                "The machine's memory is full. Close other programs and start the same command again, or make "
                "training.per_device_batch smaller."
            ) from error
        if not _is_full_disk(error):
            raise
        raise InputError(
            "The disk is full. Free some space and start the same command again: it goes on from the last whole "
            "checkpoint."
        ) from error


def _is_full_memory(error: Exception) -> bool:
    # torch's allocator for the CPU only tells by its message.
    return isinstance(error, MemoryError) or "DefaultCPUAllocator" in str(error)


def _is_full_disk(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    # torch's and safetensors' own writers only tell by their message.
    return any(words in str(error) for words in ("No space left", "iostream error", "unexpected pos", "write failed"))
