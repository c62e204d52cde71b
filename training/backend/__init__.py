"""Models made trainable, and the loops that train them. The only place in training that imports torch, peft and trl."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from training.recipe import Recipe

if TYPE_CHECKING:
    from training.backend.loaded import Trainable


def load(recipe: Recipe, cache: Path, threads: int) -> Trainable:
    """The recipe's base with a fresh adapter or that of its start, computing with `threads` threads on a CPU.

    unsloth patches what the others import, so with it this is called before any of them is imported.
    Raises `ModelError` when the start does not fit.
    """
    if recipe.backend == "unsloth":
        # It writes Python files and imports them, by default in the folder that the command was started in.
        os.environ.setdefault("UNSLOTH_COMPILE_LOCATION", str(cache / "unsloth"))
        from training.backend import unsloth_model as chosen
    else:
        from training.backend import plain as chosen

    import torch

    torch.set_num_threads(threads)
    trainable = chosen.load(recipe, cache)
    if recipe.start is not None:
        from training.backend.start import begin_with

        begin_with(trainable, recipe.start, recipe)
    return trainable
