"""Which model serves which task, and its loading: the production versions of the registry on their bases."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.assembly import threads
from assistant.basemodels import BaseModel, choose
from assistant.calibration import JudgeModel
from assistant.errors import ModelError
from assistant.prompts import PROMPT_VERSION
from assistant.records import Task
from assistant.registry import SHIPPED_FOLDER, Registry
from assistant.settings import Settings
from assistant.versions import VERSION, AdapterVersion, fits, read_version
from assistant.weights import Weights, locate

if TYPE_CHECKING:
    from assistant.generator import Generator

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A generator and what names the model in it."""

    generator: Generator
    base: BaseModel
    identity: JudgeModel


@dataclass(frozen=True, slots=True)
class Models:
    """`reading` is None where no reading adapter can be served."""

    judging: LoadedModel
    reading: LoadedModel | None


@contextmanager
def open_models(settings: Settings, registry: Registry) -> Iterator[Models]:
    """The production models of both tasks; tasks on the same base share its memory and its thread."""
    with _generators(settings) as generator_for:
        judging = _judging(settings, _production(registry, "question-similarity"), generator_for)
        yield Models(judging, _reading(settings, _production(registry, "portuguese-qa"), generator_for))


@contextmanager
def open_model(settings: Settings, task: Task = "question-similarity") -> Iterator[LoadedModel]:
    """The model of one task without a registry: the adapter of the settings, else the shipped one.

    For measuring and fitting, where no database is at hand.
    """
    with _generators(settings) as generator_for:
        found = None if settings.adapter else _shipped(task)
        yield _judging(settings, found, generator_for)


_Found = tuple[AdapterVersion, Path]


def _production(registry: Registry, task: Task) -> _Found | None:
    version = registry.production(task)
    return (version, registry.files(version)) if version else None


def _shipped(task: Task) -> _Found | None:
    folder = SHIPPED_FOLDER / task
    return (read_version(folder), folder) if (folder / VERSION).is_file() else None


class _Generators:
    """One generator for each set of weights, opened when first asked for."""

    def __init__(self, settings: Settings, closing: contextlib.ExitStack) -> None:
        self._settings = settings
        self._closing = closing
        self._open: dict[str, Generator] = {}

    def __call__(self, weights: Weights) -> Generator:
        from assistant.generator import Generator

        if weights.sha256 not in self._open:
            opened = Generator(weights, threads(self._settings), self._settings.max_queue)
            self._closing.callback(opened.close)
            self._open[weights.sha256] = opened
        return self._open[weights.sha256]


@contextmanager
def _generators(settings: Settings) -> Iterator[_Generators]:
    with contextlib.ExitStack() as closing:
        yield _Generators(settings, closing)


def _judging(settings: Settings, found: _Found | None, generator_for: _Generators) -> LoadedModel:
    """The judge's model. Where its adapter does not fit, the base judges alone, and the log says why."""
    if settings.adapter:
        given = settings.adapter
        found = (read_version(given), given) if (given / VERSION).is_file() else None
    base = _base(settings.base_model or (found[0].base if found else None))
    weights = locate(base, settings.cache_dir)
    folder = settings.adapter
    if found:
        try:
            fits(found[0], weights.sha256, PROMPT_VERSION)
            folder = found[1]
        except ModelError as error:
            if settings.adapter:
                raise
            log.warning("the base model judges without an adapter: %s", error)
    return _loaded(generator_for(weights), base, weights, folder)


def _reading(settings: Settings, found: _Found | None, generator_for: _Generators) -> LoadedModel | None:
    """The reader's model, on the base its adapter was trained on."""
    if found is None:
        return None
    version, folder = found
    try:
        base = _base(version.base)
        weights = locate(base, settings.cache_dir)
        fits(version, weights.sha256, PROMPT_VERSION)
    except ModelError as error:
        log.warning("answers from texts are whole sentences, without the reading adapter: %s", error)
        return None
    return _loaded(generator_for(weights), base, weights, folder)


def _base(name: str | None) -> BaseModel:
    from assistant.generator.engine import has_cuda

    return choose(name, has_cuda())


def _loaded(generator: Generator, base: BaseModel, weights: Weights, folder: Path | None) -> LoadedModel:
    adapter = generator.load_adapter(folder) if folder else None
    return LoadedModel(generator, base, JudgeModel(weights.sha256, adapter, PROMPT_VERSION))
