"""Starts a training from a finished version, with new rows and a new schedule."""

from __future__ import annotations

import json
from pathlib import Path

from peft import set_peft_model_state_dict
from safetensors.torch import load_file

from assistant.bases.adapter import CONFIG, WEIGHTS
from assistant.errors import ModelError
from assistant.prompts import VERSIONS
from assistant.versions.version import fits, read_version
from training.backend.loaded import Trainable
from training.recipe import Recipe


def begin_with(trainable: Trainable, folder: Path, recipe: Recipe) -> None:
    """Put the adapter of the version in `folder` in place of the fresh one.

    Raises `ModelError` when it has another task or shape than the recipe's, other prompts or another base.
    """
    version = read_version(folder)
    if version.task != recipe.task:
        raise ModelError(f"start: {folder} was trained for {version.task}, not {recipe.task}. Correct the recipe.")
    fits(version, trainable.weights.sha256, VERSIONS[recipe.template])
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    wanted = {
        "r": recipe.lora.r,
        "lora_alpha": recipe.lora.alpha,
        "target_modules": sorted(recipe.lora_modules),
    }
    there = {key: config.get(key) for key in wanted}
    there["target_modules"] = sorted(there["target_modules"] or ())
    if others := [f"{key} is {there[key]} there and {wanted[key]} here" for key in wanted if there[key] != wanted[key]]:
        raise ModelError(f"start: {folder} has an adapter of another shape: {'; '.join(others)}. Correct the recipe.")
    set_peft_model_state_dict(trainable.model, load_file(folder / WEIGHTS))
