"""What the Evaluation tab is told of reports, versions and runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import InputError
from assistant.settings import Settings
from assistant.store.connection import Store
from assistant.versions.registry import Registry, open_registry
from evals.board import Board
from evals.reporting.mistakes import changed, find_mistakes
from evals.reporting.report import write_report
from tests.support.adapters import make_version
from tests.support.app_process import ROOT
from tests.support.evaluations import pair_report, pair_rows, write_samples


@pytest.fixture
def registry(settings: Settings, store: Store) -> Registry:
    return open_registry(settings, store)


@pytest.fixture
def board(settings: Settings, registry: Registry) -> Iterator[Board]:
    with Board(settings, registry) as opened:
        yield opened


@pytest.fixture
def samples(settings: Settings) -> Path:
    folder = settings.data_dir / "evaluations" / "runs"
    write_samples(folder)
    return folder


def ids(board: Board) -> dict[str, str]:
    """Report ids by the folder's name, of those that were measured here."""
    return {one["id"].split("/")[-1]: one["id"] for one in board.overview()["reports"] if "shipped" not in one["id"]}


def test_the_overview_names_every_report_and_what_cannot_be_read(board, samples):
    (samples / "broken").mkdir()
    (samples / "broken" / "report.json").write_text("{", encoding="utf-8")
    found = board.overview()
    assert set(ids(board)) == {"judge", "cosine", "leaky", "reading"}
    assert {one["id"].split("/")[-1] for one in found["reports"] if one["branded"]} == {"leaky"}
    assert len(found["problems"]) == 1
    assert "broken" in found["problems"][0]
    assert json.loads(json.dumps(found)) == found


def test_a_report_comes_with_its_curves_and_without_its_rows(board, samples):
    found = board.report(ids(board)["judge"])
    assert found["figures"]["f1"] == pair_report(pair_rows(1, 0.9)).figures["f1"]
    assert set(found["curves"]) == {"all", "en", "pt"}
    assert "rows" not in found
    assert board.report(ids(board)["reading"])["outcomes"] == {
        "right": 24,
        "partly right": 12,
        "wrong": 12,
        "missed": 12,
    }
    assert json.loads(json.dumps(found, allow_nan=False))


@pytest.mark.parametrize("report_id", ["", "measured/../../secret", "/etc", "measured/runs/judge/", "measured"])
def test_an_id_that_is_not_listed_is_no_report(board, samples, report_id):
    for ask in (board.report, lambda one: board.download(one, "report.json")):
        with pytest.raises(InputError, match="no longer there"):
            ask(report_id)


def test_mistakes_come_in_pages(board, samples):
    everything = find_mistakes(pair_rows(1, 0.9), 0.5)
    chosen = (ids(board)["judge"], 0.5, None, None, 0.0, 1.0)
    first, second = board.mistakes(*chosen, 0), board.mistakes(*chosen, 20)
    assert first["total"] == second["total"] == len(everything)
    assert first["size"] == len(first["rows"]) == 20
    assert sum(first["kinds"].values()) == len(everything)
    assert [one["row"]["row"] for one in first["rows"] + second["rows"]] == [one.row.row for one in everything[:40]]
    assert board.mistakes(*chosen, 10_000)["rows"] == []


def test_rows_come_with_the_words_in_which_their_questions_differ(board, samples):
    known = ids(board)

    def differing(rows: list[dict]) -> list[dict | None]:
        return [one["differences"] for one in rows]

    first = board.mistakes(known["judge"], 0.5, None, "en", 0.0, 1.0, 0)["rows"][0]
    order = first["row"]["row"]
    words = {"asked_only": ["cancel", "order", str(order)], "past_only": ["stop", "delivery", str(order + 1)]}
    assert first["differences"] == words
    # Texts that one of two reports carries are enough.
    assert all(differing(board.changes(known["leaky"], known["judge"], False, 0)["rows"]))
    assert all(differing(board.changes(known["judge"], known["leaky"], True, 0)["rows"]))
    for textless in ("leaky", "reading"):
        assert set(differing(board.mistakes(known[textless], 0.5, None, None, 0.0, 1.0, 0)["rows"])) == {None}


def test_changes_between_two_reports_add_up(board, samples):
    known = ids(board)
    won = board.changes(known["cosine"], known["judge"], True, 0)
    lost = board.changes(known["cosine"], known["judge"], False, 0)
    both = changed(pair_report(pair_rows(2, 0.5)), pair_rows(2, 0.5), pair_report(pair_rows(1, 0.9)), pair_rows(1, 0.9))
    assert won["total"] == won["won"] == sum(row.is_right > row.was_right for row in both)
    assert lost["total"] == lost["lost"] == sum(row.is_right < row.was_right for row in both)
    assert 0 < won["p_value"] < 0.01
    assert won["rows"][0]["is_right"] and not won["rows"][0]["was_right"]
    with pytest.raises(InputError, match="different data"):
        board.changes(known["judge"], known["reading"], True, 0)


def test_a_report_written_again_is_read_again(board, samples):
    before = board.report(ids(board)["judge"])["curves"]["all"]["same"]
    rows = pair_rows(1, 0.9, count=100)
    write_report(samples / "judge", pair_report(rows), rows)
    assert board.report(ids(board)["judge"])["curves"]["all"]["same"] < before


def test_a_reports_files_are_downloaded_as_they_are(board, samples):
    found = board.download(ids(board)["judge"], "report.json")
    assert found["text"] == (samples / "judge" / "report.json").read_text(encoding="utf-8")
    assert "Report" in board.download(ids(board)["judge"], "report.html")["text"]
    with pytest.raises(InputError, match="measure again"):
        board.download(ids(board)["cosine"], "report.html")


def test_a_version_is_shown_staged_refused_overridden_and_rolled_back(board, registry, tmp_path):
    for seed in (1, 2):
        make_version(tmp_path / f"v{seed}", seed)
        registry.add(tmp_path / f"v{seed}", "ana")
    first, second = (one.version.digest for one in registry.list())
    registry.promote(first, "production", "ana", "the first")
    assert board.move(second, "staging", "bea", "better", "")["stage"] == "staging"
    refused = board.move(second, "production", "bea", "better", "")
    assert not all(check["passed"] for check in refused["checks"])
    assert registry.production("question-similarity").digest == first
    assert board.move(second, "production", "bea", "better", "the data set is gone")["stage"] == "production"
    event = board.version(second)["events"][0]
    assert (event["action"], event["who"]) == ("promoted", "bea")
    assert "the data set is gone" in event["why"]
    assert board.move(second, "roll back", "bea", "worse after all", "")["digest"] == first
    assert board.move(first, "archive", "bea", "none", "")["stage"] == "archived"
    assert board.version(first)["losses"] == {"training": [[10, 0.71], [20, 0.5]]}
    with pytest.raises(InputError, match="reason"):
        board.move(first, "staging", "bea", " ", "")


def test_what_can_be_measured_is_the_catalogue_and_what_was_placed(board, settings):
    data = settings.data_dir / "evaluations" / "data"
    for name in ("own.csv", "qqp/dev.csv", "faquad/dev.json", "aia/faqs.jsonl", "notes.txt"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).touch()
    found = {one["name"]: one["task"] for one in board.overview()["data"]}
    assert {name: task for name, task in found.items() if name.startswith("own:")} == {
        "own:own.csv": "question-similarity",
        "own:qqp/dev.csv": "question-similarity",
        "own:faquad/dev.json": "portuguese-qa",
        "own:aia": "question-similarity",
    }
    assert found["shop-en"] == "question-similarity"


@pytest.mark.parametrize("data", ["/etc/passwd", "own:../../secret.csv", "own:none.csv", ""])
def test_data_that_is_not_listed_is_not_opened(board, registry, tmp_path, data):
    make_version(tmp_path / "v", 1)
    version = registry.add(tmp_path / "v", "ana").version
    with pytest.raises(InputError, match="choose one of the list"):
        board.start(version.digest, data, None)
    assert board.run() is None


def test_the_apps_start_does_not_wait_for_what_computes():
    code = "import sys, evals.board; print([m for m in ('torch', 'sklearn', 'matplotlib') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
