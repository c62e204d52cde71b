"""Trackio: runs, curves, pictures and figures of the machine in a local folder, with a dashboard."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.tracking.tracker import flat

log = logging.getLogger(__name__)

# With any of these set, Trackio would send the run to a Space, a server, a dataset or a bucket.
_ELSEWHERE = (
    "TRACKIO_SPACE_ID",
    "TRACKIO_SERVER_URL",
    "TRACKIO_DATASET_ID",
    "TRACKIO_BUCKET_ID",
    "TRACKIO_WEBHOOK_URL",
)


class TrackioTracker:
    """Everything lies below `folder`. A process can use one folder only, for Trackio takes it when it is imported."""

    def __init__(self, project: str, run: str, folder: Path, resume: bool) -> None:
        self._project = project
        self._name = run
        self._folder = folder.resolve()
        self._resume = resume
        # What the run holds already, as (metric, step): after a resume some steps are computed once more.
        self._logged: set[tuple[str, int]] = set()
        self._last = 0

    def start(self, parameters: Mapping[str, Any]) -> None:
        """Raises `OSError` if the folder cannot be written, `RuntimeError` if Trackio sits on another one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._folder):
            pass  # Trackio itself would only print that it cannot write, much later
        for name in _ELSEWHERE:
            os.environ.pop(name, None)
        os.environ["TRACKIO_DIR"] = str(self._folder)
        import trackio

        if self._folder != trackio.utils.TRACKIO_DIR:
            raise RuntimeError(f"it already writes to {trackio.utils.TRACKIO_DIR}; one process can use one folder only")
        self._trackio = trackio
        with contextlib.redirect_stdout(io.StringIO()):
            # CPU and GPU figures are recorded every ten seconds where psutil and nvidia-ml-py find something.
            self._run = trackio.init(
                project=self._project,
                name=self._name,
                config=flat(parameters),
                resume="allow" if self._resume else "never",
                embed=False,
            )
        self._logged = self._stored()
        self._last = max((step for _, step in self._logged), default=0)
        log.info("to look at it: TRACKIO_DIR=%s trackio show --project %s", self._folder, self._project)

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        self._send({name: value for name, value in metrics.items() if (name, step) not in self._logged}, step)

    def picture(self, name: str, path: Path) -> None:
        self._send({name: self._trackio.Image(path)}, self._last)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Raises `OSError` if something that was sent did not reach the disk."""
        self._send({f"summary/{name}": value for name, value in flat(summary).items()}, self._last)
        with contextlib.redirect_stdout(io.StringIO()):
            self._trackio.finish()
        # On a network disk Trackio writes a journal, and its dashboard fills the database from that later.
        lost = self._logged - self._stored() if self._trackio.utils.get_storage_mode() == "sqlite" else set()
        if lost:
            raise OSError(f"{len(lost)} figures were not written, the last one of step {max(step for _, step in lost)}")

    def _send(self, metrics: dict[str, Any], step: int) -> None:
        if metrics:
            self._run.log(metrics, step=step)
            self._logged |= {(name, step) for name in metrics}
            self._last = max(self._last, step)

    def _stored(self) -> set[tuple[str, int]]:
        rows = self._trackio.SQLiteStorage.get_logs(self._project, run_id=self._run.id)
        return {(name, row["step"]) for row in rows for name in row if name not in ("step", "timestamp")}
