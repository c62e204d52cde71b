"""The journal of a retraining: the steps it has finished, on disk."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from assistant.errors import InputError
from assistant.whole_file import write_whole
from training.retraining.plan import Plan

STATE = "state.json"
End = Literal["done", "refused"]
Json = dict[str, Any]


class Journal:
    """The steps of one retraining with their results, in its folder. A step is written down when it is done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self._state: Json = json.loads((folder / STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{folder / STATE} cannot be read ({error}): remove the folder {folder}.") from None

    @property
    def plan(self) -> str:
        """The identity of the plan that it follows."""
        return self._state["plan"]

    @property
    def end(self) -> End | None:
        """How it ended; None while something is left to do."""
        return self._state["end"]

    @end.setter
    def end(self, end: End | None) -> None:
        self._state["end"] = end
        self._write()

    @property
    def steps(self) -> Json:
        """The results by step, in the order in which they were done."""
        return self._state["steps"]

    def note(self, step: str, result: Json, seconds: float) -> None:
        self.steps[step] = result | {"seconds": round(seconds, 1)}
        self._write()

    def forget(self, steps: Iterable[str]) -> None:
        """Mark these steps as not done, so that they run again."""
        for step in steps:
            self.steps.pop(step, None)
        self._write()

    def _write(self) -> None:
        write_whole(self.folder / STATE, json.dumps(self._state, indent=1, ensure_ascii=False))


def begin(home: Path, plan: Plan, first: str, result: Json, seconds: float) -> Journal:
    """A new retraining whose `first` step is done, in a folder that is named by the moment and appears whole."""
    moment = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    folder = home / f"{moment}-{plan.task}"
    for unfinished in home.glob(".[0-9]*"):
        shutil.rmtree(unfinished)
    draft = home / f".{folder.name}"
    draft.mkdir(parents=True)
    (draft / STATE).write_text(json.dumps({"plan": plan.identity, "end": None, "steps": {}}), encoding="utf-8")
    Journal(draft).note(first, result, seconds)
    draft.rename(folder)
    return Journal(folder)


def latest(home: Path, plan: Plan) -> Journal | None:
    """The newest retraining by this plan."""
    for file in sorted(home.glob(f"[0-9]*-{plan.task}/{STATE}"), reverse=True):
        found = Journal(file.parent)
        if found.plan == plan.identity:
            return found
    return None
