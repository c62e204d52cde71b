"""Which files a Space gets: those of the project that the app needs, with this folder's README.md and requirements."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import InputError
from assistant.versions.hub import Pinned

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CARD, REQUIREMENTS = "README.md", "requirements.txt"

# The app imports these. Tests, training and documents stay at home: nobody on a Space runs them, and a Space that is
# duplicated should hold what it serves.
SERVED = ("app.py", "assistant", "evals", "LICENSE")
# Only the Evaluation tab reads the reports, and a Space's visitors have none.
NOT_SERVED = ("evals/reports/",)

# As the Hub names it. It runs Python 3.10 and 3.12, and not the card's.
ZERO_GPU = "zero-a10g"
_PYTHON = re.compile(r'^(python_version:) ".+"$', re.MULTILINE)
_HARDWARE = re.compile(r"^(suggested_hardware:) .+$", re.MULTILINE)

# A line of the card that stands there only when something made from Llama 3 is served.
_LLAMA3_LINE = re.compile(r"^<!-- Llama 3: (.+) -->\n\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SpaceFile:
    """A file at its `path` in the Space; `source` is where its content comes from, below the project."""

    path: str
    source: str
    content: bytes


def served_files(adapters: Sequence[Pinned] = (), hardware: str | None = None) -> tuple[SpaceFile, ...]:
    """All files of a Space that serves `adapters`, by path. Of the project's, those that git tracks, as they lie here.

    Raises `InputError` when the project's folder is no git checkout.
    """
    files = {path: SpaceFile(path, path, (ROOT / path).read_bytes()) for path in _tracked()}
    card = render_card((HERE / CARD).read_text(encoding="utf-8"), adapters, hardware)
    files[CARD] = SpaceFile(CARD, f"{HERE.name}/{CARD}", card.encode())
    files[REQUIREMENTS] = SpaceFile(REQUIREMENTS, f"{HERE.name}/{REQUIREMENTS}", (HERE / REQUIREMENTS).read_bytes())
    return tuple(files[path] for path in sorted(files))


def render_card(card: str, adapters: Sequence[Pinned], hardware: str | None = None) -> str:
    """The card with `adapters` among its models, with Meta's notice when one of them is made from Llama 3, with
    `hardware` for those who duplicate the Space, and with a Python that it has."""
    if hardware:
        card = _HARDWARE.sub(rf"\1 {hardware}", card, count=1)
    if hardware == ZERO_GPU:
        card = _PYTHON.sub(r'\1 "3.12"', card, count=1)
    models = "".join(f"- {repo}\n" for repo in dict.fromkeys(adapter.repo for adapter in adapters))
    card = card.replace("\nmodels:\n", f"\nmodels:\n{models}", 1)
    return _LLAMA3_LINE.sub(r"\1\n\n" if any(map(is_llama3, adapters)) else "", card)


def is_llama3(adapter: Pinned) -> bool:
    """Meta's licence (1.b) has the names of such adapters begin so, and `training.publish` sees to it."""
    return adapter.repo.partition("/")[2].startswith("Llama-3")


def described_commit() -> str:
    """The commit that is checked out, with "-dirty" when files differ from it."""
    return _git("describe", "--always", "--abbrev=12", "--dirty", "--exclude=*").strip()


def _tracked() -> list[str]:
    listed = _git("ls-files", "-z", "--", *SERVED).split("\0")
    return [path for path in listed if path and not path.startswith(NOT_SERVED) and (ROOT / path).is_file()]


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip()
        raise InputError(
            f"git cannot tell the project's files ({said}): deploy from a git checkout of the project."
        ) from error
