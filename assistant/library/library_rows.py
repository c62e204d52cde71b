"""Rows of a CSV or JSONL file as answers, checked one by one; memory does not grow with the file."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from assistant.errors import InputError
from assistant.records import LANGUAGES, Answer, Language, Rejected
from assistant.settings import Settings
from assistant.store.stored_text import text_digest
from assistant.text.language import detect

Format = Literal["csv", "jsonl"]
FORMATS: tuple[Format, ...] = ("csv", "jsonl")
FIELDS = ("id", "question", "answer", "language", "tags", "author", "date", "phrasings")
MOST_TAGS = 50
MOST_PHRASINGS = 200
_SHORT = 200
_LONGEST_LINE = 1_000_000


class _RowError(Exception):
    """Why one row cannot be used."""


@dataclass(slots=True)
class ReadReport:
    """Filled while the rows are read."""

    unknown_columns: tuple[str, ...] = ()
    bytes_read: int = 0


def file_format(path: Path, chosen: Format | None = None) -> Format:
    """The format asked for, or the one the name ends in; `InputError` when neither tells."""
    if chosen:
        return chosen
    ending = path.suffix.lower().lstrip(".")
    if ending in FORMATS:
        return ending
    raise InputError(f"{path.name} ends neither in .csv nor in .jsonl; say which it is with --format csv or jsonl.")


def read_answers(
    path: Path, form: Format, settings: Settings, language: Language | None, report: ReadReport
) -> Iterator[Answer | Rejected]:
    """Each row of the file as an `Answer`, or as `Rejected` with its line.

    Raises `InputError` when the file as a whole cannot be used: too large, too many
    rows, not UTF-8, not CSV, or without the columns question and answer.
    """
    size = path.stat().st_size
    if size > settings.max_import_bytes:
        raise InputError(
            f"{path.name} has {size:,} bytes; the limit is {settings.max_import_bytes:,}. Split it, or raise "
            "RESPOSTA_MAX_IMPORT_BYTES."
        )
    _refuse_binary(path)
    seen: set[bytes] = set()
    with path.open("rb") as file:
        rows = (_csv_rows if form == "csv" else _jsonl_rows)(_lines(file, path.name, report), path.name, report)
        for number, (line, row) in enumerate(rows, 1):
            if number > settings.max_import_rows:
                raise InputError(
                    f"{path.name} has more than {settings.max_import_rows:,} rows. Split it, or raise "
                    "RESPOSTA_MAX_IMPORT_ROWS."
                )
            try:
                answer = _answer(row, settings, language)
                key = text_digest(answer.id).encode()[:24]
                if key in seen:
                    raise _RowError(f"the id {answer.id!r} stands in the file already")
                seen.add(key)
            except _RowError as error:
                yield Rejected(line, str(error))
            else:
                yield answer


def _refuse_binary(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(8192)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(f"{path.name} is UTF-16; save it as UTF-8 (in a spreadsheet: 'CSV UTF-8').")
    if b"\0" in head:
        raise InputError(f"{path.name} is binary, not text; export it as CSV (UTF-8) or JSONL.")


def _lines(file: IO[bytes], name: str, report: ReadReport) -> Iterator[tuple[int, str]]:
    """Numbered lines, decoded."""
    number = 0
    while raw := file.readline(_LONGEST_LINE + 1):
        number += 1
        report.bytes_read += len(raw)
        if len(raw) > _LONGEST_LINE and not raw.endswith(b"\n"):
            raise InputError(
                f"Line {number} of {name} has over {_LONGEST_LINE:,} bytes; is a quote or line end missing?"
            )
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        try:
            yield number, raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"Line {number} of {name} is not UTF-8; save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')."
            ) from error


def _jsonl_rows(lines: Iterator[tuple[int, str]], name: str, report: ReadReport) -> Iterator[tuple[int, dict]]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = {"_problem": "not a JSON object on one line"}
        if not isinstance(row, dict):
            row = {"_problem": "not a JSON object"}
        unknown = [key for key in row if key not in FIELDS and key != "_problem" and key not in report.unknown_columns]
        # Bounded, because a hostile file could name a new column in each row.
        report.unknown_columns = (*report.unknown_columns, *unknown)[:20]
        yield number, row


def _csv_rows(lines: Iterator[tuple[int, str]], name: str, report: ReadReport) -> Iterator[tuple[int, dict]]:
    csv.field_size_limit(_LONGEST_LINE)
    first = next(lines, None)
    if first is None:
        raise InputError(f"{name} is empty; its first line must name the columns, at least question and answer.")
    # Spreadsheets write semicolons where the comma is the decimal mark, as in Brazil.
    delimiter = max(",;\t", key=first[1].count)

    def texts() -> Iterator[str]:
        yield first[1]
        for _, text in lines:
            yield text

    reader = csv.reader(texts(), delimiter=delimiter, strict=True)
    try:
        columns = [column.strip().casefold() for column in next(reader)]
        if not {"question", "answer"} <= set(columns):
            raise InputError(f"The first line of {name} must name the columns, at least question and answer.")
        report.unknown_columns = tuple(column for column in columns if column not in FIELDS)[:20]
        start = reader.line_num + 1
        for cells in reader:
            line, start = start, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(columns):
                yield line, {"_problem": f"{len(cells)} cells where the first line names {len(columns)} columns"}
                continue
            yield line, dict(zip(columns, cells, strict=True))
    except csv.Error as error:
        raise InputError(f"Line {reader.line_num} of {name} is not valid CSV ({error}); is a quote missing?") from error


def _answer(row: dict, settings: Settings, language: Language | None) -> Answer:
    if "_problem" in row:
        raise _RowError(row["_problem"])
    question = _text(row, "question", settings.max_question_chars, required=True)
    answer = _text(row, "answer", settings.max_context_chars, required=True, many_lines=True)
    phrasings = _list(row, "phrasings", MOST_PHRASINGS, settings.max_question_chars, "\n")
    tags = _list(row, "tags", MOST_TAGS, _SHORT, ";")
    spoken = _text(row, "language", _SHORT).lower() or language or detect(f"{question}\n{answer}")
    if spoken not in LANGUAGES:
        raise _RowError(f"the language {spoken!r} is unknown; use {' or '.join(LANGUAGES)}")
    identity = _text(row, "id", _SHORT) or "sha-" + text_digest(f"{spoken}\0{question}\0{answer}")[:32]
    return Answer(identity, question, answer, spoken, tags, _text(row, "author", _SHORT), _date(row), phrasings)


def _text(row: dict, field: str, most: int, required: bool = False, many_lines: bool = False) -> str:
    value = row.get(field)
    if value is None:
        value = ""
    if isinstance(value, int) and not isinstance(value, bool) and field == "id":
        value = str(value)
    if not isinstance(value, str):
        raise _RowError(f"{field} is not text")
    return _checked(value, field, most, required, many_lines or field == "question")


def _checked(value: str, field: str, most: int, required: bool = False, many_lines: bool = False) -> str:
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > most:
        raise _RowError(f"{field} has {len(text):,} characters; the limit is {most:,}")
    allowed = "\n\t" if many_lines else "\t"
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in allowed for character in text):
        raise _RowError(f"{field} holds control characters")
    if required and not any(character.isalnum() for character in text):
        raise _RowError(f"{field} is missing" if not text else f"{field} holds no word")
    return unicodedata.normalize("NFC", text)


def _list(row: dict, field: str, most: int, longest: int, separator: str) -> tuple[str, ...]:
    value = row.get(field)
    if value is None:
        return ()
    items = value.split(separator) if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise _RowError(f"{field} is not a list of texts")
    checked = (_checked(item, field, longest, many_lines=True) for item in items)
    found = tuple(dict.fromkeys(text for text in checked if text))
    if len(found) > most:
        raise _RowError(f"{field} holds {len(found)} items; the limit is {most}")
    return found


def _date(row: dict) -> dt.date | None:
    text = _text(row, "date", _SHORT)
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise _RowError(f"the date {text!r} is not like 2026-03-31") from None
