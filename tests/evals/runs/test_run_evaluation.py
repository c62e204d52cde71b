"""The command that measures: real systems on small data, interrupted, refused, and read again."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assistant.command_line.exit_codes import BUSY, REFUSED, TERMINATED
from assistant.versions.registry import SHIPPED_FOLDER
from evals.reporting.report import read_report
from evals.run import main
from tests.support.app_process import ROOT

WORDS = "parcel order refund card account invoice voucher size colour address delivery return helmet tent".split()
JUDGE = SHIPPED_FOLDER / "question-similarity"


def pairs_file(path: Path, count: int, seed: int = 0, same: bool | None = None) -> Path:
    """Pairs of which those that share a noun are the same; those of one seed are not those of another."""
    chance = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["question1", "question2", "is_duplicate"])
        for number in range(seed * 100_000, seed * 100_000 + count):
            label = chance.random() < 0.5 if same is None else same
            first, second = chance.sample(WORDS, 2)
            other = first if label else second
            rows.writerow([f"Where is my {first} number {number}?", f"I ask about the {other} {number}.", int(label)])
    return path


def report_of(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def test_a_baseline_from_file_to_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train, data = pairs_file(tmp_path / "train.csv", 300, 1), pairs_file(tmp_path / "data.csv", 100, 2)
    arguments = ["--system", "tfidf", "--train", str(train), "--data", str(data), "--out"]
    assert main([*arguments, str(tmp_path / "out")]) == 0
    assert "100 rows measured, 0 dropped" in capsys.readouterr().out
    found = report_of(tmp_path / "out")
    assert 0.8 < found["accuracy"] <= 1 and found["roc_auc"] > 0.9 and 0 <= found["ece"] < 0.5
    assert found["data"]["languages"] == {"en": 100} and len(found["rows"]) == 100
    assert found["rows"][3]["question1"].endswith("number 200003?")
    assert found["commit"] and found["packages"]["numpy"] and found["hardware"]["cores"] >= 1
    assert found["cost"]["rows_per_second"] > 0 and found["cost"]["peak_memory_bytes"] > 1 << 20
    assert "Reliability" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "out" / "progress.json").read_text())["state"] == "done"
    # Deterministic, and without texts where they are not to be kept.
    assert main([*arguments, str(tmp_path / "again"), "--no-texts"]) == 0
    again = report_of(tmp_path / "again")
    told = [row["probability"] for row in found["rows"]]
    assert [row["probability"] for row in again["rows"]] == pytest.approx(told, rel=1e-4)
    assert set(again["rows"][0]) == {"row", "same", "language", "probability"}
    for file in (tmp_path / "again").iterdir():
        assert b"Where is my" not in file.read_bytes(), file
    # Measured already: nothing is asked again, the figures stay.
    assert main([*arguments, str(tmp_path / "out")]) == 0
    assert report_of(tmp_path / "out")["accuracy"] == found["accuracy"]


def test_ten_thousand_rows_killed_in_the_middle_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train, data = pairs_file(tmp_path / "train.csv", 200, 1), pairs_file(tmp_path / "data.csv", 10_000, 2)
    out = tmp_path / "out"
    arguments = ["--system", "tfidf", "--train", str(train), "--data", str(data), "--out", str(out)]
    running = subprocess.Popen([sys.executable, "-m", "evals.run", *arguments], cwd=ROOT)
    deadline = time.monotonic() + 120
    while not (out / "rows.jsonl").exists() or (out / "rows.jsonl").stat().st_size < 50_000:
        assert running.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    before = (out / "rows.jsonl").read_bytes()
    before = before[: before.rfind(b"\n") + 1]
    assert not (out / "report.json").exists()
    assert main(arguments) == 0
    assert (out / "rows.jsonl").read_bytes().startswith(before)
    _, rows = read_report(out)
    assert [row.row for row in rows] == list(range(10_000))
    # The folder belongs to this evaluation alone.
    assert main([*arguments, "--limit", "5"]) == 2
    assert "holds another evaluation" in capsys.readouterr().err


def test_a_run_in_the_background_stops_when_it_is_asked_to_and_goes_on(tmp_path: Path) -> None:
    train, data = pairs_file(tmp_path / "train.csv", 200, 1), pairs_file(tmp_path / "data.csv", 5_000, 2)
    out = tmp_path / "out"
    arguments = ["--system", "tfidf", "--train", str(train), "--data", str(data), "--out", str(out)]
    running = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "assistant.command_line.child",
            "--background",
            str(os.getpid()),
            "evals.run",
            *arguments,
        ],
        cwd=ROOT,
    )
    deadline = time.monotonic() + 120
    while not (out / "rows.jsonl").exists() or (out / "rows.jsonl").stat().st_size < 50_000:
        assert running.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    # Another one in the same folder would mix its rows with these.
    assert main(arguments) == BUSY
    running.send_signal(signal.SIGTERM)
    assert running.wait(30) == TERMINATED
    assert json.loads((out / "progress.json").read_text())["state"] == "stopped"
    kept = (out / "rows.jsonl").read_bytes()
    assert main(arguments) == 0
    assert (out / "rows.jsonl").read_bytes().startswith(kept)


def test_rows_that_another_version_of_the_code_measured_are_measured_anew(tmp_path: Path) -> None:
    train, data = pairs_file(tmp_path / "train.csv", 60, 1), pairs_file(tmp_path / "data.csv", 40, 2)
    arguments = ["--system", "tfidf", "--train", str(train), "--data", str(data), "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    rows = tmp_path / "out" / "rows.jsonl"
    head, *measured = rows.read_text().splitlines(keepends=True)
    others = [line.replace('"probability": 0.', '"probability": 0.000') for line in measured]
    rows.write_text(json.dumps(json.loads(head) | {"commit": "f" * 40}) + "\n" + "".join(others))
    assert main(arguments) == 0
    assert rows.read_text().splitlines(keepends=True)[0] == head
    assert [json.loads(line)["rows"] for line in rows.read_text().splitlines()[1:]] == [
        json.loads(line)["rows"] for line in measured
    ]


def test_a_baseline_is_not_measured_on_what_it_learned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train, data = pairs_file(tmp_path / "train.csv", 60, 1), pairs_file(tmp_path / "data.csv", 40, 2)
    with data.open("a") as stream:
        stream.write("".join(train.read_text().splitlines(keepends=True)[5:8]))
    arguments = ["--system", "tfidf", "--train", str(train), "--data", str(data), "--out", str(tmp_path / "out")]
    assert main(arguments) == REFUSED
    assert "3 rows are training rows of this version, or nearly (rows 40, 41, 42" in capsys.readouterr().err
    assert main([*arguments, "--drop-leaks"]) == 0
    assert "40 rows measured, 3 dropped" in capsys.readouterr().out
    found = report_of(tmp_path / "out")
    assert found["leaks"] == {"allowed": False, "rows": [], "dropped": [40, 41, 42]}


def test_what_cannot_be_measured_ends_with_the_fix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = str(pairs_file(tmp_path / "train.csv", 20))
    empty = pairs_file(tmp_path / "empty.csv", 0)
    (tmp_path / "bad.csv").write_text("question1,question2,is_duplicate\na?,b?,perhaps\n")
    (tmp_path / "columns.csv").write_text("first,second\na?,b?\n")
    for data, said in (
        (empty, "holds no rows"),
        (tmp_path / "missing.csv", "is not there"),
        (tmp_path / "bad.csv", "the label is 'perhaps'; write 0 or 1"),
        (tmp_path / "columns.csv", "has no column question1"),
        (tmp_path / "data.txt", "is no data set"),
    ):
        assert main(["--system", "majority", "--train", train, "--data", str(data), "--out", str(tmp_path / "o")]) == 2
        assert said in capsys.readouterr().err
        assert json.loads((tmp_path / "o" / "progress.json").read_text())["state"] == "failed"
    data = str(pairs_file(tmp_path / "data.csv", 5))
    assert main(["--system", "majority", "--train", train, "--data", data, "--adapter", str(JUDGE)]) == 2
    assert "has no adapter" in capsys.readouterr().err
    (tmp_path / "squad.json").write_text(
        json.dumps(
            {
                "data": [
                    {
                        "title": "t",
                        "paragraphs": [
                            {
                                "context": "Em Olinda.",
                                "qas": [
                                    {"id": "1", "question": "Onde?", "answers": [{"text": "Olinda", "answer_start": 3}]}
                                ],
                            }
                        ],
                    }
                ]
            }
        )
    )
    assert main(["--system", "majority", "--train", train, "--data", str(tmp_path / "squad.json")]) == 2
    assert "squad.json holds none" in capsys.readouterr().err
    reader = SHIPPED_FOLDER / "portuguese-qa"
    assert main(["--adapter", str(reader), "--data", data, "--out", str(tmp_path / "p")]) == 2
    assert "is for portuguese-qa" in capsys.readouterr().err


def test_one_class_only(tmp_path: Path) -> None:
    train, data = pairs_file(tmp_path / "train.csv", 50), pairs_file(tmp_path / "data.csv", 40, 3, same=False)
    arguments = ["--system", "tfidf", "--train", str(train), "--data", str(data), "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    found = report_of(tmp_path / "out")
    assert found["roc_auc"] is None and found["recall"] is None and found["accuracy"] is not None
    assert "roc_auc" not in found["intervals"] and (tmp_path / "out" / "report.html").is_file()


def training_pair(tmp_path: Path) -> tuple[str, str]:
    """A pair whose fingerprints stand in a copy of the shipped judge's."""
    from assistant.versions.fingerprints import of_pair, of_question, read_fingerprints, write_fingerprints

    first, second = "How do I descale the espresso machine?", "Which way is the coffee maker freed of lime?"
    folder = tmp_path / "judge"
    folder.mkdir()
    for file in JUDGE.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    known = read_fingerprints(folder)
    questions = [*of_question(first, "en"), *of_question(second, "en")]
    write_fingerprints(folder, [*known.rows, *of_pair(first, second, "en")], [*known.questions, *questions])
    return first, second


def test_a_leak_stops_the_run_unless_it_is_allowed_and_then_brands_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The shipped judge itself, on a trained pair, a pair with one trained question, and two new ones."""
    first, second = training_pair(tmp_path)
    data = tmp_path / "data.csv"
    lines = [
        f"{second},{first},1",
        f"{first},Do you repair bicycles?,0",
        "Can I swap the tent for a bigger one?,I need the tent one size larger.,1",
        "Can I swap the tent for a bigger one?,Where is my invoice?,0",
    ]
    data.write_text("question1,question2,is_duplicate\n" + "\n".join(lines) + "\n")
    arguments = ["--adapter", str(tmp_path / "judge"), "--data", str(data), "--reasons", "1", "--out"]
    assert main([*arguments, str(tmp_path / "refused")]) == REFUSED
    assert "1 rows are training rows of this version, or nearly (rows 0" in capsys.readouterr().err
    assert not (tmp_path / "refused" / "report.json").exists()
    assert main([*arguments, str(tmp_path / "out"), "--allow-leak"]) == 0
    assert "3 rows measured, 1 dropped" in capsys.readouterr().out
    found = report_of(tmp_path / "out")
    assert found["leaks"] == {"allowed": True, "rows": [0], "dropped": [1]}
    assert [row["row"] for row in found["rows"]] == [0, 2, 3]
    assert found["rows"][1]["probability"] > found["rows"][2]["probability"]
    assert found["model"]["device"] and found["model"]["version"] and found["cost"]["first_reason_seconds"] > 0
    assert found["detail"]["reasons"]["written.reasons"] == 1
    assert "Measured in spite of leaks" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
