"""Every command runs through the runner; its exit codes mean the same everywhere."""

from __future__ import annotations

import csv
import importlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assistant.command_line.runner import Command
from evals.run import main as evaluate
from evals.runs.measured_rows import LOCK
from tests.support.commands import ran
from tests.support.paths import ROOT

BOTTOM = '\n\nif __name__ == "__main__":\n    main.run()\n'
PLACES = ("app.py", "assistant", "evals", "spaces", "training")
FILES = sorted(
    path.relative_to(ROOT)
    for place in PLACES
    for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
)


def started_as(file: Path) -> str:
    """How a user starts the command."""
    if file.parts[0] in ("app.py", "spaces"):
        return f"python {file.as_posix()}"
    return f"python -m {'.'.join(file.with_suffix('').parts).removesuffix('.__main__')}"


def test_the_walk_finds_the_commands() -> None:
    found = {started_as(file) for file in FILES}
    assert {"python app.py", "python spaces/deploy.py", "python -m evals.gate", "python -m training.run"} <= found


@pytest.mark.parametrize("file", FILES, ids=Path.as_posix)
def test_every_command_has_the_runner_and_help_and_refuses_other_arguments(
    file: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file that is run by its path finds its neighbours by `sys.path`.
    name = file.stem if file.parts[0] == "spaces" else ".".join(file.with_suffix("").parts)
    module = importlib.import_module(name)
    assert isinstance(module.main, Command), f"{file} has a command line without the runner"
    assert (ROOT / file).read_text(encoding="utf-8").endswith(BOTTOM)
    monkeypatch.setenv("COLUMNS", "200")
    code, shown, complaint = ran(module.main, capsys, ["--help"])
    assert (code, complaint) == (0, "")
    assert shown.startswith(f"usage: {started_as(file)} ")
    assert module.__doc__.splitlines()[0] in shown
    code, shown, complaint = ran(module.main, capsys, ["--no-such-option"])
    assert (code, shown) == (2, "")
    assert complaint.splitlines()[-1].startswith(started_as(file))


def pairs_file(path: Path, count: int, begin: int) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["question1", "question2", "is_duplicate"])
        for number in range(begin, begin + count):
            other = ("parcel", "refund")[number % 2]
            rows.writerow([f"Where is my parcel number {number}?", f"I ask about the {other} {number}.", number % 2])
    return path


@pytest.fixture
def measuring(tmp_path: Path) -> list[str]:
    """Arguments of `evals.run` for work that takes its time: a baseline on ten thousand pairs, into tmp_path/out."""
    train, data = pairs_file(tmp_path / "train.csv", 200, 0), pairs_file(tmp_path / "data.csv", 10_000, 1000)
    return ["--system", "tfidf", "--train", str(train), "--data", str(data), "--out", str(tmp_path / "out")]


def test_a_check_that_says_no_is_1(measuring: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    measuring[measuring.index("--data") + 1] = str(tmp_path / "train.csv")
    code, _, complaint = ran(evaluate, capsys, measuring)
    assert code == 1 and "200 rows are training rows of this version" in complaint


def test_what_the_user_has_to_mend_is_2(measuring: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "data.csv").unlink()
    code, _, complaint = ran(evaluate, capsys, measuring)
    assert code == 2 and "Traceback" not in complaint and str(tmp_path / "data.csv") in complaint


HOLDER = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print(flush=True)
    input()
"""


def test_what_another_process_holds_is_75(measuring: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "out").mkdir()
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "out" / LOCK)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        holder.stdout.readline()
        code, _, complaint = ran(evaluate, capsys, measuring)
        holder.communicate("\n")
    assert code == 75 and complaint.startswith("Another evaluation is writing into")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_is_told_and_the_same_command_goes_on(
    measuring: list[str], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    rows = tmp_path / "out" / "rows.jsonl"
    command = [sys.executable, "-m", "evals.run", *measuring]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 120
        while not rows.exists() or rows.stat().st_size < 20_000:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(number)
        _, complaint = process.communicate(timeout=60)
    assert process.returncode == code
    assert complaint == "Stopped. The same command goes on where it was.\n"
    assert json.loads((tmp_path / "out" / "progress.json").read_text())["state"] == "stopped"
