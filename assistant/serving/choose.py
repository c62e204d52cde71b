"""Which model serves which task: what the settings name, else the registry's production, else what is shipped."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, overload

from assistant.errors import ModelError, RespostaError, UnreachableError
from assistant.records import TASKS, Task
from assistant.serving.canaries import load_checked
from assistant.serving.load import FoundAdapter, Generators, LoadedModel, on_its_base
from assistant.serving.named_adapters import named, possible
from assistant.settings import Settings
from assistant.version_records import AdapterVersion
from assistant.versions.registry import SHIPPED_FOLDER, Registry
from assistant.versions.version import VERSION, read_version

# So many versions at the most: what refuses them all may be common to all, and each takes its time.
TRIED = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A version that should serve and does not."""

    version: AdapterVersion
    error: Exception

    @property
    def is_final(self) -> bool:
        """Whether the version is at fault, and not a full queue, a lack of memory or the Hub at that moment."""
        return isinstance(self.error, ModelError) and not isinstance(self.error, UnreachableError)

    @property
    def why(self) -> str:
        """What ends with the fix where we know one."""
        known = isinstance(self.error, RespostaError)
        return str(self.error) if known else f"it could not be loaded ({type(self.error).__name__}, see the log)."

    def log(self) -> None:
        where = None if isinstance(self.error, RespostaError) else self.error
        log.error("version %s stays out of service: %s", self.version.digest[:12], self.error, exc_info=where)


@dataclass(frozen=True, slots=True)
class Models:
    """`reading` is None where no reading adapter can be served. `notices` tell everyone of a model that serves in
    place of the wanted one. `refused` are production versions that an earlier one serves in place of, or none. `spare`
    are the same two for when a GPU that they need is not to be had, None where they need none or it is ours alone."""

    judging: LoadedModel
    reading: LoadedModel | None
    generators: Generators
    notices: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    spare: tuple[LoadedModel, LoadedModel | None] | None = None


@contextmanager
def open_models(settings: Settings, registry: Registry | None = None) -> Iterator[Models]:
    """The models of both tasks: of the settings where they name adapters, else the registry's production; without a
    registry the shipped ones.

    Tasks on the same base share its memory and its thread. On ZeroGPU nothing can be loaded afterwards.
    """
    with _generators(settings) as generator_for:
        notices: list[str] = []
        refused: list[Refusal] = []
        served = partial(_production, settings, registry, refused) if registry else _shipped_model
        given = {task: possible(settings, named(settings, task), notices) for task in TASKS}
        judging = _judging(settings, given[TASKS[0]], served, generator_for)
        reading = _reading(settings, given[TASKS[1]], served, generator_for, [judging])
        spare = None
        if settings.zero_gpu:
            from assistant.generator.zerogpu import hand_over

            if any(model.base.needs_cuda for model in (judging, reading) if model):
                spare = _spare(settings, generator_for)
            hand_over()
        yield Models(judging, reading, generator_for, tuple(dict.fromkeys(notices)), tuple(refused), spare)


@overload
def open_model(
    settings: Settings, task: Literal["question-similarity"] = "question-similarity"
) -> AbstractContextManager[LoadedModel]: ...
@overload
def open_model(settings: Settings, task: Task) -> AbstractContextManager[LoadedModel | None]: ...
@contextmanager
def open_model(settings: Settings, task: Task = "question-similarity") -> Iterator[Any]:
    """The model of one task without a registry: the adapter of the settings, else the shipped one.

    For measuring and fitting, where no database is at hand. None where reading has no adapter.
    """
    with _generators(settings) as generator_for:
        if task == "question-similarity":
            yield _judging(settings, named(settings, task), _shipped_model, generator_for)
        else:
            yield _reading(settings, named(settings, task), _shipped_model, generator_for)


def only(settings: Settings, task: Task, folder: Path) -> Settings:
    """`settings` that load the adapter in `folder` on its own base, and no other for its task."""
    named: dict[str, str | None] = {"base_model": None, "adapter": None, "reading_adapter": None}
    named["adapter" if task == "question-similarity" else "reading_adapter"] = str(folder)
    return settings.model_copy(update=named)


def _production(
    settings: Settings,
    registry: Registry,
    refused: list[Refusal],
    task: Task,
    generator_for: Generators,
    staying: Sequence[LoadedModel],
) -> LoadedModel | None:
    """The production version of `task`, or one of the last before it that loads and answers as it should."""
    for number, version in enumerate(registry.production_line(task)[:TRIED]):
        try:
            folder = registry.files(version)
            if settings.zero_gpu:
                # Nobody can be asked before the weights are handed over.
                return generator_for.load(version, folder)
            return load_checked(version, folder, generator_for, staying)
        except Exception as error:
            refusal = Refusal(version, error)
            refusal.log()
            if number == 0:
                refused.append(refusal)
    return None


def _shipped_model(task: Task, generator_for: Generators, staying: Sequence[LoadedModel]) -> LoadedModel | None:
    """What is shipped for `task`, where it fits the base that the settings name."""
    found = shipped_adapter(task)
    if found is None or found.version is None:
        return None
    try:
        return generator_for.load(found.version, found.folder)
    except ModelError as error:
        log.warning("the shipped version for %s stays out of service: %s", task, error)
        return None


def shipped_adapter(task: Task) -> FoundAdapter | None:
    """The adapter that comes with Resposta for `task`; None where there is none."""
    folder = SHIPPED_FOLDER / task
    return FoundAdapter.of(folder, read_version(folder)) if (folder / VERSION).is_file() else None


def _spare(settings: Settings, generator_for: Generators) -> tuple[LoadedModel, LoadedModel | None]:
    """The shipped models, which need no GPU, whatever the settings and the registry name."""
    small = settings.model_copy(update={"base_model": None, "adapter": None, "reading_adapter": None})
    judging, reading = (on_its_base(small, shipped_adapter(task), generator_for) for task in TASKS)
    return judging, reading


@contextmanager
def _generators(settings: Settings) -> Iterator[Generators]:
    with contextlib.closing(Generators(settings)) as opened:
        yield opened


# What serves a task where the settings name nothing, beside models that stay loaded.
ServedModel = Callable[[Task, Generators, Sequence[LoadedModel]], LoadedModel | None]


def _judging(
    settings: Settings, given: FoundAdapter | None, served: ServedModel, generator_for: Generators
) -> LoadedModel:
    """The judge's model. Where no served adapter or its base can be had, a base judges alone.

    An adapter that the settings name is wanted: where that one does not fit, nothing starts.
    """
    if given:
        return on_its_base(settings, given, generator_for, settings.base_model)
    if model := served(TASKS[0], generator_for, ()):
        return model
    log.warning("the base model judges without an adapter")
    return on_its_base(settings, None, generator_for, settings.base_model)


def _reading(
    settings: Settings,
    given: FoundAdapter | None,
    served: ServedModel,
    generator_for: Generators,
    staying: Sequence[LoadedModel] = (),
) -> LoadedModel | None:
    """The reader's model, on the base its adapter was trained on; None where none is served or fits. An adapter that
    the settings name is wanted: where that one does not fit, nothing starts."""
    if given:
        return on_its_base(settings, given, generator_for)
    if model := served(TASKS[1], generator_for, staying):
        return model
    log.warning("answers from texts are whole sentences, without a reading adapter")
    return None
