"""Adapters whose weights do not fit their base, as other tools write them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from assistant.bases.adapter import CONFIG, WEIGHTS
from assistant.version_records import AdapterVersion, VersionFacts
from assistant.versions.version import FILES, read_version, write_version

Weights = dict[str, np.ndarray]

_LAYERS = "model.model.layers."
_STRANGER = "base_model.model.model.layers.99.mlp.up_proj"


def _renamed(change: Callable[[str], str]) -> Callable[[Weights], Weights]:
    return lambda weights: {change(name): value for name, value in weights.items()}


# What becomes of the weights, and what the error says of it.
WAYS: dict[str, tuple[Callable[[Weights], Weights], str]] = {
    "language_model": (
        _renamed(lambda name: name.replace(_LAYERS, "model.model.language_model.layers.")),
        r"252 weights are missing .*252 weights are not known to the base \(.*language_model",
    ),
    "double prefix": (
        _renamed("base_model.model.{}".format),
        r"252 weights are missing .*not known to the base \(base_model\.model\.base_model\.model",
    ),
    "adapter's name": (
        _renamed(lambda name: name.replace(".weight", ".default.weight")),
        r"252 weights are missing .*not known to the base \(.*\.default\.weight",
    ),
    "half the layers": (
        lambda weights: {
            name: value for name, value in weights.items() if int(name.split("layers.")[1].split(".")[0]) < 9
        },
        r"126 weights are missing \(base_model\.model\.model\.layers\.\d+\.",
    ),
    "a stranger": (
        lambda weights: (
            weights
            | {
                f"{_STRANGER}.lora_A.weight": np.zeros((16, 640), np.float16),
                f"{_STRANGER}.lora_B.weight": np.zeros((2048, 16), np.float16),
            }
        ),
        r"2 weights are not known to the base \(base_model\.model\.model\.layers\.99",
    ),
}


def with_weights(shipped: Path, folder: Path, change: Callable[[Weights], Weights]) -> AdapterVersion:
    """The shipped version with other weights, described as they are."""
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copy(shipped / name, folder)
    save_file(change(load_file(shipped / WEIGHTS)), folder / WEIGHTS)
    known = read_version(shipped)
    facts = {field.name: getattr(known, field.name) for field in fields(VersionFacts)}
    return write_version(folder, VersionFacts(**facts))


def without_effect(weights: Weights) -> Weights:
    """What a training that learned nothing leaves: B is zero, so nothing is added to the base."""
    return {name: np.zeros_like(value) if "lora_B" in name else value for name, value in weights.items()}


def plain(folder: Path, into: Path) -> Path:
    """What PEFT alone would have written of a version."""
    into.mkdir()
    for name in (WEIGHTS, CONFIG):
        shutil.copy(folder / name, into)
    return into
