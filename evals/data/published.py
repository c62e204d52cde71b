"""Readers for the published data sets, from local files in their own formats."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from assistant.errors import InputError
from assistant.records import LANGUAGES, Language


@dataclass(frozen=True, slots=True)
class QuestionPair:
    """Two questions and whether they ask the same. `answer` is the second one's, where it is known."""

    question1: str
    question2: str
    same: bool
    language: Language = "en"
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Faq:
    """A question with its answer. Entries with equal answers count as one target."""

    id: int
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Query:
    """A rewording and the FAQ it rewords."""

    text: str
    faq_id: int


def load_pairs(path: Path, language: Language = "en") -> list[QuestionPair]:
    """Quora-style CSV with the columns question1, question2, is_duplicate (0 or 1), and optionally language, where
    another than the given one. Raises `InputError` that names the first row with another value."""
    rows = _table(path, "question1", "question2", "is_duplicate")
    for number, row in enumerate(rows, start=2):
        if row["is_duplicate"] not in ("0", "1"):
            raise InputError(f"Line {number} of {path}: is_duplicate is {row['is_duplicate']!r}; write 0 or 1.")
        if row.get("language", language) not in LANGUAGES:
            raise InputError(f"Line {number} of {path}: language is {row['language']!r}; write en or pt.")
    known: dict[str, Language] = {name: name for name in LANGUAGES}
    return [
        QuestionPair(
            row["question1"], row["question2"], row["is_duplicate"] == "1", known[row.get("language", language)]
        )
        for row in rows
    ]


def load_faqs(folder: Path) -> list[Faq]:
    """AIA-BDE's faqs.jsonl: Portuguese public-service questions with answers."""
    return [Faq(row["faq_id"], row["question"], row["answer"]) for row in _jsonl(folder / "faqs.jsonl")]


def load_queries(folder: Path) -> list[Query]:
    """AIA-BDE's queries_dev.jsonl: people's rewordings of its FAQs."""
    return [Query(row["query"], row["faq_id"]) for row in _jsonl(folder / "queries_dev.jsonl")]


def load_unanswerable(folder: Path) -> list[str]:
    """AIA-BDE's no_match_dev.jsonl: queries without an answer."""
    return [row["query"] for row in _jsonl(folder / "no_match_dev.jsonl")]


def is_for_training(faq_id: int) -> bool:
    """Three of four even-numbered FAQs of AIA-BDE train adapters."""
    return faq_id % 2 == 0 and not is_for_fitting(faq_id)


def is_for_fitting(faq_id: int) -> bool:
    """Every eighth FAQ of AIA-BDE fits the calibration; those with odd numbers measure both."""
    return faq_id % 8 == 6


@dataclass(frozen=True, slots=True)
class Request:
    """What a customer wrote, and the name of what was wanted."""

    text: str
    intent: str


def load_requests(path: Path) -> list[Request]:
    """Banking77's CSV with the columns text and category. Raises `InputError` when one is missing."""
    return [Request(row["text"], row["category"]) for row in _table(path, "text", "category")]


def intent_is_for_training(intent: str) -> bool:
    """About three of four intents train adapters; requests with the others fit the calibration."""
    return hashlib.sha256(intent.encode()).digest()[0] % 4 != 0


@dataclass(frozen=True, slots=True)
class Wording:
    """A customer's wording and the id of the past answer it wants; None when there is none."""

    query: str
    language: Language
    answer_id: str | None


def load_wordings(path: Path) -> list[Wording]:
    """JSONL with query, language, answer_id (null for none)."""
    return [Wording(row["query"], row["language"], row["answer_id"]) for row in _jsonl(path)]


def _table(path: Path, *columns: str) -> list[dict[str, str]]:
    """The rows of a CSV file. Raises `InputError` when a column is missing."""
    with _open(path) as stream:
        rows = list(csv.DictReader(stream))
    for name in columns:
        if rows and name not in rows[0]:
            needed = f"{', '.join(columns[:-1])} and {columns[-1]}"
            raise InputError(f"{path} has no column {name}; it needs {needed}.")
    return rows


def _jsonl(path: Path) -> list[dict]:
    with _open(path) as stream:
        return [json.loads(line) for line in stream if line.strip()]


def _open(path: Path) -> TextIO:
    try:
        return path.open(encoding="utf-8", newline="")
    except FileNotFoundError:
        raise InputError(f"{path} is not there: give the folder that holds it with the --data option.") from None
