"""Finds the checkpoint that a run continues from."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

_NAME = re.compile(r"checkpoint-(\d+)")
STATE = "trainer_state.json"


def complete(folder: Path) -> list[Path]:
    """The usable checkpoints of `folder`, earliest first. The trainer writes its state file last."""
    found = []
    for path in folder.glob("checkpoint-*"):
        if _NAME.fullmatch(path.name) and _readable(path / STATE):
            found.append(path)
    return sorted(found, key=step)


def latest(folder: Path) -> Path | None:
    """The last complete checkpoint; half-written ones behind it, of a run that was killed, are removed."""
    usable = complete(folder)
    for path in folder.glob("checkpoint-*"):
        if path not in usable:
            shutil.rmtree(path)
    return usable[-1] if usable else None


def step(path: Path) -> int:
    """The optimizer step after which a checkpoint was taken."""
    found = _NAME.fullmatch(path.name)
    return int(found[1]) if found else 0


def _readable(path: Path) -> bool:
    try:
        return "global_step" in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
