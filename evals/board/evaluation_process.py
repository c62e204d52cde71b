"""One evaluation beside the running app: a process that leaves agents the computer and ends with the app."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.errors import BusyError, InputError
from assistant.records import Language
from assistant.settings import Settings
from assistant.whole_file import write_whole
from evals.runs.measured_rows import ROWS
from evals.runs.progress import PROGRESS

ROOT = Path(__file__).resolve().parents[2]
CHILD = ("assistant.command_line.child", "--background")
REQUEST, LOG = "request.json", "run.log"
# Long enough to finish the batch at hand and write down what is done.
SECONDS_TO_STOP = 10.0
# One thread that sleeps while it waits: two busy ones would take the caches and the memory from the app's model.
QUIET = {"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "1", "RESPOSTA_THREADS": "1", "TQDM_DISABLE": "1"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What a run measures: a version's digest, a data set's name (or "own:NAME"), how many rows (None for all), whether
    rows that are leaks are left out, and the language of a CSV that does not name it."""

    adapter: str
    data: str
    limit: int | None
    drop_leaks: bool = False
    language: Language = "en"


class Child:
    """Does what `python -m evals.run` does, in the background, one at a time, each in a folder below `folder`.

    Safe for many threads. The same request goes to the same folder, where the command goes on from what is done; one
    that was finished is measured anew.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._lock = threading.Lock()
        self._process: subprocess.Popen | None = None
        self._asked: EvaluationRequest | None = None
        self._stopping = False
        # The kernel ends such a process with the very thread that started it, so this one stays.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="evaluation")

    def start(self, asked: EvaluationRequest, data: str) -> None:
        """Begin or go on; `data` is what the command takes. Raises `BusyError` while another one runs."""
        with self._lock:
            if self._process and self._process.poll() is None:
                raise BusyError("An evaluation is running already: wait for its end, or cancel it first.")
            folder = self._place(asked)
            folder.mkdir(parents=True, exist_ok=True)
            if _written(folder / PROGRESS).get("state") == "done":
                # What is measured once more may be another code's work now.
                (folder / ROWS).unlink(missing_ok=True)
            (folder / PROGRESS).unlink(missing_ok=True)
            write_whole(folder / REQUEST, json.dumps(asdict(asked)))
            self._process = self._starter.submit(self._spawn, asked, data, folder).result()
            self._asked, self._stopping = asked, False

    def progress(self) -> Json | None:
        """How the run stands, or how the last one ended: `state` ("starting", "running", "stopping", "done", "failed",
        "stopped"), `done` of `of` rows, `seconds_left`, `error`, and what was asked. None before the first."""
        with self._lock:
            if self._process is None or self._asked is None:
                return None
            code = self._process.poll()
            folder = self._place(self._asked)
            found = {"state": "starting", "done": 0, "of": None, "seconds_left": None, "error": None}
            found |= _written(folder / PROGRESS) | asdict(self._asked)
            if code is None:
                # What it says last it says before it is gone, and until then no other can begin.
                found["state"] = "stopping" if self._stopping else "running" if found["of"] else "starting"
            elif self._stopping and found["state"] != "done":
                found["state"] = "stopped"
            elif code or found["state"] not in ("done", "stopped"):
                found["error"] = found["error"] or f"It ended with code {code}: its log is {folder / LOG}."
                found["state"] = "failed"
            return found

    def unfinished(self) -> list[EvaluationRequest]:
        """What was interrupted and can go on, but for what runs now."""
        folders = [file.parent for file in sorted(self._folder.glob(f"*/{REQUEST}"))]
        left = [
            EvaluationRequest(**_written(folder / REQUEST))
            for folder in folders
            if _written(folder / PROGRESS).get("state") not in ("done", "failed")
        ]
        with self._lock:
            now = self._asked if self._process and self._process.poll() is None else None
        return [asked for asked in left if asked != now]

    def cancel(self) -> None:
        """Ask the run to stop, and end it when it does not in time. Returns at once."""
        with self._lock:
            process = self._process
            if process is None or process.poll() is not None:
                raise InputError("No evaluation is running: there is nothing to cancel.")
            if not self._stopping:
                self._stopping = True
                threading.Thread(target=_end, args=(process,), name="evaluation's end").start()

    def close(self) -> None:
        """End what still runs; what it has done is kept for the next time."""
        with self._lock:
            self._stopping = True
            process = self._process
        if process:
            _end(process)
        self._starter.shutdown()

    def _spawn(self, asked: EvaluationRequest, data: str, folder: Path) -> subprocess.Popen:
        command = ["--adapter", asked.adapter, "--data", data, "--language", asked.language, "--out", str(folder)]
        command += [] if asked.limit is None else ["--limit", str(asked.limit)]
        command += ["--drop-leaks"] if asked.drop_leaks else []
        with (folder / LOG).open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *CHILD, str(os.getpid()), "evals.run", *command],
                cwd=ROOT,
                env=self._settings.environment() | QUIET,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _place(self, asked: EvaluationRequest) -> Path:
        plain = re.sub(r"[^a-z0-9]+", "-", asked.data.lower()).strip("-")[:40]
        exact = hashlib.sha256(f"{asked.data} {asked.drop_leaks} {asked.language}".encode()).hexdigest()[:6]
        rows = "all" if asked.limit is None else str(asked.limit)
        return self._folder / f"{asked.adapter[:12]}-{plain}-{exact}-{rows}"


def _end(process: subprocess.Popen) -> None:
    _hurry(process.pid)
    process.terminate()
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _hurry(pid: int) -> None:
    """Take back that a process waits for all others: on a busy machine it would not even come to its end. Without the
    right to do so it takes as long as the others leave it."""
    if not hasattr(os, "SCHED_IDLE"):
        return
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        # It, or the process, may have ended meanwhile.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))


def _written(file: Path) -> Json:
    """A small JSON object that another process writes; empty until it is there."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
