"""Progress of a run: a bar with the remaining time for people, progress.json for programs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from assistant.command_line.progress_bars import progress_bar
from assistant.errors import RespostaError
from assistant.whole_file import write_whole

PROGRESS = "progress.json"
State = Literal["running", "done", "stopped", "failed"]


class Progress:
    """Follows a run of `of` rows, `done` of which an earlier run has made. Used as a context manager, it also tells
    how the run ended."""

    def __init__(self, folder: Path, of: int, done: int, unit: str) -> None:
        self._file = folder / PROGRESS
        self._of, self._done, self._before = of, done, done
        self._begun = time.monotonic()
        self._bar = progress_bar(total=of, initial=done, unit=unit, smoothing=0.1)

    def advance(self, rows: int) -> None:
        self._done += rows
        self._bar.update(rows)
        self._tell("running")

    def __enter__(self) -> Self:
        self._tell("running")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
        if error is None:
            self._tell("done")
        elif isinstance(error, (KeyboardInterrupt, SystemExit)):
            self._tell("stopped")
        else:
            self._tell("failed", error)

    def _tell(self, state: State, error: BaseException | None = None) -> None:
        rate = (self._done - self._before) / max(1e-9, time.monotonic() - self._begun)
        left = (self._of - self._done) / rate if state == "running" and rate > 0 else None
        tell(self._file.parent, state, self._done, self._of, left, error)


def tell(
    folder: Path, state: State, done: int, of: int, seconds_left: float | None, error: BaseException | None
) -> None:
    """Write progress.json, whole or not at all. Only errors that are meant for people are told in words."""
    said = None if error is None else str(error) if isinstance(error, RespostaError) else type(error).__name__
    content = {"state": state, "done": done, "of": of, "seconds_left": seconds_left, "error": said}
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / PROGRESS, json.dumps(content))
