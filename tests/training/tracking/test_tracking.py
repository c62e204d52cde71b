"""Trackio and Neptune's client for real, and trackers that fail for real."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evals.reporting.pictures import confusion
from tests.support.paths import ROOT
from training.tracking import Tracker, open_tracker
from training.tracking.tracker import flat

# Trackio takes its folder when it is imported, so whatever is tested with it has a process of its own.
TRACKIO = """
import json, sys
from pathlib import Path
from training.tracking import open_tracker
folder, picture, resume = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "resume"
tracker = open_tracker("trackio", "shop", "run-1", folder, resume)
tracker.start({"lora": {"r": 16}, "sources": [{"file": "a.csv"}], "modules": ["q", "v"], "root": Path("x")})
for step in (3, 4) if resume else (1, 2, 3):
    tracker.log({"training/loss": 1 / step}, step)
tracker.picture("confusion", picture)
tracker.finish({"accuracy": 0.5})
from trackio import Api, SQLiteStorage
runs = [run for run in Api().runs("shop")]
print(json.dumps([runs[0].config, SQLiteStorage.get_logs("shop", run_id=runs[0].id), len(runs)]))
"""


def python(
    code: str, *arguments: object, options: tuple[str, ...] = (), **variables: str
) -> subprocess.CompletedProcess:
    command = [sys.executable, *options, "-c", code, *map(str, arguments)]
    given = {name: value for name, value in os.environ.items() if not name.startswith(("TRACKIO_", "NEPTUNE_"))}
    return subprocess.run(command, cwd=ROOT, env=given | variables, capture_output=True, text=True, check=True)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    confusion([[9, 1], [2, 8]], ["different", "same"], path)
    return path


def test_trackio_keeps_a_run_in_its_folder_and_goes_on_with_it(tmp_path: Path, picture: Path) -> None:
    folder = tmp_path / "tracking"
    elsewhere = {"TRACKIO_SPACE_ID": "someone/space", "TRACKIO_SERVER_URL": "http://127.0.0.1:9"}
    first = python(TRACKIO, folder, picture, "new", **elsewhere)
    config, logs, _ = json.loads(first.stdout)
    shown = {name: value for name, value in config.items() if not name.startswith("_")}
    assert shown == {"lora.r": 16, "sources.0.file": "a.csv", "modules": "q, v", "root": "x"}
    assert [(row["step"], row["training/loss"]) for row in logs[:3]] == [(1, 1.0), (2, 0.5), (3, 1 / 3)]
    assert logs[-1]["summary/accuracy"] == 0.5
    assert (folder / "media" / logs[3]["confusion"]["file_path"]).read_bytes() == picture.read_bytes()

    _, logs, runs = json.loads(python(TRACKIO, folder, picture, "resume").stdout)
    assert runs == 1
    assert [row["step"] for row in logs if "training/loss" in row] == [1, 2, 3, 4]


def test_trackio_says_at_the_end_that_its_disk_failed(tmp_path: Path) -> None:
    code = """
import shutil, sys
from pathlib import Path
from training.tracking import open_tracker
folder = Path(sys.argv[1])
tracker = open_tracker("trackio", "shop", "run-1", folder, False)
tracker.start({})
shutil.rmtree(folder)
folder.write_text("in the way")
tracker.log({"loss": 1.0}, 7)
tracker.finish({})
print("went on")
"""
    done = python(code, tmp_path / "tracking")
    assert done.stdout == "went on\n"
    assert done.stderr.count("trackio failed (OSError: ") == 1
    assert "1 figures were not written, the last one of step 7" in done.stderr


def test_trackio_cannot_use_a_second_folder_in_one_process(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from training.tracking import open_tracker
for name in ("one", "two"):
    tracker = open_tracker("trackio", "shop", "run-1", Path(sys.argv[1]) / name, False)
    tracker.start({})
    tracker.log({"loss": 1.0}, 1)
    tracker.finish({})
"""
    done = python(code, tmp_path)
    assert f"it already writes to {tmp_path / 'one'}; one process can use one folder only" in done.stderr
    assert (tmp_path / "one" / "shop.db").exists()
    assert list((tmp_path / "two").iterdir()) == []


def neptune_operations(folder: Path) -> list[list[dict]]:
    """What each offline run wrote, in order of time."""
    runs = sorted((folder / "offline").iterdir(), key=lambda path: path.stat().st_mtime)
    return [[json.loads(line)["obj"] for line in (run / "data-1.log").read_text().splitlines()] for run in runs]


def test_neptune_without_a_token_writes_files(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    monkeypatch.delenv("NEPTUNE_API_TOKEN", raising=False)
    monkeypatch.setenv("NEPTUNE_DATA_DIRECTORY", "restored after the test")
    folder = tmp_path / "tracking"
    tracker = open_tracker("neptune", "shop", "run-1", folder, False)
    tracker.start({"lora": {"r": 16, "dropout": 0.1}, "subset": None})
    tracker.log({"training/loss": 0.5}, 3)
    tracker.picture("confusion", picture)
    tracker.finish({"accuracy": 0.75})

    (operations,) = neptune_operations(folder)
    values = {"/".join(operation["path"]): operation.get("value") for operation in operations}
    assert values["sys/name"] == "run-1"
    assert (values["parameters/lora.r"], values["parameters/lora.dropout"]) == (16, 0.1)
    assert (values["parameters/subset"], values["summary/accuracy"]) == ("None", 0.75)
    (series,) = (operation for operation in operations if operation["type"] == "LogFloats")
    assert series["path"] == ["training", "loss"]
    assert [(point["value"], point["step"]) for point in series["values"]] == [(0.5, 3)]
    (upload,) = (operation for operation in operations if operation["type"] == "UploadFile")
    assert (upload["path"], upload["file_path"]) == (["confusion"], str(picture))
    assert capfd.readouterr().out == ""


def use(tracker: Tracker, picture: Path) -> None:
    tracker.start({"r": 16})
    tracker.log({"loss": 1.0}, 1)
    tracker.picture("confusion", picture)
    tracker.finish({})


@pytest.mark.parametrize("kind", ["trackio", "neptune"])
def test_a_folder_that_cannot_be_written_costs_one_warning(
    kind: str, tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("NEPTUNE_API_TOKEN", raising=False)
    monkeypatch.setenv("NEPTUNE_DATA_DIRECTORY", "restored after the test")
    (tmp_path / "file").write_text("in the way")
    use(open_tracker(kind, "shop", "run-1", tmp_path / "file" / "tracking", False), picture)
    (record,) = (record for record in caplog.records if record.name.startswith("training."))
    assert record.levelno == logging.WARNING
    assert f"{kind} failed (NotADirectoryError: " in record.getMessage()
    assert f"Make sure that {tmp_path / 'file' / 'tracking'} can be written" in record.getMessage()


@pytest.mark.parametrize("kind", ["trackio", "neptune"])
def test_a_package_that_is_not_installed_costs_one_warning(kind: str, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from training.tracking import open_tracker
tracker = open_tracker({kind!r}, "shop", "run-1", Path({str(tmp_path)!r}), False)
tracker.start({{}})
tracker.log({{"loss": 1.0}}, 1)
tracker.finish({{}})
print("went on")
"""
    done = python(code, options=("-S",))  # without site-packages
    assert done.stdout == "went on\n"
    assert done.stderr.count(f"{kind} failed") == 1
    assert f"Install it with `pip install {kind}`, or start with --set tracker=none." in done.stderr


def test_a_failure_in_the_middle_ends_the_tracking_and_nothing_else(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("NEPTUNE_API_TOKEN", raising=False)
    monkeypatch.setenv("NEPTUNE_DATA_DIRECTORY", "restored after the test")
    tracker = open_tracker("neptune", "shop", "run-1", tmp_path / "tracking", False)
    use(tracker, picture)
    for _ in range(2):
        tracker.log({"loss": 2.0}, 2)  # the client refuses: its run has ended
    tracker.finish({})
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["neptune failed (InactiveRunException"]


def test_a_run_without_a_tracker_imports_none(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from training.tracking import open_tracker
tracker = open_tracker("none", "shop", "run-1", Path({str(tmp_path / "tracking")!r}), False)
tracker.start({{}}); tracker.log({{"loss": 1.0}}, 1); tracker.finish({{}})
print([name for name in ("trackio", "neptune", "matplotlib", "psutil", "torch") if name in sys.modules])
"""
    assert python(code).stdout == "[]\n"
    assert not (tmp_path / "tracking").exists()


def test_parameters_become_one_flat_record() -> None:
    record = {"a": {"b": {"c": 1}, "d": None}, "e": [{"f": True}, {"f": False}], "g": (1, "x"), "h": {}}
    assert flat(record) == {"a.b.c": 1, "a.d": None, "e.0.f": True, "e.1.f": False, "g": "1, x"}
