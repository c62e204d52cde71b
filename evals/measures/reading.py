"""Portuguese questions asked of texts: what the reader says, and the figures of it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from assistant.errors import InputError
from assistant.reader.reader import Reader
from evals.data.squad import ReadingQuestion, exact_match, f1
from evals.measures.intervals import mean_interval
from evals.measures.meaning.match import Meaning, semantic_match
from evals.row_records import MeasuredReading

SEED = 20260101


def elsewhere(questions: Sequence[ReadingQuestion]) -> list[str]:
    """For each question a context of another document. Raises `InputError` when there is only one document."""
    chance = random.Random(SEED)
    contexts = []
    for question in questions:
        others = [other.context for other in questions if other.document != question.document]
        if not others:
            raise InputError("All questions are about one document: unanswerable ones need a second.")
        contexts.append(chance.choice(others))
    return contexts


def read_rows(
    reader: Reader,
    questions: Sequence[ReadingQuestion],
    foreign: Sequence[str | None],
    meaning: Meaning,
    numbers: Sequence[int] | None = None,
) -> list[MeasuredReading]:
    """Every question asked of its own text, and of a `foreign` one that does not hold the answer where there is one.

    `numbers` are the rows' numbers in the data; without them they are counted from 0.
    """
    rows = []
    counted = range(len(questions)) if numbers is None else numbers
    for number, question, other in zip(counted, questions, foreign, strict=True):
        reading = reader.read(question.question, question.context)
        said = reading.answer or ""
        foreign_reading = None if other is None else reader.read(question.question, other)
        rows.append(
            MeasuredReading(
                row=number,
                question=question.question,
                context=question.context,
                document=question.document,
                answers=tuple(question.answers),
                prediction=reading.answer,
                confidence=reading.confidence,
                exact_match=exact_match(said, question.answers),
                f1=f1(said, question.answers),
                semantic=semantic_match(question.question, question.answers, reading.answer, meaning),
                elsewhere=None if foreign_reading is None else foreign_reading.answer,
                refused=None if foreign_reading is None else foreign_reading.answer is None,
            )
        )
    return rows


def reading_findings(rows: Iterable[MeasuredReading]) -> dict[str, Any]:
    """`figures`, `intervals` and `by_language` of a `Report`, each in [0, 1]; None where no row defines one.

    `missed` is the share of answerable questions called "not in the text", `refused` that of unanswerable ones: those
    without a gold answer, and all asked of a foreign text. `semantic_match` is over the rows where it could be told.
    Intervals are of documents drawn anew, with all their questions.
    """
    names = ("exact_match", "f1", "semantic_match", "missed", "refused")
    columns: dict[str, list[tuple[float, int]]] = {name: [] for name in names}
    count = 0
    for row in rows:
        count += 1
        given = {"exact_match": row.exact_match, "f1": row.f1, "semantic_match": row.semantic}
        given["missed" if row.answers else "refused"] = row.prediction is None
        for name, value in (*given.items(), ("refused", row.refused)):
            if value is not None:
                columns[name].append((float(value), row.document))
    told = {name: tuple(zip(*values, strict=True)) for name, values in columns.items() if values}
    figures = {name: float(np.mean(told[name][0])) if name in told else None for name in names}
    return {
        "figures": figures,
        "intervals": {name: mean_interval(*values) for name, values in told.items()},
        "by_language": {"pt": figures | {"rows": count}},
        "detail": {},
    }
