"""One model in memory: an adapter on its base, computed by the generator that this hardware has for those weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.bases.catalogue import BaseModel, choose
from assistant.bases.weights import Weights, locate
from assistant.errors import ModelError
from assistant.judge.calibration import JudgeModel
from assistant.prompts import served_version
from assistant.records import Task
from assistant.settings import Settings
from assistant.tasks import TASKS, task_of
from assistant.version_records import AdapterVersion
from assistant.versions.version import fits

if TYPE_CHECKING:
    from assistant.generator import Generator
    from assistant.generator.engine import Device


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A generator and what names the model in it. `adapter` is the adapter's folder, None for the bare base."""

    generator: Generator
    base: BaseModel
    identity: JudgeModel
    adapter: Path | None


@dataclass(frozen=True, slots=True)
class FoundAdapter:
    """An adapter's folder, and the name of the base it was trained on; `version` is None for one that PEFT alone
    wrote."""

    folder: Path
    task: Task
    base: str
    version: AdapterVersion | None

    @classmethod
    def of(cls, folder: Path, version: AdapterVersion) -> FoundAdapter:
        """The one in a version folder."""
        return cls(folder, version.task, version.base, version)


class Generators:
    """One generator for each set of weights, opened when first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[str, Generator] = {}

    def __call__(self, weights: Weights) -> Generator:
        if weights.sha256 not in self._open:
            self._open[weights.sha256] = self._opened(weights)
        return self._open[weights.sha256]

    def _opened(self, weights: Weights) -> Generator:
        settings = self._settings
        if settings.zero_gpu and weights.base.needs_cuda:
            from assistant.generator.zerogpu import ZeroGpuGenerator

            return ZeroGpuGenerator(weights, settings.dtype)
        from assistant.generator.service import QueuedGenerator

        # On ZeroGPU torch says that there is a GPU, which only workers have. A small base does without: an answer of
        # its own takes less time than a worker's start, and none of the visitor's quota.
        device: Device | None = "cpu" if settings.zero_gpu else None
        return QueuedGenerator(weights, settings.computing_threads, settings.max_queue, settings.dtype, device)

    def load(self, version: AdapterVersion, folder: Path) -> LoadedModel:
        """A version beside whatever is loaded already.

        Raises `ModelError` when it, its base or its prompts do not fit what this app runs.
        """
        before = set(self._open)
        try:
            return on_its_base(
                self._settings, FoundAdapter.of(folder, version), self, wanted_base(self._settings, version.task)
            )
        except BaseException:
            for sha256 in self._open.keys() - before:
                self._open.pop(sha256).close()
            raise

    def unload(self, model: LoadedModel, staying: Sequence[LoadedModel]) -> None:
        """Give back the memory of `model`, but for what one of those `staying` needs."""
        if all(other.generator is not model.generator for other in staying):
            if opened := self._open.pop(model.identity.base_sha256, None):
                opened.close()
        elif model.identity.adapter and all(other.identity != model.identity for other in staying):
            model.generator.unload_adapter(model.identity.adapter)

    def close(self) -> None:
        for opened in self._open.values():
            opened.close()


def on_its_base(
    settings: Settings, found: FoundAdapter | None, generator_for: Generators, wanted: str | None = None
) -> LoadedModel:
    """`found` on the base `wanted`, else on the one it was trained on, else on the default for this hardware.

    Raises `ModelError` when they do not fit each other.
    """
    base = base_for(wanted or (found.base if found else settings.base_model))
    if found and found.version is None and base.name != found.base:
        raise ModelError(
            f"The adapter in {found.folder} was trained on {found.base} and RESPOSTA_BASE_MODEL is {base.name}: unset "
            "it, or take an adapter trained on that base."
        )
    weights = locate(base, settings.cache_dir, found.version.base_source if found and found.version else None)
    # A base alone judges.
    prompt_version = served_version(found.task if found else task_of("judge").name)
    if found and found.version:
        fits(found.version, weights.sha256, prompt_version)
    generator = generator_for(weights)
    adapter = generator.load_adapter(found.folder) if found else None
    identity = JudgeModel(weights.sha256, adapter, prompt_version, generator.hardware)
    return LoadedModel(generator, base, identity, found.folder if found else None)


def wanted_base(settings: Settings, task: Task) -> str | None:
    """The base that the settings choose for `task`; None where each version keeps the one it was trained on."""
    return settings.base_model if TASKS[task].base_from_settings else None


def base_for(name: str | None) -> BaseModel:
    """The base of that name, or the default for this hardware."""
    from assistant.generator.engine import has_cuda

    return choose(name, has_cuda())
