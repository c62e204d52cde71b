"""Wraps a tracker so that its failure does not stop the run."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from training.tracking.tracker import NoTracker, Tracker

log = logging.getLogger(__name__)

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_LONGEST = 300


class Guarded:
    """Forwards all calls until the tracker fails; then it warns once, with the fix, and stops tracking."""

    def __init__(self, tracker: Tracker, kind: str, folder: Path) -> None:
        self._tracker = tracker
        self._kind = kind
        self._folder = folder

    def start(self, parameters: Mapping[str, Any]) -> None:
        self._try(lambda: self._tracker.start(parameters))

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        self._try(lambda: self._tracker.log(metrics, step))

    def picture(self, name: str, path: Path) -> None:
        self._try(lambda: self._tracker.picture(name, path))

    def finish(self, summary: Mapping[str, Any]) -> None:
        self._try(lambda: self._tracker.finish(summary))

    def _try(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:
            self._tracker = NoTracker()
            log.warning("%s", self._message(error))

    def _message(self, error: Exception) -> str:
        what = " ".join(_COLOURS.sub("", str(error)).split())[:_LONGEST].rstrip(".")
        if isinstance(error, ImportError):
            fix = f"Install it with `pip install {self._kind}`, or start with --set tracker=none."
        elif isinstance(error, OSError):
            fix = (
                f"Make sure that {self._folder} can be written and the disk has room, or start with --set tracker=none."
            )
        else:
            fix = "Correct that and start the same command again, or start with --set tracker=none."
        return (
            f"{self._kind} failed ({type(error).__name__}: {what}). "
            f"The run goes on and nothing more of it is tracked. {fix}"
        )
