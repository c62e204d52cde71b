"""Mean and spread over seeds, worked by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import InputError
from evals.reporting.report import Report, write_report
from evals.spread import main, spread
from tests.support.commands import ran

REPORT = Report(
    task="question-similarity",
    system="cross-encoder",
    model={},
    data={"name": "qqp/dev.csv", "sha256": "a" * 64, "rows": 4, "languages": {"en": 4}},
    leaks={},
    threshold=0.5,
    figures={"accuracy": 0.8, "roc_auc": None},
)


def seeds(*accuracies: float) -> list[Report]:
    return [replace(REPORT, figures={"accuracy": value, "roc_auc": None}) for value in accuracies]


def test_the_spread_is_a_samples_standard_deviation() -> None:
    # Deviations -0.02, 0, 0.02 from the mean: sqrt((0.0004 + 0 + 0.0004) / 2).
    assert spread(seeds(0.80, 0.82, 0.84)) == {"accuracy": (pytest.approx(0.82), pytest.approx(0.02))}


def test_reports_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(InputError, match="give those of several seeds"):
        spread(seeds(0.8))
    with pytest.raises(InputError, match="different systems or rows"):
        spread([REPORT, replace(REPORT, system="tfidf")])
    with pytest.raises(InputError, match="different systems or rows"):
        spread([REPORT, replace(REPORT, data=REPORT.data | {"sha256": "b" * 64})])


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for number, report in enumerate(seeds(0.7, 0.9)):
        write_report(tmp_path / str(number), report, [])
    code, out, _ = ran(main, capsys, [str(tmp_path / "0"), str(tmp_path / "1")])
    assert code == 0 and out.splitlines() == [
        "cross-encoder on qqp/dev.csv, 2 reports",
        "accuracy           0.800 ± 0.141",
    ]
    code, _, complaint = ran(main, capsys, [str(tmp_path / "0"), str(tmp_path / "2")])
    assert code == 2 and "evals.run" in complaint
