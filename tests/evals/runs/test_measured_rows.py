"""An interrupted run goes on with the rows that it has measured, and with no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import BusyError, InputError
from evals.row_records import MeasuredPair
from evals.runs.measured_rows import ResumableRows

IDENTITY = {"system": "x", "commit": "abc"}
PAIRS = [
    MeasuredPair(row=0, question1="Cadê?", question2="Onde?", same=True, language="pt", probability=0.5),
    *(MeasuredPair(row=number, same=False, language="en", probability=None) for number in (1, 2, 3)),
]
# As runs have written it since the first release.
STORED = (
    '{"system": "x", "commit": "abc"}\n'
    '{"rows": [{"row": 0, "question1": "Cadê?", "question2": "Onde?", "same": true, "language": "pt", '
    '"probability": 0.5}, {"row": 1, "same": false, "language": "en", "probability": null}], "seconds": 0.5}\n'
    '{"rows": [{"row": 2, "same": false, "language": "en", "probability": null}], "seconds": 0.25}\n'
).encode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(STORED)
    return path


def test_the_file_is_the_one_that_earlier_runs_wrote(tmp_path: Path) -> None:
    with ResumableRows(tmp_path / "new", IDENTITY, MeasuredPair) as rows:
        rows.add(PAIRS[:2], 0.5)
        rows.add(PAIRS[2:3], 0.25)
    assert (tmp_path / "new" / "rows.jsonl").read_bytes() == STORED


def test_rows_are_kept_through_a_kill(file: Path) -> None:
    file.write_bytes(STORED + b'{"rows": [{"row": 3')
    with ResumableRows(file.parent, IDENTITY, MeasuredPair) as rows:
        assert (rows.count, rows.seconds) == (3, 0.75)
        rows.add(PAIRS[3:], 0.25)
        assert list(rows) == PAIRS
    with ResumableRows(file.parent, IDENTITY, MeasuredPair) as rows:
        assert (rows.count, rows.seconds) == (4, 1.0)


def test_a_kill_in_the_first_line_begins_anew(file: Path) -> None:
    file.write_bytes(STORED[:10])
    with ResumableRows(file.parent, IDENTITY, MeasuredPair) as rows:
        assert list(rows) == []
    assert file.read_bytes() == STORED[: STORED.index(b"\n") + 1]


def test_another_commit_measures_anew_and_another_evaluation_is_refused(file: Path) -> None:
    with pytest.raises(InputError, match="holds another evaluation"):
        ResumableRows(file.parent, {"system": "y", "commit": "abc"}, MeasuredPair)
    assert file.read_bytes() == STORED
    with ResumableRows(file.parent, {"system": "x", "commit": "def"}, MeasuredPair) as rows:
        assert (rows.count, rows.seconds, list(rows)) == (0, 0.0, [])
        rows.add(PAIRS[:1], 1.0)
    with ResumableRows(file.parent, {"system": "x", "commit": "def"}, MeasuredPair) as rows:
        assert list(rows) == PAIRS[:1]


def test_a_second_run_in_the_same_folder_is_told_to_wait(file: Path) -> None:
    with (
        ResumableRows(file.parent, IDENTITY, MeasuredPair),
        pytest.raises(BusyError, match="wait for it, or give another --out"),
    ):
        ResumableRows(file.parent, IDENTITY, MeasuredPair)
    ResumableRows(file.parent, IDENTITY, MeasuredPair).__exit__(None, None, None)
