"""How quickly agents are answered while an evaluation runs, beside how quickly without one, on the same desk.

    python -m evals.benchmarks.speed_beside_a_run [--suggestions 60]

The evaluation is the one that the Evaluation tab starts: the version in production on the shop's English questions.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.command_line.arguments import count
from assistant.command_line.exit_codes import DONE, REFUSED
from assistant.command_line.progress_bars import progress_bar
from assistant.command_line.runner import Command
from assistant.desk import Desk
from assistant.errors import InputError
from assistant.records import LANGUAGES
from assistant.settings import load_settings
from assistant.store.connection import open_store
from assistant.tasks import task_of
from assistant.versions.registry import open_registry
from assistant.wiring import open_desk
from evals.board import Board
from evals.data.named_sets import shop_wordings
from evals.data.published import Wording

LOOK_EVERY_SECONDS = 0.5
# Between two questions, in which the run has the computer to itself and fills its caches.
PAUSE_SECONDS = 0.5
MOST = 2.0


def ask_all(desk: Desk, wordings: Sequence[Wording], name: str) -> list[float]:
    """Seconds from each question to its judged answers, reasons off."""
    seconds = []
    for wording in progress_bar(wordings, unit="suggestion", desc=name):
        time.sleep(PAUSE_SECONDS)
        started = time.perf_counter()
        desk.suggest(wording.query)
        seconds.append(time.perf_counter() - started)
    return seconds


def wait_until_it_measures(board: Board) -> None:
    """Loading the model is over once the first rows are done."""
    while (run := board.run()) and run["state"] in ("starting", "running") and not run["done"]:
        time.sleep(LOOK_EVERY_SECONDS)
    check_running(board)


def check_running(board: Board) -> None:
    """Raise `InputError` when the evaluation is over."""
    run = board.run()
    if run is None or run["state"] != "running":
        raise InputError(f"The evaluation ended too early to measure beside it ({run}): give fewer --suggestions.")


def shown(seconds: Sequence[float]) -> str:
    """Median and 95th percentile of `seconds`."""
    p50, p95 = np.percentile(seconds, [50, 95])
    return f"p50 {p50:.3f} s  p95 {p95:.3f} s"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--suggestions", type=count, default=60, help="questions asked (default: %(default)s)")


def _work(options: argparse.Namespace) -> int:
    wordings = [wording for language in LANGUAGES for wording in shop_wordings(language)]
    wordings = wordings[:: max(1, len(wordings) // options.suggestions)][: options.suggestions]
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder) / "data", database_url=None)
        with open_store(settings) as store, open_desk(settings, store, sample=True) as desk:
            registry = open_registry(settings, store)
            ask_all(desk, wordings[:3], "warming up")
            idle = ask_all(desk, wordings, "idle")
            with Board(settings, registry) as board:
                board.start(registry.find(f"{task_of('judge').name}@production").version.digest, "shop-en", None)
                wait_until_it_measures(board)
                before = board.run()["done"]
                beside = ask_all(desk, wordings, "beside a run")
                check_running(board)
                measured = board.run()["done"] - before
    ratio = np.percentile(beside, 95) / np.percentile(idle, 95)
    print(f"{len(wordings)} questions, idle:         {shown(idle)}")
    print(f"{len(wordings)} questions, beside a run: {shown(beside)}  ({measured} rows measured meanwhile)")
    print(f"p95 beside a run / idle: {ratio:.2f} (at most {MOST:g})")
    return DONE if ratio <= MOST else REFUSED


main = Command("evals.benchmarks.speed_beside_a_run", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
