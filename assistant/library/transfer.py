"""Import and export of the library as whole files."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import json
import logging
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO

from assistant.command_line.progress_bars import progress_bar
from assistant.library.library_rows import FIELDS, Format, ReadReport, file_format, read_answers
from assistant.library.sample import sample_path
from assistant.library.sample_vectors import SampleVectors
from assistant.records import LANGUAGES, Answer, ImportReport, Language, Rejected
from assistant.search.embedder import Embedder
from assistant.search.retriever import EMBEDDING_BATCH, embed_answers
from assistant.settings import Settings
from assistant.store.connection import Store
from assistant.whole_file import whole_file

log = logging.getLogger(__name__)

_SAMPLE_MILESTONE = "sample library"


def import_file(
    path: Path,
    store: Store,
    embedder: Embedder,
    settings: Settings,
    *,
    form: Format | None = None,
    language: Language | None = None,
) -> ImportReport:
    """Add the file's answers to the library, all at once or, after a failure, none.

    Valid rows are first written to a temporary file, then their texts are embedded in
    batches that stay (a second run goes on from there), then one transaction makes the
    rows visible. Raises `InputError` when the file as a whole cannot be used.
    """
    path = Path(path)
    return _import([path], store, embedder, settings, form, language, None)


def import_sample(store: Store, embedder: Embedder, settings: Settings | None = None) -> ImportReport | None:
    """Load the sample library into an empty store, once in its life; None when there was nothing to do."""
    if store.answers.reached(_SAMPLE_MILESTONE) or not store.answers.is_empty():
        return None
    files = [sample_path(language) for language in LANGUAGES]
    known = SampleVectors(embedder)
    return _import(files, store, known, settings or Settings(), "jsonl", None, _SAMPLE_MILESTONE)


def export_file(path: Path, store: Store, form: Format | None = None) -> int:
    """Write every answer; the number of rows. The file appears whole or not at all."""
    form = file_format(path, form)
    with whole_file(path) as file:
        return _write_csv(file, store.answers) if form == "csv" else _write_jsonl(file, store.answers)


def _import(
    paths: list[Path],
    store: Store,
    embedder: Embedder,
    settings: Settings,
    form: Format | None,
    language: Language | None,
    milestone: str | None,
) -> ImportReport:
    rejected: list[Rejected] = []
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n") as spool:
        accepted = 0
        for path in paths:
            accepted += _validate(path, spool, store, settings, file_format(path, form), language, rejected)
        if not accepted:
            return ImportReport(0, 0, 0, tuple(rejected))
        _embed(spool, accepted, store, embedder)
        changes = store.answers.upsert(_spooled(spool), milestone=milestone)
    for vectors in (store.answers.vectors, store.answers.answer_vectors):
        vectors.ensure_index(embedder.name, embedder.dimensions)
        vectors.collect_unused()
    log.info(
        "import: %d added, %d changed, %d unchanged, %d rejected",
        changes.added,
        changes.changed,
        changes.unchanged,
        len(rejected),
    )
    return ImportReport(changes.added, changes.changed, changes.unchanged, tuple(rejected))


def _validate(
    path: Path,
    spool: IO[str],
    store: Store,
    settings: Settings,
    form: Format,
    language: Language | None,
    rejected: list[Rejected],
) -> int:
    """Write the file's usable answers, as they will be stored, to the spool; their number."""
    report = ReadReport()
    accepted = 0
    with progress_bar(total=path.stat().st_size, desc="Reading", unit="B", unit_scale=True) as bar:
        for row in read_answers(path, form, settings, language, report):
            if isinstance(row, Rejected):
                rejected.append(row)
            else:
                spool.write(_json(store.answers.prepared(row)) + "\n")
                accepted += 1
            bar.update(report.bytes_read - bar.n)
    if report.unknown_columns:
        log.warning("columns that are not used: %s (known: %s)", ", ".join(report.unknown_columns), ", ".join(FIELDS))
    return accepted


def _embed(spool: IO[str], accepted: int, store: Store, embedder: Embedder) -> None:
    answers = _spooled(spool)
    with progress_bar(total=accepted, desc="Embedding", unit="row") as bar:
        while batch := list(islice(answers, EMBEDDING_BATCH)):
            embed_answers(store, embedder, batch)
            bar.update(len(batch))


def _spooled(spool: IO[str]) -> Iterator[Answer]:
    spool.seek(0)
    for line in spool:
        yield _from_json(line)


def _json(answer: Answer) -> str:
    return json.dumps(_row(answer), ensure_ascii=False)


def _row(answer: Answer) -> dict:
    row = dataclasses.asdict(answer)
    row["date"] = answer.date.isoformat() if answer.date else None
    return row


def _from_json(line: str) -> Answer:
    row = json.loads(line)
    row["tags"], row["phrasings"] = tuple(row["tags"]), tuple(row["phrasings"])
    row["date"] = dt.date.fromisoformat(row["date"]) if row["date"] else None
    return Answer(**row)


def _write_jsonl(file: IO[str], answers: Iterable[Answer]) -> int:
    count = 0
    for answer in answers:
        file.write(_json(answer) + "\n")
        count += 1
    return count


def _write_csv(file: IO[str], answers: Iterable[Answer]) -> int:
    writer = csv.DictWriter(file, FIELDS)
    writer.writeheader()
    count = 0
    for answer in answers:
        count += 1
        row = _row(answer)
        writer.writerow(row | {"tags": "; ".join(answer.tags), "phrasings": "\n".join(answer.phrasings)})
    return count
