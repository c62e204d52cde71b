"""Neptune's client: to a server when a token is set, else into files that `neptune sync` can send later."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.tracking.tracker import flat

# Longer ones are ignored by the client.
_LONGEST_ID = 36


class NeptuneTracker:
    """Continues a run of the same name on the server. Offline, every start writes a new folder with that name."""

    def __init__(self, project: str, run: str, folder: Path) -> None:
        self._project = project
        self._name = run
        self._folder = folder.resolve()

    def start(self, parameters: Mapping[str, Any]) -> None:
        os.environ["NEPTUNE_DATA_DIRECTORY"] = str(self._folder)
        # Imported here because it takes seconds.
        import neptune
        from neptune.exceptions import NeptuneMissingApiTokenException
        from neptune.utils import stringify_unsupported

        # The client prints a greeting to standard output.
        for name in ("neptune", "neptune_no_prefix"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._plain = stringify_unsupported
        # No output, source or tracebacks: they can hold customers' text. The machine is measured by the run itself.
        options: dict[str, Any] = {
            "name": self._name,
            "source_files": [],
            "capture_stdout": False,
            "capture_stderr": False,
            "capture_traceback": False,
            "capture_hardware_metrics": False,
            "git_ref": False,
        }
        try:
            self._run = neptune.init_run(project=self._project, custom_run_id=self._id(), mode="async", **options)
        except NeptuneMissingApiTokenException:
            self._run = neptune.init_run(mode="offline", **options)
        self._run["parameters"] = self._plain(flat(parameters))

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        for name, value in metrics.items():
            self._run[name].append(value, step=step)

    def picture(self, name: str, path: Path) -> None:
        self._run[name].upload(str(path.resolve()))

    def finish(self, summary: Mapping[str, Any]) -> None:
        self._run["summary"] = self._plain(flat(summary))
        self._run.stop()

    def _id(self) -> str:
        if len(self._name) <= _LONGEST_ID:
            return self._name
        return hashlib.sha256(self._name.encode()).hexdigest()[:_LONGEST_ID]
