"""What is measured: a version of the registry, a version folder, or the shipped adapter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from assistant.fingerprints import read_fingerprints
from assistant.registry import Registry
from assistant.settings import Settings
from assistant.versions import AdapterVersion, read_version
from evals.leaks import TrainedOn


@dataclass(frozen=True, slots=True)
class Subject:
    """A version with its folder. `stage` is where it stands in the registry, None for a folder outside it."""

    version: AdapterVersion
    folder: Path
    stage: str | None
    trained_on: TrainedOn

    @property
    def model(self) -> dict[str, Any]:
        return {"version": self.version.digest, "name": self.version.name, "stage": self.stage}

    def settings(self, settings: Settings) -> Settings:
        """`settings` that load this version and nothing else."""
        chosen = {"base_model": None, "adapter": None, "reading_adapter": None}
        chosen["adapter" if self.version.task == "question-similarity" else "reading_adapter"] = str(self.folder)
        return settings.model_copy(update=chosen)


def of_folder(folder: Path) -> Subject:
    """A version folder that no registry knows."""
    version, prints = read_version(folder), read_fingerprints(folder)
    known = {"row": frozenset(prints.rows), "question": frozenset(prints.questions)}
    return Subject(version, folder, None, lambda kind, given: set(known[kind].intersection(given)))


def of_registry(reference: str, registry: Registry) -> Subject:
    """TASK@STAGE, or the first digits of a digest."""
    found = registry.find(reference)
    return Subject(
        found.version, registry.files(found.version), found.stage, partial(registry.trained_on, found.version)
    )
