"""A fresh adapter on the held-out rows, through the loader and the prompts that the app uses."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from assistant.judge import readable_logit
from assistant.models import LoadedModel, open_model
from assistant.reader import WINDOW, flattened
from assistant.records import Language
from assistant.settings import Settings
from assistant.spans import SpanReader
from evals.datasets import QuestionPair
from evals.similarity import measure_pairs, replies, written_labels
from evals.squad import exact_match, f1
from training.recipe import Recipe
from training.rows import PairRow, ReadingRow, TrainingRow
from training.splits import fingerprint

# Measuring is for the record; a run over hundreds of thousands of rows does not wait an hour for it.
ROWS = 1_000
# Whole explanations take some hundred times as long as labels.
GENERATED = 100


def validate(recipe: Recipe, adapter: Path, rows: Sequence[TrainingRow], settings: Settings) -> dict[str, Any]:
    """Figures of the adapter in `adapter`, at most `ROWS` rows of each kind; empty where nothing was held out."""
    chosen = settings.model_copy(update={"base_model": recipe.base, "adapter": str(adapter)})
    pairs = [row for row in rows if isinstance(row, PairRow)][:ROWS]
    readings = [row for row in rows if isinstance(row, ReadingRow)][:ROWS]
    with open_model(chosen) as model:
        # Figures of two versions can be compared where this is the same.
        figures: dict[str, Any] = {"heldout": _digest([*pairs, *readings])}
        for language in ("en", "pt"):
            own = [QuestionPair(r.question1, r.question2, r.same) for r in pairs if r.language == language]
            if own:
                figures[language] = pair_figures(recipe, model, own, language)
        if readings and model.identity.adapter:
            reader = SpanReader(model.generator, model.base.chat, model.identity.adapter)
            predictions = [_read(reader, row) for row in tqdm(readings, unit="question")]
            figures |= {
                "rows": len(readings),
                "exact_match": _mean([exact_match(p, r.answers) for p, r in zip(predictions, readings, strict=True)]),
                "f1": _mean([f1(p, r.answers) for p, r in zip(predictions, readings, strict=True)]),
            }
        return figures


def pair_figures(
    recipe: Recipe, model: LoadedModel, pairs: Sequence[QuestionPair], language: Language
) -> dict[str, Any]:
    """The figures of one language, by the template that the adapter was trained on."""
    if recipe.template == "explanation-first":
        pairs = pairs[:GENERATED]
        scores = written_labels(model, pairs)
    else:
        scores = [readable_logit(score) for score in replies(model, pairs, language)]
    if all(score is None for score in scores):
        # The run is kept all the same: what it cost may be worth a look at its replies.
        return {"rows": len(pairs), "unreadable": len(pairs)}
    found = measure_pairs([pair.same for pair in pairs], scores, 0.0)
    return asdict(found) | {"confusion": [list(counts) for counts in found.confusion]}


def _read(reader: SpanReader, row: ReadingRow) -> str:
    text, _ = flattened(row.context, (0, min(len(row.context), WINDOW)))
    place = reader.read(row.question, text)
    return text[slice(*place)] if place else ""


def _digest(rows: Sequence[TrainingRow]) -> str:
    """Names the held-out rows with what is right for each."""
    right = [f"{fingerprint(row)} {row.same if isinstance(row, PairRow) else row.answers}" for row in rows]
    return hashlib.sha256("\n".join(sorted(right)).encode()).hexdigest()[:16]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
