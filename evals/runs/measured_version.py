"""The version that is measured: from the registry, from a folder, or the shipped one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from assistant.serving.choose import only
from assistant.settings import Settings
from assistant.version_records import AdapterVersion, Fingerprints, Kind
from assistant.versions.fingerprints import of_pair, of_question, read_fingerprints
from assistant.versions.registry import Registry
from assistant.versions.version import FINGERPRINTS, read_version
from evals.data.leaks import TrainedOn
from evals.data.published import QuestionPair


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
        return only(settings, self.version.task, self.folder)


def of_folder(folder: Path) -> Subject:
    """A version folder that no registry knows."""
    return Subject(read_version(folder), folder, None, of_files(folder))


def of_files(folder: Path) -> TrainedOn:
    """What the fingerprints in a model's folder tell. Of a folder without them nothing is known."""
    prints = read_fingerprints(folder) if (folder / FINGERPRINTS).is_file() else Fingerprints((), ())
    return _known(prints.rows, prints.questions)


def of_pairs(pairs: Iterable[QuestionPair]) -> TrainedOn:
    """What a system has seen that learns from `pairs`."""
    rows, questions = set[str](), set[str]()
    for pair in pairs:
        rows.update(of_pair(pair.question1, pair.question2, pair.language))
        for question in (pair.question1, pair.question2):
            questions.update(of_question(question, pair.language))
    return _known(rows, questions)


def _known(rows: Iterable[str], questions: Iterable[str]) -> TrainedOn:
    known: dict[Kind, frozenset[str]] = {"row": frozenset(rows), "question": frozenset(questions)}
    return lambda kind, given: set(known[kind].intersection(given))


def of_registry(reference: str, registry: Registry) -> Subject:
    """TASK@STAGE, or the first digits of a digest."""
    found = registry.find(reference)
    return Subject(
        found.version, registry.files(found.version), found.stage, partial(registry.trained_on, found.version)
    )
