"""The plan of a retraining, and the recipe made from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from assistant.records import Task
from assistant.tasks import TASKS
from training.recipe import FOLDER, Recipe, Source, load_recipe
from training.retraining.feedback import PAIRS


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
    return FOLDER / f"{TASKS[task].recipes.for_retraining(has_gpu)}.yaml"


def default_measured(task: Task, root: Path | None) -> Sequence[str]:
    """What a version of `task` is measured on: what comes with Resposta, and the published sets below `root`."""
    sets = TASKS[task].sets
    published = [str(root / name) for name in sets.published if root and (root / name).exists()]
    return (*sets.shipped, *published) or sets.instead
