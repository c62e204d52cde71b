"""What a finished run leaves: a version folder with adapter, card, manifest and fingerprints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import Weights
from assistant.prompts import VERSIONS
from assistant.version_records import AdapterVersion, VersionFacts
from assistant.versions.fingerprints import read_fingerprints, write_fingerprints
from assistant.versions.version import CARD, read_version, write_version
from evals.runs.environment import environment
from training.data.rows import TrainingRow
from training.data.splits import question_fingerprints, row_fingerprints
from training.recipe import Recipe
from training.release.card import render

# Under which licence each published set may be used, by the name that recipes give it.
DATA_LICENCES = {
    "qqp": "Quora's terms of service, non-commercial use",
    "nyu-mll/glue": "Quora's terms of service, non-commercial use",
    "borismartirosyan/glue-qqp-sampled-explanation": "Quora's terms of service, non-commercial use",
    "faquad": "CC BY 4.0",
    "eraldoluis/faquad": "CC BY 4.0",
    "banking77": "CC BY 4.0",
    "feedback": "the team's own",
    "aia_bde": "none stated by its authors (github.com/NLP-CISUC/AIA-BDE)",
}


def write_record(
    folder: Path,
    recipe: Recipe,
    weights: Weights,
    rows: Sequence[TrainingRow],
    in_effect: Mapping[str, Any],
    metrics: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
) -> AdapterVersion:
    """Complete the version folder of a saved adapter."""
    described = environment()
    fingerprints = {digest for row in rows for digest in row_fingerprints(row)}
    questions = {digest for row in rows for digest in question_fingerprints(row)}
    if recipe.start is not None:
        before = read_fingerprints(recipe.start)
        fingerprints.update(before.rows)
        questions.update(before.questions)
    write_fingerprints(folder, fingerprints, questions)
    facts = VersionFacts(
        task=recipe.task,
        name=recipe.name,
        base=recipe.base,
        base_source=weights.source,
        base_sha256=weights.sha256,
        quantization=in_effect["quantization"],
        prompt_version=VERSIONS[recipe.template],
        created=dt.datetime.now(dt.UTC),
        parameters=dict(in_effect),
        metrics=dict(metrics),
        licences={f"base {recipe.base}": CATALOGUE[recipe.base].licence} | _data_licences(recipe),
        recipe=published(recipe),
        packages={name: version for name, version in described["packages"].items() if version},
        commit=described["git_commit"] or "",
        history=[dict(entry) for entry in history],
    )
    version = write_version(folder, facts)
    (folder / CARD).write_text(render(version), encoding="utf-8")
    return version


def published(recipe: Recipe) -> dict[str, Any]:
    """The recipe without the folders that say something of this machine only: a start is named by its digest."""
    content = recipe.model_dump(mode="json")
    content["data"]["root"] = None
    for kind in ("sources", "validation"):
        for source, told in zip(getattr(recipe.data, kind), content["data"][kind], strict=True):
            told["file"] = source.file and _told(source.file)
    content["start"] = read_version(recipe.start).digest if recipe.start else None
    return content


def _told(file: str) -> str:
    """A source's file; of a whole path only where it ends: an export of feedback as feedback/DIGEST/pairs.jsonl."""
    return "/".join(Path(file).parts[-3:]) if Path(file).is_absolute() else file


def _data_licences(recipe: Recipe) -> dict[str, str]:
    names = [_told(source.file).split("/")[0] if source.file else str(source.hub) for source in recipe.data.sources]
    return {f"data {name}": DATA_LICENCES.get(name, "see its owner's terms") for name in names}
