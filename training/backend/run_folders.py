"""Folders of training runs: their place, their name, and how one forks another."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from assistant.errors import BusyError, InputError
from assistant.whole_file import write_whole
from training.backend.checkpoints import complete, step
from training.recipe import Recipe

RECIPE, FORKED, PART = "recipe.json", "forked.json", ".part"


@dataclass(frozen=True, slots=True)
class Run:
    """One run's folder: the recipe, checkpoints, and in `version` what was made."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def version(self) -> Path:
        return self.folder / "version"

    @property
    def is_fresh_fork(self) -> bool:
        """Whether it still stands at the checkpoint it was forked from."""
        forked = self.folder / FORKED
        if not forked.is_file():
            return False
        return [step(path) for path in complete(self.checkpoints)] == [json.loads(forked.read_text())["step"]]

    @property
    def is_finished(self) -> bool:
        """Whether its version is complete: the manifest is written last."""
        return (self.version / "version.json").is_file()


def open_run(home: Path, recipe: Recipe, fork: str | None = None) -> Run:
    """The run that this recipe means: the same recipe with the same settings always leads to the same folder.

    `fork` ("RUN@STEP") makes a new run that begins with another run's checkpoint and history.
    """
    # Without what is not set, so that a key added later leaves the runs of older recipes where they are.
    identity = recipe.model_dump_json(exclude_none=True) + (fork or "")
    digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
    run = Run(home / f"{recipe.name}-{digest}")
    if fork and not run.folder.exists():
        _fork(home, fork, run, recipe)
    run.folder.mkdir(parents=True, exist_ok=True)
    write_whole(run.folder / RECIPE, recipe.model_dump_json(indent=1) + "\n")
    return run


@contextmanager
def alone(run: Run, patience: float = 0.0) -> Iterator[None]:
    """Hold the run, so that the same command started twice does not train it twice. `patience` are the seconds that
    another process may still take. Raises `BusyError`."""
    try:
        with FileLock(run.folder / "lock", timeout=patience):
            yield
    except Timeout:
        raise BusyError(f"{run.name} is being trained by another process. Wait for it, or stop that one.") from None


def _fork(home: Path, fork: str, run: Run, recipe: Recipe) -> None:
    """Copy the checkpoint that `fork` names. The copy appears complete or not at all."""
    name, _, number = fork.partition("@")
    found = {step(path): path for path in complete(home / name / "checkpoints")}
    if not number.isdigit() or int(number) not in found:
        known = ", ".join(f"{name}@{at}" for at in sorted(found)) or "none"
        there = (path.name for path in home.glob("*") if path.is_dir() and path.suffix != PART)
        runs = ", ".join(sorted(there)) or "none"
        raise InputError(f"--fork {fork}: there is no such checkpoint. Checkpoints of {name}: {known}. Runs: {runs}.")
    _check_shape(fork, home / name, recipe)
    part = run.folder.with_name(run.name + PART)
    shutil.rmtree(part, ignore_errors=True)
    source = found[int(number)]
    shutil.copytree(source, part / "checkpoints" / source.name)
    (part / FORKED).write_text(json.dumps({"run": name, "step": int(number)}), encoding="utf-8")
    part.rename(run.folder)


def _check_shape(fork: str, source: Path, recipe: Recipe) -> None:
    """Raise `InputError` unless the source's adapter fits the base and the matrices that `recipe` names."""
    told = json.loads((source / RECIPE).read_text(encoding="utf-8"))
    now = recipe.model_dump(mode="json")
    places = (("task",), ("base",), ("lora", "r"), ("lora", "modules"))
    others = []
    for place in places:
        then, here = told, now
        for key in place:
            then, here = then[key], here[key]
        if then != here:
            others.append(f"{'.'.join(place)} is {then} there and {here} here")
    if others:
        raise InputError(f"--fork {fork} needs a recipe with the same adapter: {'; '.join(others)}.")
