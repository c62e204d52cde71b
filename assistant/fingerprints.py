"""Hashes of what an adapter was trained on, by which an evaluation finds its own rows among them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.errors import ModelError
from assistant.versions import FINGERPRINTS

Kind = Literal["row", "question"]

_LINE = re.compile(r"(row|question) ([0-9a-f]{16})")


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Hashes of whole training rows and of their single questions, 16 hex digits each."""

    rows: tuple[str, ...]
    questions: tuple[str, ...]


def read_fingerprints(folder: Path) -> Fingerprints:
    """The fingerprints in a version folder.

    Raises `ModelError` that names the first line which holds none.
    """
    found: dict[str, list[str]] = {"row": [], "question": []}
    with (folder / FINGERPRINTS).open(encoding="ascii", errors="replace") as stream:
        for number, line in enumerate(stream, start=1):
            match = _LINE.fullmatch(line.rstrip("\n"))
            if not match:
                raise ModelError(
                    f"Line {number} of {folder / FINGERPRINTS} is no fingerprint (`row` or `question` and 16 hex "
                    "digits). Copy or download the folder again."
                )
            found[match[1]].append(match[2])
    return Fingerprints(tuple(found["row"]), tuple(found["question"]))


def write_fingerprints(folder: Path, rows: Iterable[str], questions: Iterable[str]) -> None:
    """Write the fingerprints of a training's rows and questions, each once and sorted, into a version folder."""
    lines = [f"row {one}\n" for one in sorted(set(rows))] + [f"question {one}\n" for one in sorted(set(questions))]
    (folder / FINGERPRINTS).write_text("".join(lines), encoding="ascii")
