"""The project's other commands as steps: each in a process of its own, so that its memory is free again after it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant.errors import RespostaError
from assistant.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


class StepFailed(RespostaError):
    """A command that did not do its work; what it said stands above."""


def run_command(arguments: Sequence[str], settings: Settings) -> None:
    """`python -m` with `arguments`, the module first. It ends when this process does, however that ends.

    Raises `StepFailed` unless its exit code is 0.
    """
    shown = shlex.join(("python", "-m", *arguments))
    print(f"\n> {shown}", flush=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "training.retraining.step_process", str(os.getpid()), *arguments],
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
    if code:
        raise StepFailed(
            f"{shown} ended with exit code {code}, for the reason above. Mend it, then start the same retraining "
            "again: it goes on with this step."
        )
