"""Local files of training rows: CSV, JSON lines, and SQuAD's JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from assistant.errors import InputError
from evals.data.text_files import csv_rows, open_text


def read_rows(path: Path) -> Iterator[Any]:
    """What the lines or entries of a file hold, unchecked: whatever its JSON says.

    Raises `InputError` when the file is missing or not in its format.
    """
    try:
        with open_text(path) as stream:
            if path.suffix == ".csv":
                yield from csv_rows(stream)
            elif path.suffix == ".jsonl":
                yield from _lines(stream)
            elif path.suffix == ".json":
                yield from _squad(json.load(stream))
            else:
                raise InputError(f"{path.name}: training rows come as .csv, .jsonl or SQuAD's .json. Convert it first.")
    except FileNotFoundError:
        raise InputError(f"{path} is not there: correct data.root or the recipe's file.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}. Correct data.root or the recipe's file.") from None
    except (ValueError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}. Save it again as UTF-8 text.") from None


def _lines(stream: Iterable[str]) -> Iterator[Any]:
    for number, line in enumerate(stream, 1):
        if line.strip():
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"line {number} is not JSON ({error.msg})") from None


def _squad(content: Any) -> Iterator[dict[str, Any]]:
    """The questions of a SQuAD file. One without context or answers is a row without them."""
    for document in _objects(content, "data"):
        for paragraph in _objects(document, "paragraphs"):
            for question in _objects(paragraph, "qas"):
                given = question.get("answers")
                answers = given if isinstance(given, list) else ()
                yield {
                    "context": paragraph.get("context"),
                    "question": question.get("question"),
                    "answers": {"text": [answer.get("text") for answer in answers if isinstance(answer, dict)]},
                    "title": document.get("title", ""),
                }


def _objects(parent: Any, key: str) -> list[dict[str, Any]]:
    found = parent.get(key) if isinstance(parent, dict) else None
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise ValueError(f'"{key}" is no list of objects, so this is not SQuAD\'s format')
    return found
