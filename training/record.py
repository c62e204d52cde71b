"""What a finished run leaves: a version folder with adapter, card, manifest and fingerprints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.basemodels import CATALOGUE
from assistant.prompts import PROMPT_VERSION
from assistant.versions import CARD, FINGERPRINTS, AdapterVersion, VersionFacts, write_version
from assistant.weights import Weights
from training.card import render_card
from training.recipe import Recipe
from training.rows import TrainingRow
from training.splits import fingerprint, question_fingerprints
from training.tracking.environment import environment

# Under which licence each published set may be used, by the name that recipes give it.
DATA_LICENCES = {
    "qqp": "Quora's terms of service, non-commercial use",
    "nyu-mll/glue": "Quora's terms of service, non-commercial use",
    "borismartirosyan/glue-qqp-sampled-explanation": "Quora's terms of service, non-commercial use",
    "faquad": "CC BY 4.0",
    "eraldoluis/faquad": "CC BY 4.0",
}


def write_fingerprints(folder: Path, rows: Sequence[TrainingRow]) -> None:
    """One hash a line: first every row's, then every question's."""
    lines = [f"row {digest}" for digest in sorted({fingerprint(row) for row in rows})]
    lines += [f"question {digest}" for digest in sorted({d for row in rows for d in question_fingerprints(row)})]
    (folder / FINGERPRINTS).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_record(
    folder: Path,
    recipe: Recipe,
    weights: Weights,
    rows: Sequence[TrainingRow],
    in_effect: Mapping[str, Any],
    metrics: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
) -> AdapterVersion:
    """Complete the version folder of a saved adapter; its manifest is written last."""
    described = environment()
    write_fingerprints(folder, rows)
    facts = VersionFacts(
        task=recipe.task,
        name=recipe.name,
        base=recipe.base,
        base_source=weights.source,
        base_sha256=weights.sha256,
        quantization=in_effect["quantization"],
        prompt_version=PROMPT_VERSION,
        created=dt.datetime.now(dt.UTC),
        parameters=dict(in_effect),
        metrics=dict(metrics),
        licences={f"base {recipe.base}": CATALOGUE[recipe.base].licence} | _data_licences(recipe),
        recipe=published(recipe),
        packages=described["packages"],
        commit=described["commit"] or "",
        history=[dict(entry) for entry in history],
    )
    # The digest depends on the adapter alone, so the card can be written before the manifest that ends the folder.
    (folder / CARD).write_text(render_card(facts), encoding="utf-8")
    return write_version(folder, facts)


def published(recipe: Recipe) -> dict[str, Any]:
    """The recipe without the folder that the data lay in, which says something of this machine only."""
    content = recipe.model_dump(mode="json")
    content["data"]["root"] = None
    return content


def _data_licences(recipe: Recipe) -> dict[str, str]:
    names = [source.file.split("/")[0] if source.file else str(source.hub) for source in recipe.data.sources]
    return {f"data {name}": DATA_LICENCES.get(name, "see its owner's terms") for name in names}
