"""From judged pairs to the figures of a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from assistant.errors import InputError
from assistant.records import LANGUAGES
from evals.measures.classification import FIGURES, intervals, measure_probabilities
from evals.rows import MeasuredPair


def at_thresholds(rows: Iterable[MeasuredPair], thresholds: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """By language, what the app's own threshold does to these pairs: `threshold`, `accuracy`, `precision` and `recall`
    of what it shows, None where it shows nothing."""
    judged = [(row.same, row.probability, row.language) for row in rows]
    found = {}
    for language, threshold in thresholds.items():
        own = [(same, probability) for same, probability, of in judged if of == language and probability is not None]
        if own:
            measured = measure_probabilities([same for same, _ in own], [value for _, value in own], threshold)
            shown = {name: getattr(measured, name) for name in ("accuracy", "precision", "recall")}
            found[language] = {"threshold": threshold} | shown
    return found


def pair_findings(rows: Iterable[MeasuredPair], threshold: float) -> dict[str, Any]:
    """`figures`, `intervals`, `by_language` and `detail` of a `Report`. Only truths and probabilities are held.

    Raises `InputError` when no reply could be read.
    """
    judged = [(row.same, row.probability, row.language) for row in rows]
    same = [label for label, _, _ in judged]
    probabilities = [probability for _, probability, _ in judged]
    found = asdict(measure_probabilities(same, probabilities, threshold))
    by_language, of_language = {}, {}
    for language in LANGUAGES:
        own = [(label, probability) for label, probability, of in judged if of == language]
        if not own:
            continue
        try:
            labels, values = [label for label, _ in own], [value for _, value in own]
            measured = asdict(measure_probabilities(labels, values, threshold))
            of_language[language] = intervals(labels, values, threshold)
        except InputError:
            # Not one readable reply in this language, while the others can be measured.
            measured = dict.fromkeys(FIGURES)
        by_language[language] = {name: measured[name] for name in FIGURES} | {
            "rows": len(own),
            "unreadable": sum(probability is None for _, probability in own),
        }
    return {
        "figures": {name: found[name] for name in (*FIGURES, "unreadable")},
        "intervals": intervals(same, probabilities, threshold),
        "by_language": by_language,
        "detail": {
            "classes": found["classes"],
            "confusion": found["confusion"],
            "intervals_by_language": of_language,
        },
    }
