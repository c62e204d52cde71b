"""What a run was made with: versions, platform, and the commit of the code."""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

PACKAGES = (
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "trl",
    "unsloth",
    "bitsandbytes",
    "datasets",
    "tokenizers",
    "safetensors",
    "scikit-learn",
    "numpy",
)


def environment(folder: Path = ROOT) -> dict[str, Any]:
    """Python, platform, processor, `packages` (None: not installed) and the git state of the code in `folder`.

    `git_commit` and `git_dirty` (whether files differ from that commit) are None where git is missing or the
    folder is not part of a repository.
    """
    commit = _git(folder, "rev-parse", "HEAD") if _git(folder, "ls-files", "--error-unmatch", ".") else None
    # Reports are made with the code and are not part of it.
    changes = _git(folder, "status", "--porcelain", "--", ".", ":(exclude)evals/reports") if commit else None
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "packages": {name: _version(name) for name in PACKAGES},
        "git_commit": commit,
        "git_dirty": None if changes is None else bool(changes),
    }


def _processor() -> str:
    """As its maker calls it, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints; None where it is missing or fails."""
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
