"""What a retraining is asked to do, and the recipe that comes of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from assistant.records import Task
from training.recipe import FOLDER, Recipe, Source, load_recipe
from training.retraining.feedback import PAIRS

# By task, without and with a GPU.
RECIPES: dict[Task, tuple[str, str]] = {
    "question-similarity": ("question-similarity-retrain.yaml", "question-similarity-llama3-judge.yaml"),
    "portuguese-qa": ("portuguese-qa-small.yaml", "portuguese-qa-llama3.yaml"),
}
MEASURED: dict[Task, tuple[str, ...]] = {"question-similarity": ("shop-en", "shop-pt"), "portuguese-qa": ()}
# What is measured besides, where the data's folder has it.
PUBLISHED: dict[Task, tuple[str, ...]] = {
    "question-similarity": ("qqp/dev.csv", "aia_bde"),
    "portuguese-qa": ("faquad/dev.json",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One retraining. `measured` are data sets as `evals.run --data` takes them, `calibration_rows` how many pairs of
    each set calibrate, `processes` how many GPUs train."""

    task: Task
    recipe: Path
    changes: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()
    calibration_rows: int = 500
    processes: int = 1

    @property
    def base(self) -> Recipe:
        """The recipe without what agents said. Raises `InputError` where it is wrong."""
        return load_recipe(self.recipe, self.changes)

    @property
    def identity(self) -> str:
        """The same for retrainings that differ in what agents have said since, and in nothing else."""
        asked = (self.base.model_dump_json(exclude_none=True), self.measured, self.calibration_rows)
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:8]

    def write_recipe(self, path: Path, feedback: Path | None) -> None:
        """Write the recipe that trains, with the exported pairs of `feedback` among its sources."""
        recipe = self.base
        if feedback:
            said = Source(kind="pairs", file=str(feedback / PAIRS), both_orders=True)
            data = recipe.data.model_copy(update={"sources": (*recipe.data.sources, said)})
            recipe = recipe.model_copy(update={"data": data})
        content = yaml.safe_dump(recipe.model_dump(mode="json", exclude_defaults=True), sort_keys=False)
        path.write_text(f"# python -m training.run {path}\n{content}", encoding="utf-8")


def default_recipe(task: Task, has_gpu: bool) -> Path:
    """The recipe that fits the task and the hardware."""
    return FOLDER / RECIPES[task][has_gpu]


def default_measured(task: Task, root: Path | None) -> Sequence[str]:
    """What a version of `task` is measured on: what comes with Resposta, and the published sets below `root`."""
    published = [str(root / name) for name in PUBLISHED[task] if root and (root / name).exists()]
    if task == "portuguese-qa" and not published:
        return ("faquad-dev",)
    return (*MEASURED[task], *published)
