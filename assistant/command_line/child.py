"""A command that works for another process and ends when that one does, however that ends.

    python -m assistant.command_line.child [--background] PARENT MODULE …

Does what `python -m MODULE …` does. PARENT is the id of the process that starts it.
"""

from __future__ import annotations

import argparse
import os
import runpy
import sys

from assistant.command_line.lifetime import end_with
from assistant.command_line.runner import Command
from assistant.logs import log_to_stderr


def stand_back() -> None:
    """Take only the processor time that no other process wants."""
    os.nice(19)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--background", action="store_true", help="stand back for other processes, log JSON lines")
    parser.add_argument("parent", type=int, metavar="PARENT", help="id of the process that starts this one")
    parser.add_argument("module", metavar="MODULE", help="as python -m takes it")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="…", help="the module's own arguments")


def _work(options: argparse.Namespace) -> None:
    # Before the module is imported, which takes seconds.
    if options.background:
        stand_back()
        log_to_stderr()
    end_with(options.parent)
    sys.argv = [options.module, *options.arguments]
    runpy.run_module(options.module, run_name="__main__", alter_sys=True)


main = Command("assistant.command_line.child", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
