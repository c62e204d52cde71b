"""`python -m evals.board.background PARENT …`: what `python -m evals.run …` does, only when nothing else wants the
processor, and no longer than the process PARENT lives, which started it."""

from __future__ import annotations

import os
import sys

from evals.runs.lifetime import end_with


def stand_back() -> None:
    """Take only what no other process wants."""
    os.nice(19)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def main() -> int:
    """Run an evaluation until it ends or its parent does; its exit code."""
    stand_back()
    end_with(int(sys.argv[1]))
    # Seconds of importing, which shall stand back as well.
    from evals.run import main_of_process

    return main_of_process(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
