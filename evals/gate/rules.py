"""The rules of the gate, read from YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import InputError
from assistant.records import Language, Task
from assistant.tasks import TASKS

RULES = Path(__file__).with_name("gate.yaml")
Bounds = dict[Language, dict[str, float]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataRule(_Strict):
    """A set that is to be measured; see gate.yaml."""

    names: tuple[str, ...] = Field(min_length=1)
    rows: int = Field(ge=1)
    optional: bool = False
    floors: Bounds = {}
    ceilings: Bounds = {}


class TaskRules(_Strict):
    """The rules of one task. `system` is one of the task's `systems`, `worse` holds names of its `scores`."""

    system: str
    worse: tuple[str, ...]
    cost: dict[Literal["single_row_seconds", "peak_memory_gib"], float]
    data: tuple[DataRule, ...] = Field(min_length=1)


def load_rules(path: Path, task: Task) -> TaskRules:
    """Raises `InputError` with every mistake in the file."""
    try:
        rules = TaskRules.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))[task])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} holds no rules for {task} ({error}): see evals/gate/gate.yaml for the form."
        ) from None
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise InputError(f"{path}: {problems}. Correct the file.") from None
    record = TASKS[task]
    scores = [measure.name for measure in record.scores]
    for key, given, known in (("system", {rules.system}, record.systems), ("worse", set(rules.worse), scores)):
        if unknown := given.difference(known):
            raise InputError(
                f"{path}: {task}.{key}: {', '.join(sorted(unknown))} does not belong to this task. "
                f"Use {', '.join(known)}."
            )
    return rules
