"""Which model serves which task: what the settings name, else the registry's production, else what is shipped."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, overload

from assistant.errors import ModelError, RespostaError, UnreachableError
from assistant.records import Task
from assistant.serving.canaries import load_checked
from assistant.serving.load import FoundAdapter, Generators, LoadedModel, on_its_base, wanted_base
from assistant.serving.named_adapters import named, possible
from assistant.settings import Settings
from assistant.tasks import TASKS, Role, TaskRecord, task_of
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
        judge, reader = task_of("judge"), task_of("reader")
        # Both are looked for before either is loaded.
        for_judge, for_reader = (possible(settings, named(settings, task.name), notices) for task in (judge, reader))
        judging = _model(settings, judge, for_judge, served, generator_for)
        # A base judges alone where no adapter can.
        assert judging is not None
        reading = _model(settings, reader, for_reader, served, generator_for, [judging])
        spare = None
        if settings.zero_gpu:
            from assistant.generator.zerogpu import hand_over

            if any(model.base.needs_cuda for model in (judging, reading) if model):
                spare = _spare(settings, generator_for)
            hand_over()
        yield Models(judging, reading, generator_for, tuple(dict.fromkeys(notices)), tuple(refused), spare)


@overload
def open_model(settings: Settings) -> AbstractContextManager[LoadedModel]: ...
@overload
def open_model(settings: Settings, task: Task) -> AbstractContextManager[LoadedModel | None]: ...
@contextmanager
def open_model(settings: Settings, task: Task | None = None) -> Iterator[Any]:
    """The model of one task without a registry: the adapter of the settings, else the shipped one.

    For measuring and fitting, where no database is at hand. Without `task` it is the judge's. None where the task has
    no adapter and no base does it alone.
    """
    record = TASKS[task] if task else task_of("judge")
    with _generators(settings) as generator_for:
        yield _model(settings, record, named(settings, record.name), _shipped_model, generator_for)


def only(settings: Settings, task: Task, folder: Path) -> Settings:
    """`settings` that load the adapter in `folder` on its own base, and name no other adapter."""
    return _naming_nothing(settings).model_copy(update={TASKS[task].setting: str(folder)})


def _naming_nothing(settings: Settings) -> Settings:
    """`settings` that name neither a base nor any task's adapter."""
    return settings.model_copy(update=dict.fromkeys(["base_model", *(record.setting for record in TASKS.values())]))


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
    small = _naming_nothing(settings)
    roles: tuple[Role, ...] = ("judge", "reader")
    judging, reading = (on_its_base(small, shipped_adapter(task_of(role).name), generator_for) for role in roles)
    return judging, reading


@contextmanager
def _generators(settings: Settings) -> Iterator[Generators]:
    with contextlib.closing(Generators(settings)) as opened:
        yield opened


# What serves a task where the settings name nothing, beside models that stay loaded.
ServedModel = Callable[[Task, Generators, Sequence[LoadedModel]], LoadedModel | None]


def _model(
    settings: Settings,
    task: TaskRecord,
    given: FoundAdapter | None,
    served: ServedModel,
    generator_for: Generators,
    staying: Sequence[LoadedModel] = (),
) -> LoadedModel | None:
    """The model of `task` on its base: the adapter `given` by the settings, else the served one, else the bare base
    where that can do the task alone, else None.

    An adapter that the settings name is wanted: where that one does not fit, nothing starts.
    """
    if given:
        return on_its_base(settings, given, generator_for, wanted_base(settings, task.name))
    if model := served(task.name, generator_for, staying):
        return model
    log.warning(task.without_adapter)
    return on_its_base(settings, None, generator_for, wanted_base(settings, task.name)) if task.base_alone else None
