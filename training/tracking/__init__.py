"""Experiment trackers: Trackio's folder, Neptune's client, or none. A failing tracker never stops a run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from training.tracking.guarded import Guarded
from training.tracking.tracker import NoTracker, Tracker
from training.tracking.with_neptune import NeptuneTracker
from training.tracking.with_trackio import TrackioTracker

__all__ = ["Tracker", "open_tracker"]


def open_tracker(
    kind: Literal["trackio", "neptune", "none"], project: str, run: str, folder: Path, resume: bool
) -> Tracker:
    """A tracker that has not begun; its `start` loads the package.

    Its files lie below `folder`; Trackio compares the runs that share one. With `resume` the run of this name goes
    on, otherwise a new one begins. What fails later is logged once as a warning, and from then on nothing is tracked.
    """
    if kind == "none":
        return NoTracker()
    if kind == "neptune":
        return Guarded(NeptuneTracker(project, run, folder), kind, folder)
    return Guarded(TrackioTracker(project, run, folder, resume), kind, folder)
