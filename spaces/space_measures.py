"""How much memory and disk a rehearsed Space takes."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil

from space_process import LocalSpace

SECONDS_BETWEEN = 0.25
MIB = 1024 * 1024


class Memory:
    """The highest sum seen of what the processes hold, in MiB; what several share is divided among them (PSS)."""

    def __init__(self) -> None:
        self.peak = 0.0

    @contextlib.contextmanager
    def watching(self, space: LocalSpace) -> Iterator[None]:
        """Look four times a second."""
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(space, done), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    def _watch(self, space: LocalSpace, done: threading.Event) -> None:
        while not done.wait(SECONDS_BETWEEN):
            self.peak = max(self.peak, sum(map(_pss, space.processes())) / MIB)


def _pss(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        # It has ended meanwhile.
        return 0


def disk(folder: Path) -> float:
    """MiB that the files below `folder` take."""
    size = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                size += os.lstat(os.path.join(root, name)).st_blocks * 512
    return size / MIB
