"""Loads a base with a trainable adapter, and trains it. Beside the benchmarks the only importer of torch, peft, trl."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import InputError
from training.recipe import Recipe

if TYPE_CHECKING:
    from accelerate import PartialState

    from training.backend.loaded import Trainable


def join(recipe: Recipe, cache: Path) -> PartialState:
    """The processes of this run and the place of this one among them: those that `accelerate launch` started, or this
    one alone.

    unsloth patches what the others import, so with it this is called before any of them is imported. Raises
    `InputError` for unsloth in several processes.
    """
    import torch
    from accelerate import PartialState

    processes = PartialState(cpu=not torch.cuda.is_available())
    if recipe.backend == "unsloth":
        if processes.num_processes > 1:
            raise InputError("unsloth trains in one process: start it without a launcher, or with --set backend=peft.")
        # unsloth writes Python files and imports them, by default from the current folder.
        os.environ.setdefault("UNSLOTH_COMPILE_LOCATION", str(cache / "unsloth"))
        from training.backend import unsloth_model  # noqa: F401
    return processes


def load(recipe: Recipe, cache: Path, threads: int) -> Trainable:
    """The recipe's base with a fresh adapter or that of its start. On a CPU the processes of the run share `threads`
    threads.

    Raises `ModelError` when the start does not fit.
    """
    processes = join(recipe, cache)
    if recipe.backend == "unsloth":
        from training.backend.unsloth_model import load as load_chosen
    else:
        from training.backend.plain import load as load_chosen

    import torch

    torch.set_num_threads(max(1, threads // processes.num_processes))
    trainable = load_chosen(recipe, cache)
    if recipe.start is not None:
        from training.backend.start import begin_with

        begin_with(trainable, recipe.start, recipe)
    return trainable
