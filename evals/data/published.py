"""Readers for the published data sets, from local files in their own formats."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from assistant.errors import InputError
from assistant.records import LANGUAGES, Language
from evals.data.pair_columns import Column, label_of, pair_columns
from evals.data.text_files import csv_rows, open_text


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
    """Quora-style CSV with the columns question1, question2, is_duplicate, and optionally language, where another than
    the given one; columns and labels may have any of the names in `evals.data.pair_columns`.

    Raises `InputError` that names the missing column, or the first row with another value.
    """
    with _open(path) as stream:
        rows = list(csv_rows(stream))
    if rows:
        there = pair_columns(dict.fromkeys(rows[0], "there"))
        written: dict[str, Column] = {"question1": "question1", "question2": "question2", "is_duplicate": "label"}
        for name, column in written.items():
            if there[column] is None:
                raise InputError(f"{path} has no column {name}; it needs question1, question2 and is_duplicate.")
    return [_pair(row, f"Line {number} of {path}", language) for number, row in enumerate(rows, start=2)]


def _pair(row: dict[str, str], place: str, language: Language) -> QuestionPair:
    found = pair_columns(row)
    same = label_of(found["label"])
    if same is None:
        raise InputError(f"{place}: the label is {found['label'] or ''!r}; write 0 or 1.")
    spoken = found["language"] or language
    if spoken not in LANGUAGES:
        raise InputError(f"{place}: language is {spoken!r}; write en or pt.")
    return QuestionPair(found["question1"] or "", found["question2"] or "", same, spoken)


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
    with _open(path) as stream:
        rows = list(csv_rows(stream))
    for name in ("text", "category"):
        if rows and name not in rows[0]:
            raise InputError(f"{path} has no column {name}; it needs text and category.")
    return [Request(row["text"], row["category"]) for row in rows]


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


def _jsonl(path: Path) -> list[dict]:
    with _open(path) as stream:
        return [json.loads(line) for line in stream if line.strip()]


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    try:
        with open_text(path) as stream:
            yield stream
    except FileNotFoundError:
        raise InputError(f"{path} is not there: give the folder that holds it with the --data option.") from None
    except csv.Error as error:
        raise InputError(f"{path} cannot be read: {error}. Save it again as CSV.") from None
