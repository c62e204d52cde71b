"""Portuguese questions asked of texts: what the reader says, and the figures of it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from assistant.errors import InputError
from assistant.reader.reader import Reader
from evals.data.squad import ReadingQuestion, exact_match, f1
from evals.measures.intervals import mean_interval
from evals.measures.meaning.match import Meaning, semantic_match

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
    reader: Reader, questions: Sequence[ReadingQuestion], foreign: Sequence[str | None], meaning: Meaning
) -> list[dict[str, Any]]:
    """Every question asked of its own text, and of a `foreign` one that does not hold the answer where there is one.

    `prediction` is None for "not in the text", `elsewhere` what was found in the foreign text, `refused` whether that
    was nothing (None where it was not asked), `semantic` whether
    the prediction means the same as a gold answer (None where that could not be told).
    """
    rows = []
    for question, other in zip(questions, foreign, strict=True):
        reading = reader.read(question.question, question.context)
        said = reading.answer or ""
        foreign_reading = None if other is None else reader.read(question.question, other)
        rows.append(
            {
                "question": question.question,
                "context": question.context,
                "document": question.document,
                "answers": list(question.answers),
                "prediction": reading.answer,
                "confidence": reading.confidence,
                "exact_match": exact_match(said, question.answers),
                "f1": f1(said, question.answers),
                "semantic": semantic_match(question.question, question.answers, reading.answer, meaning),
                "elsewhere": None if foreign_reading is None else foreign_reading.answer,
                "refused": None if foreign_reading is None else foreign_reading.answer is None,
            }
        )
    return rows


def reading_findings(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
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
        given = {"exact_match": row["exact_match"], "f1": row["f1"], "semantic_match": row["semantic"]}
        given["missed" if row["answers"] else "refused"] = row["prediction"] is None
        for name, value in (*given.items(), ("refused", row["refused"])):
            if value is not None:
                columns[name].append((float(value), row["document"]))
    told = {name: tuple(zip(*values, strict=True)) for name, values in columns.items() if values}
    figures = {name: float(np.mean(told[name][0])) if name in told else None for name in names}
    return {
        "figures": figures,
        "intervals": {name: mean_interval(*values) for name, values in told.items()},
        "by_language": {"pt": figures | {"rows": count}},
        "detail": {},
    }
