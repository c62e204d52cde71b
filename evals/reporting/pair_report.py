"""From judged pairs to the figures of a report."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from assistant.errors import InputError
from assistant.judge.decision import decide
from assistant.records import LANGUAGES, Language
from evals.measures.classification import FIGURES, intervals, measure_probabilities
from evals.row_records import MeasuredPair


def at_thresholds(
    rows: Iterable[MeasuredPair],
    thresholds: Mapping[Language, float],
    margins: Mapping[Language, float],
    question: Callable[[MeasuredPair], Hashable | None],
) -> dict[str, dict[str, float]]:
    """By language, what the app would show of these pairs at its own threshold: `threshold`, `accuracy`, `precision`
    and `recall`, None where it shows nothing. Pairs without a probability do not count.

    Rows with the same `question` are candidates of one question and decided together, as the app decides; a row whose
    `question` is None stands by itself.
    """
    judged: dict[str, dict[Hashable, list[tuple[float, bool]]]] = {}
    for number, row in enumerate(rows):
        if row.probability is not None:
            key = question(row)
            group = judged.setdefault(row.language, {}).setdefault(("alone", number) if key is None else key, [])
            group.append((row.probability, row.same))
    found: dict[str, dict[str, float]] = {}
    for language, threshold in thresholds.items():
        same, shown = [], []
        for group in judged.get(language, {}).values():
            group.sort(key=lambda pair: pair[0], reverse=True)
            labels = decide([probability for probability, _ in group], threshold, margins[language])
            same += [label for _, label in group]
            shown += [float(label == "same") for label in labels]
        if same:
            measured = measure_probabilities(same, shown, 0.5)
            found[language] = {"threshold": threshold} | {
                name: getattr(measured, name) for name in ("accuracy", "precision", "recall")
            }
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
