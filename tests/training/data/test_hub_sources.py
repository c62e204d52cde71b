"""Rows from the Hub, through its own library and without a network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.errors import InputError
from training.data.rows import PairRow, TrainingRow
from training.data.sources import SourceReport, load
from training.recipe import Data, Source


def from_hub(source: Source) -> tuple[list[TrainingRow], SourceReport]:
    report = SourceReport()
    return load([source], Data(sources=[source]), report), report


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The state that HF_HUB_OFFLINE=1 sets when the libraries are imported; a cache of the test's own."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


def test_sets_in_the_hubs_form_are_read_by_its_library(no_network, tmp_path: Path) -> None:
    """A repository's files in a folder, which the library reads the same way."""
    folder = tmp_path / "glue"
    folder.mkdir()
    lines = [
        {"question1": "a?", "question2": "b?", "label": 1},
        {"question1": "c?", "question2": None, "label": 0},
    ]
    (folder / "validation.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    rows, report = from_hub(Source(kind="pairs", hub=str(folder), split="validation", file="not/used.csv"))
    assert rows == [PairRow("a?", "b?", True, "en", provenance=str(folder))]
    assert report.left_out == {"without question2": 1}
    answers = {"text": ["Recife"], "answer_start": [15]}
    line = {"context": "A sede fica em Recife.", "question": "Onde?", "answers": answers}
    folder = tmp_path / "faquad"
    folder.mkdir()
    (folder / "train.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    (row,), _ = from_hub(Source(kind="squad", hub=str(folder)))
    assert row.answers == ("Recife",)


def test_a_hub_that_cannot_be_reached_is_one_clear_line(no_network) -> None:
    with pytest.raises(InputError) as error:
        from_hub(Source(kind="pairs", hub="nyu-mll/glue", subset="qqp"))
    assert str(error.value) == (
        "nyu-mll/glue could not be read from the Hub (ConnectionError: Couldn't reach 'nyu-mll/glue' on the Hub "
        "(OfflineModeIsEnabled)). Check the network and HF_TOKEN, or use local files: --set data.root=FOLDER."
    )


def test_a_set_that_is_a_script_is_not_run(no_network, tmp_path: Path) -> None:
    (tmp_path / "faquad").mkdir()
    (tmp_path / "faquad" / "faquad.py").write_text("raise SystemExit(7)", encoding="utf-8")
    with pytest.raises(InputError, match=r"RuntimeError: Dataset scripts are no longer supported.*local files"):
        from_hub(Source(kind="squad", hub=str(tmp_path / "faquad")))


def test_a_split_that_is_not_there(no_network, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train.jsonl").write_text(
        json.dumps({"question1": "a?", "question2": "b?", "label": 1}) + "\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match='Unknown split "validation"'):
        from_hub(Source(kind="pairs", hub=str(tmp_path / "set"), split="validation"))
