"""A report is read as it was written, and its page says what it must."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import InputError
from evals.compare import main as compare_main
from evals.measures.reading import reading_findings
from evals.reporting.comparison import compare, differences, named, table
from evals.reporting.pair_report import pair_findings
from evals.reporting.report import Report, found_reports, read_report, write_report
from evals.reporting.report_page import write_page
from evals.row_records import MeasuredPair, MeasuredReading

SAID = [0.9, 0.8, 0.35, 0.2, 0.1, 0.6, None, 0.7]
SAME = [True, True, True, False, False, False, True, True]


def rows(said: list[float | None] = SAID) -> list[MeasuredPair]:
    return [
        MeasuredPair(
            row=number,
            question1=f"<script>alert({number})</script> & co?",
            question2="Onde está?",
            same=same,
            language="pt" if number % 2 else "en",
            probability=p,
        )
        for number, (same, p) in enumerate(zip(SAME, said, strict=True))
    ]


def pair_report(said: list[float | None] = SAID, **changes) -> Report:
    facts = {
        "task": "question-similarity",
        "system": "judge",
        "model": {"version": "ab" * 32, "name": "judge-1"},
        "data": {"name": "qqp/dev.csv", "sha256": "c" * 64, "rows": 8, "measured": 8, "languages": {"en": 4, "pt": 4}},
        "leaks": {"allowed": False, "rows": [], "dropped": []},
        "threshold": 0.5,
        "created": "2026-05-01T12:00:00+00:00",
        "cost": {"single_row_seconds": 0.1, "peak_memory_bytes": 2**30},
    }
    return Report(**(facts | pair_findings(rows(said), 0.5) | changes))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    report = pair_report()
    write_report(tmp_path / "one", report, rows())
    again, found = read_report(tmp_path / "one")
    assert found == rows()
    assert (again.figures, again.model, again.detail["confusion"]) == (report.figures, report.model, [[2, 1], [1, 3]])
    stored = json.loads((tmp_path / "one" / "report.json").read_text())
    # Programs find the figures at the top level.
    assert stored["accuracy"] == report.figures["accuracy"] == pytest.approx(5 / 7)
    assert stored["roc_auc"] == report.figures["roc_auc"] and stored["unreadable"] == 1
    assert list(found_reports(tmp_path)) == [tmp_path / "one"]
    with pytest.raises(InputError, match="is not there: make it with"):
        read_report(tmp_path / "two")
    (tmp_path / "report.json").write_text('{"schema": 1, "task"')
    with pytest.raises(InputError, match="is no report"):
        read_report(tmp_path)


def test_figures_by_language() -> None:
    found = pair_findings(rows(), 0.5)
    assert found["by_language"]["en"]["rows"] == found["by_language"]["pt"]["rows"] == 4
    # English: rows 0, 2, 4 can be read, and 2 was missed.
    assert found["by_language"]["en"]["accuracy"] == pytest.approx(2 / 3)
    assert found["by_language"]["pt"]["accuracy"] == pytest.approx(3 / 4)
    one_language_unreadable = [None if number % 2 else p for number, p in enumerate(SAID)]
    assert pair_findings(rows(one_language_unreadable), 0.5)["by_language"]["pt"]["accuracy"] is None


def test_the_page_shows_texts_as_text_and_every_leak(tmp_path: Path) -> None:
    write_page(tmp_path, pair_report(), rows())
    page = (tmp_path / "report.html").read_text()
    assert "<script>" not in page and "&lt;script&gt;alert(2)&lt;/script&gt;" in page
    assert "http://" not in page and "https://" not in page and page.count("data:image/png") == 3
    assert "spite of leaks" not in page
    leaked = pair_report(leaks={"allowed": True, "rows": [1, 2], "dropped": []})
    assert leaked.is_branded and named(leaked).endswith("(LEAKS)")
    write_page(tmp_path, leaked, rows())
    assert (tmp_path / "report.html").read_text().count("Measured in spite of leaks: 2 of these rows") == 3
    for picture in ("confusion.png", "curves.png", "reliability.png"):
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")


def test_readings_by_hand() -> None:
    right = MeasuredReading(
        row=0,
        document=0,
        answers=("Olinda",),
        prediction="Olinda",
        confidence=0.9,
        exact_match=1.0,
        f1=1.0,
        semantic=True,
        refused=True,
    )
    wrong = replace(right, exact_match=0.0, f1=0.5, semantic=None, refused=False)
    missed = replace(wrong, f1=0.0, prediction=None, semantic=False, refused=None)
    rightly_refused = replace(right, document=1, answers=(), prediction=None, refused=None)
    found = reading_findings([right, wrong, missed, rightly_refused])
    figures = found["figures"]
    assert (figures["exact_match"], figures["f1"]) == (0.5, 0.625)
    assert figures["missed"] == pytest.approx(1 / 3)
    assert figures["refused"] == pytest.approx(2 / 3)
    assert figures["semantic_match"] == pytest.approx(2 / 3)
    low, high = found["intervals"]["f1"]
    assert low <= 0.625 <= high


def test_two_reports_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    worse = [0.1, 0.2, 0.3, 0.6, 0.1, 0.6, 0.6, 0.7]
    write_report(tmp_path / "a", pair_report(), rows())
    write_report(tmp_path / "b", pair_report(worse, system="adapter"), rows(worse))
    found = compare(read_report(tmp_path / "a"), read_report(tmp_path / "b"))
    # The first alone has rows 0, 1 and 3 right, the second alone row 6, which the first could not read.
    assert (found.only_first, found.only_second, found.rows) == (3, 1, 8)
    assert found.gain == pytest.approx(-2 / 8) and found.low < found.gain < found.high
    assert found.p_value == pytest.approx(10 / 16)
    assert differences(read_report(tmp_path / "a"), read_report(tmp_path / "b"), ["right"]) == {
        "right": (found.gain, found.low, found.high)
    }
    assert len(table([pair_report()])) == 2
    head, slow, quick = table([pair_report(), pair_report(cost={"rows_per_second": 3247.41})])
    assert head.endswith("rows per second") and slow.endswith(" –") and quick.endswith(" 3,247.4")
    assert compare_main([str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(tmp_path / "out")]) == 0
    assert "adapter abababababab less judge abababababab: accuracy -0.250" in capsys.readouterr().out
    assert (tmp_path / "out" / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "out" / "comparison.json").read_text())["differences"][0]["only_first"] == 3
    other = pair_report(data=pair_report().data | {"sha256": "d" * 64})
    write_report(tmp_path / "c", other, rows())
    assert compare_main([str(tmp_path / "a"), str(tmp_path / "c")]) == 2
    assert "are on other rows" in capsys.readouterr().err
