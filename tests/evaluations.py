"""Reports as runs leave them, made of invented rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from evals.classification import intervals, measure_probabilities
from evals.reporting.report import Report, write_report

PAIRS = 240
READINGS = 60

# Few enough to work out by hand.
HAND = [
    {"row": 0, "same": True, "language": "en", "probability": 0.9},
    {"row": 1, "same": False, "language": "en", "probability": 0.8},
    {"row": 2, "same": True, "language": "pt", "probability": 0.1},
    {"row": 3, "same": False, "language": "pt", "probability": 0.5},
    {"row": 4, "same": True, "language": "en", "probability": None},
    {"row": 5, "same": False, "language": "en", "probability": 0.2},
]


def pair_rows(seed: int, skill: float, count: int = PAIRS, texts: bool = True) -> list[dict[str, Any]]:
    """Pairs of both languages and both classes; the truth does not depend on `seed`. Every fiftieth is unreadable."""
    truth, noise = np.random.default_rng(7), np.random.default_rng(seed)
    rows = []
    for number in range(count):
        same = bool(truth.random() < 0.4)
        score = (skill if same else -skill) + noise.normal()
        row: dict[str, Any] = {
            "row": number,
            "same": same,
            "language": "pt" if number % 3 == 0 else "en",
            "probability": None if number % 50 == 49 else round(float(1 / (1 + np.exp(-2 * score))), 4),
        }
        if texts:
            row |= {"question1": f"How do I cancel order {number}?", "question2": f"Can I stop delivery {number + 1}?"}
        rows.append(row)
    return rows


def pair_report(rows: list[dict[str, Any]], **changes: Any) -> Report:
    """The report of these pairs, with the figures that they have."""

    def figures(chosen: list[dict[str, Any]]) -> dict[str, float | None]:
        found = measure_probabilities([row["same"] for row in chosen], [row["probability"] for row in chosen])
        names = ("accuracy", "precision", "recall", "f1", "roc_auc", "average_precision", "brier", "ece")
        return {name: getattr(found, name) for name in names}

    by_language = {name: [row for row in rows if row["language"] == name] for name in ("en", "pt")}
    same, probabilities = [row["same"] for row in rows], [row["probability"] for row in rows]
    found = measure_probabilities(same, probabilities)
    report = Report(
        task="question-similarity",
        system="judge",
        model={"version": "a" * 64, "name": "pairs-small", "base": "gemma-3-270m", "device": "cpu"},
        data={
            "name": "sample pairs",
            "sha256": "d" * 64,
            "rows": len(rows),
            "languages": {name: len(chosen) for name, chosen in by_language.items()},
        },
        leaks={"allowed": False, "rows": [], "dropped": [3, 5]},
        threshold=0.5,
        figures=figures(rows),
        intervals=intervals(same, probabilities, resamples=50),
        by_language={name: figures(chosen) for name, chosen in by_language.items()},
        detail={"classes": found.classes, "confusion": found.confusion},
        cost={"seconds": 61.2, "pairs_per_second": 3.92},
        created="2026-11-20T10:00:00+00:00",
        commit="c" * 40,
        packages={"torch": "2.13.0"},
        hardware={"device": "cpu"},
    )
    return replace(report, **changes)


def reading_rows() -> list[dict[str, Any]]:
    """In turn: right, partly right, wrong, missed, rightly not in the text."""
    kinds = (("trinta dias", 1, 1.0), ("trinta", 0, 0.67), ("o boleto", 0, 0.0), (None, 0, 0.0), (None, 1, 1.0))
    return [
        {
            "row": number,
            "question": f"Qual é o prazo do pedido {number}?",
            "context": "O prazo para pedir o reembolso é de trinta dias após a entrega.",
            "answers": [] if number % 5 == 4 else ["trinta dias"],
            "prediction": kinds[number % 5][0],
            "exact_match": kinds[number % 5][1],
            "f1": kinds[number % 5][2],
            "elsewhere": "dez dias" if number == 5 else None,
            "refused": number != 5,
        }
        for number in range(READINGS)
    ]


def reading_report() -> Report:
    return Report(
        task="portuguese-qa",
        system="reader",
        model={"version": "b" * 64, "name": "reading-small", "base": "gemma-3-270m"},
        data={"name": "sample texts", "sha256": "e" * 64, "rows": READINGS, "languages": {"pt": READINGS}},
        leaks={"allowed": False, "rows": [], "dropped": []},
        threshold=0.5,
        figures={"exact_match": 0.4, "f1": 0.534},
        intervals={"exact_match": (0.28, 0.53), "f1": (0.42, 0.65)},
        by_language={"pt": {"exact_match": 0.4, "f1": 0.534}},
        created="2026-11-19T10:00:00+00:00",
    )


def write_samples(folder: Path, version: str = "a" * 64) -> None:
    """A judge's report of `version`, a weaker baseline's, a leaky one's without texts, and a reading's."""
    good, weak, leaky = pair_rows(1, 0.9), pair_rows(2, 0.5), pair_rows(3, 1.6, texts=False)
    judged = pair_report(good)
    write_report(folder / "judge", replace(judged, model=judged.model | {"version": version}), good)
    (folder / "judge" / "report.html").write_text("<!doctype html><title>Report</title>", encoding="utf-8")
    write_report(folder / "cosine", pair_report(weak, system="embedding cosine", model={}), weak)
    leaks = {"allowed": True, "rows": [1, 2, 8], "dropped": []}
    write_report(
        folder / "leaky",
        pair_report(leaky, system="adapter", leaks=leaks, created="2026-11-18T10:00:00+00:00"),
        leaky,
    )
    write_report(folder / "reading", reading_report(), reading_rows())
