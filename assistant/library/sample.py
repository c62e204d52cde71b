"""The sample library: an invented shop's past answers, for a first look."""

from __future__ import annotations

import json
from pathlib import Path

from assistant.records import Language

FOLDER = Path(__file__).with_name("sample_library")


def sample_path(language: Language) -> Path:
    """The file of one language's sample answers."""
    return FOLDER / f"answers_{language}.jsonl"


def sample_rows(language: Language) -> list[dict]:
    """The sample answers of one language, as the import reads them."""
    with sample_path(language).open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]
