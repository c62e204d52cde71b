"""Recipes: one YAML file per training run, with every value checked before anything is loaded."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from assistant.bases.catalogue import CATALOGUE
from assistant.errors import InputError
from assistant.records import Language
from assistant.tasks import TASKS, KnownTask

FOLDER = Path(__file__).with_name("recipes")

Share = Annotated[float, Field(ge=0.0, lt=1.0)]
Positive = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A part of a recipe; a key that it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Source(Section):
    """One set of rows: a file below `data.root` when that is set or the path is a whole one, else a Hub repository at a
    revision."""

    file: str | None = None
    hub: str | None = None
    subset: str | None = None
    revision: str | None = None
    split: str = "train"
    kind: Literal["pairs", "faqs", "intents", "squad"]
    language: Language = "en"
    limit: Positive | None = None
    translate: Literal["pt"] | None = None
    both_orders: bool = False

    @model_validator(mode="after")
    def _found_somewhere(self) -> Source:
        if not self.file and not self.hub:
            raise ValueError("needs `file` (below data.root) or `hub` (a repository)")
        return self


class Data(Section):
    """Held out are the rows of `validation`; or, of `folds` parts, the one numbered `fold` (from 1); or a share."""

    root: Path | None = None
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    validation: tuple[Source, ...] = ()
    validation_share: Share = 0.05
    folds: Annotated[int, Field(ge=2)] | None = None
    fold: Positive | None = None
    explanations: Literal["none", "given", "contrast", "teacher"] = "none"
    explained_share: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    seed: int = 3407


class Lora(Section):
    """The adapter's shape; without `modules` it sits on those that the catalogue names for the base."""

    r: Positive = 16
    alpha: Positive = 16
    dropout: Share = 0.0
    # Trained biases would belong to the base, which all adapters share.
    bias: Literal["none"] = "none"
    modules: tuple[str, ...] | None = None
    seed: int = 3407


class Training(Section):
    """How long and in what steps. `max_length` and batches count tokens and rows, `warmup_steps` optimizer steps."""

    epochs: Annotated[float, Field(gt=0)] = 1.0
    per_device_batch: Positive = 2
    accumulation: Positive = 1
    learning_rate: Annotated[float, Field(gt=0)] = 2e-4
    scheduler: Literal["linear", "cosine", "constant", "constant_with_warmup"] = "linear"
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    max_grad_norm: Annotated[float, Field(gt=0)] = 1.0
    optimizer: Literal["adamw_8bit", "adamw_torch"] = "adamw_torch"
    precision: Literal["auto", "bf16", "fp16", "fp32"] = "auto"
    max_length: Annotated[int, Field(ge=16)] = 1024
    packing: Literal["none", "sequences", "prefix"] = "none"
    loss_on: Literal["all", "reply"] = "reply"
    reason_weight: Annotated[float, Field(ge=0)] = 1.0
    gradient_checkpointing: bool = False
    logging_steps: Positive = 10
    eval_steps: Positive | None = None
    save_steps: Positive | None = None
    early_stopping: Positive | None = None
    seed: int = 3407


class Recipe(Section):
    """A whole run. `eval_steps` and `save_steps` count optimizer steps; unset, both happen every epoch.

    `start` is the folder of a version whose adapter is trained further.
    """

    name: str = ""
    task: KnownTask
    base: str
    backend: Literal["unsloth", "peft"]
    quantization: Literal["none", "8bit", "4bit"] = "none"
    template: str
    start: Path | None = None
    data: Data
    lora: Lora = Lora()
    training: Training = Training()
    tracker: Literal["trackio", "neptune", "none"] = "trackio"

    @field_validator("base")
    @classmethod
    def _in_catalogue(cls, value: str) -> str:
        if value not in CATALOGUE:
            raise ValueError(f"must be one of {', '.join(sorted(CATALOGUE))}")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Recipe:
        problems = []
        task = TASKS[self.task]
        if self.template not in task.templates:
            problems.append(
                f"template: {self.template} does not belong to the task {self.task} (use {' or '.join(task.templates)})"
            )
        if any(source.kind not in task.sources for source in (*self.data.sources, *self.data.validation)):
            *kinds, last = task.sources
            listed = f"{', '.join(kinds)} and {last}" if kinds else last
            problems.append(f"data.sources: {self.task} takes {listed} sources")
        if (self.data.folds or 0) < (self.data.fold or 0) or bool(self.data.folds) != bool(self.data.fold):
            problems.append("data.fold: says which of data.folds parts is held out, from 1; set both")
        if self.data.folds and self.data.validation:
            problems.append("data.folds: leave out data.validation, one of the parts is held out")
        if self.template == "explanation-first" and self.data.explanations == "none":
            problems.append("data.explanations: the explanation-first template needs given, contrast or teacher")
        if self.training.packing == "prefix" and self.backend != "peft":
            problems.append("training.packing: prefix needs backend: peft; unsloth packs whole sequences")
        if self.training.packing == "sequences" and self.backend != "unsloth":
            problems.append("training.packing: sequences needs backend: unsloth; peft shares beginnings with prefix")
        if self.training.packing == "prefix" and self.training.loss_on == "all":
            problems.append("training.loss_on: with packing: prefix only the reply's tokens can count")
        if self.training.packing != "prefix" and self.training.reason_weight not in (0, 1):
            problems.append("training.reason_weight: weights between need packing: prefix; without it use 0 or 1")
        if self.training.early_stopping and self.training.eval_steps != self.training.save_steps:
            problems.append("training.save_steps: early stopping needs a checkpoint at every evaluation")
        if self.training.early_stopping and not (self.data.validation or self.data.folds or self.data.validation_share):
            problems.append("data.validation_share: early stopping needs held-out rows")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def lora_modules(self) -> tuple[str, ...]:
        return self.lora.modules or CATALOGUE[self.base].lora_modules


def load_recipe(path: Path, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe and apply `changes` ("training.epochs=2").

    Raises `InputError` that lists every unknown key and wrong value at once.
    """
    given = _read(path)
    given.setdefault("name", path.stem)
    problems: list[str] = []
    for change in changes:
        key, found, value = change.partition("=")
        if not found or not key.strip():
            problems.append(f"--set {change}: write it as key=value, for example training.epochs=2")
            continue
        try:
            _put(given, key.strip().split("."), yaml.safe_load(value), problems)
        except yaml.YAMLError:
            problems.append(f"--set {change}: the value is not valid YAML; put it into quotation marks")
    try:
        recipe = Recipe.model_validate(given)
    except ValidationError as error:
        problems += _explained(error.errors())
    if problems:
        raise InputError(f"{path} needs attention:\n" + "\n".join(f"  - {problem}" for problem in problems))
    return recipe


def _read(path: Path) -> dict[str, Any]:
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(recipe.stem for recipe in FOLDER.glob("*.yaml")))
        raise InputError(f"{path} is not there. Recipes in {FOLDER.name}/: {known}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid YAML: {error}. Correct it there.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): give the path of a recipe.") from None
    if not isinstance(given, dict):
        raise InputError(f"{path} holds no keys: a recipe begins with `task:` and `base:`.")
    return given


def _put(given: dict[str, Any], keys: Sequence[str], value: Any, problems: list[str]) -> None:
    """Set the entry that `keys` lead to; numbers count into lists."""
    target: Any = given
    try:
        for key in keys[:-1]:
            target = target[int(key)] if isinstance(target, list) else target.setdefault(key, {})
        target[int(keys[-1]) if isinstance(target, list) else keys[-1]] = value
    except (ValueError, IndexError, AttributeError, TypeError):
        problems.append(f"--set {'.'.join(keys)}: there is no such place; entries of a list are counted from 0")


def _explained(items: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line for each problem. A list that lacks entries only because they are wrong is none of its own."""
    inner = {item["loc"][:depth] for item in items for depth in range(len(item["loc"]))}
    return [_explain(item) for item in items if not (item["type"] == "too_short" and item["loc"] in inner)]


def _explain(item: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in item["loc"]) or "recipe"
    if item["type"] == "extra_forbidden":
        known = sorted(_keys(item["loc"][:-1]))
        near = difflib.get_close_matches(str(item["loc"][-1]), known, n=1)
        return f"{where} is not a key; " + (f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}")
    if item["type"] == "missing":
        return f"{where} is missing; write it into the recipe"
    shown = f" (it is {item['input']!r})" if not isinstance(item["input"], dict | list) else ""
    return f"{where}: {item['msg'].removeprefix('Value error, ')}{shown}"


def _keys(location: Sequence[str | int]) -> set[str]:
    """The keys that the section at `location` knows."""
    section: type[BaseModel] = Recipe
    sections: dict[str, type[BaseModel]] = {"data": Data, "lora": Lora, "training": Training, "sources": Source}
    sections["validation"] = Source
    for part in location:
        section = sections.get(str(part), section)
    return set(section.model_fields)
