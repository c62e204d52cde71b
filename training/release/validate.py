"""A fresh adapter on the held-out rows, through the loader and the prompts that the app uses."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.command_line.progress_bars import progress_bar
from assistant.judge.calibration import sigmoid
from assistant.reader.reader import WINDOW, flattened
from assistant.reader.span_reader import SpanReader
from assistant.serving.choose import open_model
from assistant.serving.load import LoadedModel
from assistant.settings import Settings
from evals.data.published import QuestionPair
from evals.data.squad import exact_match, f1
from evals.measures.classification import FIGURES, measure_probabilities
from evals.systems.labels import label_logits
from evals.systems.written_labels import written_labels
from training.data.rows import PairRow, ReadingRow, TrainingRow
from training.data.splits import fingerprint
from training.recipe import Recipe

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
            own = [QuestionPair(r.question1, r.question2, r.same, language) for r in pairs if r.language == language]
            if own:
                figures[language] = pair_figures(recipe, model, own)
        if readings and model.identity.adapter:
            reader = SpanReader(model.generator, model.base.chat, model.identity.adapter)
            predictions = [_read(reader, row) for row in progress_bar(readings, unit="question")]
            figures |= {
                "rows": len(readings),
                "exact_match": _mean([exact_match(p, r.answers) for p, r in zip(predictions, readings, strict=True)]),
                "f1": _mean([f1(p, r.answers) for p, r in zip(predictions, readings, strict=True)]),
            }
        return figures


def pair_figures(recipe: Recipe, model: LoadedModel, pairs: Sequence[QuestionPair]) -> dict[str, Any]:
    """The figures of one language, by the template that the adapter was trained on."""
    if recipe.template == "explanation-first":
        pairs = pairs[:GENERATED]
        scores = written_labels(model, pairs)
    else:
        logits = progress_bar(label_logits(model, pairs), total=len(pairs), unit="pair")
        scores = [None if logit is None else sigmoid(logit) for logit in logits]
    if all(score is None for score in scores):
        # The run is kept all the same: what it cost may be worth a look at its replies.
        return {"rows": len(pairs), "unreadable": len(pairs)}
    found = measure_probabilities([pair.same for pair in pairs], scores)
    figures = {name: getattr(found, name) for name in (*FIGURES, "unreadable", "rows")}
    return figures | {"confusion": [list(counts) for counts in found.confusion]}


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
