"""The project's other commands as steps: each in a process of its own, so that its memory is free again after it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant.command_line.exit_codes import BUSY
from assistant.errors import BusyError, RespostaError
from assistant.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


class StepFailed(RespostaError):
    """A command that did not do its work; what it said stands above."""


def run_command(arguments: Sequence[str], settings: Settings) -> None:
    """`python -m` with `arguments`, the module first. It ends when this process does, however that ends.

    Raises `BusyError` when another run holds what it needs, `StepFailed` for any other exit code than 0.
    """
    shown = shlex.join(("python", "-m", *arguments))
    print(f"\n> {shown}", flush=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant.command_line.child", str(os.getpid()), *arguments],
        cwd=ROOT,
        env=settings.environment(),
        stdin=subprocess.DEVNULL,
        # A terminal's Ctrl-C is for this process, which hands it on once.
        start_new_session=True,
    )
    try:
        code = process.wait()
    except BaseException:
        # A training takes the time for a checkpoint.
        process.terminate()
        process.wait()
        raise
    if code == BUSY:
        raise BusyError(f"{shown} has to wait for another run, as it says above. Then start the same retraining again.")
    if code:
        raise StepFailed(
            f"{shown} ended with exit code {code}, for the reason above. Mend it, then start the same retraining "
            "again: it goes on with this step."
        )
