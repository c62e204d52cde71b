"""python -m training.teacher, as somebody at a terminal meets it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.teacher_server import KEY, MODEL, Answer, Classroom, classroom, write
from training.data.sources import SourceReport, load
from training.recipe import Data, Source
from training.teacher import main

CSV = """question1,question2,is_duplicate
"Where is order 1?","When does order 1 come?",1
"Can I cancel, please?","Can I return it?",0
"Can I cancel, please?","Can I return it?",0
"No label","Here",
"""


@pytest.fixture
def room() -> Iterator[Classroom]:
    with classroom() as opened:
        yield opened


@pytest.fixture
def set_up(room: Classroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the settings name the classroom and the cache lies."""
    for name, value in {"URL": room.url, "MODEL": MODEL, "KEY": KEY, "REQUESTS_PER_MINUTE": "60000"}.items():
        monkeypatch.setenv(f"RESPOSTA_TEACHER_{name}", value)
    monkeypatch.setenv("RESPOSTA_CACHE_DIR", str(tmp_path))
    (tmp_path / "pairs.csv").write_text(CSV, encoding="utf-8")
    return tmp_path


def test_the_cost_comes_first_then_the_file_that_a_recipe_reads(room: Classroom, set_up: Path, capsys) -> None:
    command = [str(set_up / "pairs.csv"), "--out", str(set_up / "explained.jsonl")]
    assert main(command) == 2
    assert room.received == [] and not (set_up / "explained.jsonl").exists()
    shown = capsys.readouterr()
    assert "4 rows read, 2 left out" in shown.out
    assert "2 pairs to ask about\n  about 1 requests" in shown.err and "--yes" in shown.err
    assert "RESPOSTA_TEACHER_PRICE_IN" in shown.err

    assert main([*command, "--yes"]) == 0
    shown = capsys.readouterr()
    assert shown.out.index("2 pairs to ask about") < shown.out.index("2 explanations by the teacher")
    assert KEY not in shown.out + shown.err
    source = Source(kind="pairs", file="explained.jsonl")
    rows = load([source], Data(root=set_up, sources=(source,), explanations="given"), SourceReport())
    assert [(row.same, row.explanation) for row in rows] == [
        (True, 'what the shop does about "1".'),
        (False, 'only the first mentions "please".'),
    ]


def test_limit_and_language(room: Classroom, set_up: Path) -> None:
    out = set_up / "explained.jsonl"
    assert main([str(set_up / "pairs.csv"), "--out", str(out), "--yes", "--language", "pt", "--limit", "1"]) == 0
    (pair,) = room.received[0].pairs
    assert (pair["language"], pair["begins"]) == ("Portuguese", "As duas perguntas querem saber")
    assert json.loads(out.read_text(encoding="utf-8")) == {
        "question1": "Where is order 1?",
        "question2": "When does order 1 come?",
        "label": 1,
        "explanation": 'o que a loja faz com "1".',
    }


@pytest.mark.parametrize(
    ("pairs", "out", "unset", "said"),
    [
        ("pairs.csv", "explained.jsonl", "RESPOSTA_TEACHER_MODEL", "Set RESPOSTA_TEACHER_URL"),
        ("pairs.csv", "explained.csv", None, "ending in .jsonl"),
        ("pairs.csv", "nowhere/explained.jsonl", None, "Create it or name another"),
        ("other.csv", "explained.jsonl", None, "other.csv is not there. Correct the path."),
        ("empty.csv", "explained.jsonl", None, "holds no pairs to explain"),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_sent(
    room: Classroom,
    set_up: Path,
    monkeypatch,
    capsys,
    pairs: str,
    out: str,
    unset: str | None,
    said: str,
) -> None:
    (set_up / "empty.csv").write_text("question1,question2,label\n", encoding="utf-8")
    if unset:
        monkeypatch.delenv(unset)
    assert main([str(set_up / pairs), "--out", str(set_up / out), "--yes"]) == 2
    assert said in capsys.readouterr().err
    assert room.received == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("KEY", "sk secret", "holds characters that no key has"),
        ("URL", "https://user:sk-secret@host/v1", "a key belongs into RESPOSTA_TEACHER_KEY"),
        ("URL", "host/v1?key=sk-secret", "must be an address like https://host/v1"),
        ("REQUESTS_PER_MINUTE", "0", "greater than 0"),
    ],
)
def test_wrong_settings_are_told_without_what_may_be_a_key(
    set_up: Path, monkeypatch, capsys, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"RESPOSTA_TEACHER_{name}", value)
    assert main([str(set_up / "pairs.csv"), "--out", str(set_up / "explained.jsonl"), "--yes"]) == 2
    shown = capsys.readouterr().err
    assert f"RESPOSTA_TEACHER_{name}" in shown and said in shown and "secret" not in shown


def test_ctrl_c_ends_at_once(room: Classroom, sixty: Path) -> None:
    """Also while the endpoint has us wait for minutes."""
    room.answer = lambda received, number: write(received) if number < 2 else Answer(429, "", {"Retry-After": "300"})
    with started(sixty) as process:
        wait_for_lines(sixty / "teacher", 20, process)
        process.send_signal(signal.SIGINT)
        shown = process.communicate(timeout=20)[0].decode()
    assert process.returncode == 130
    assert "The same command goes on where it was." in shown and "Traceback" not in shown


def test_a_killed_run_goes_on_even_where_its_last_line_was_cut(room: Classroom, sixty: Path) -> None:
    room.answer = lambda received, number: write(received) if number < 3 else replace(write(received), seconds=3)
    with started(sixty) as process:
        kept = wait_for_lines(sixty / "teacher", 30, process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert not (sixty / "explained.jsonl").exists()
    kept.write_bytes(kept.read_bytes()[:-20])
    room.received.clear()
    room.answer = lambda received, number: write(received)
    for asked in (60 - 29, 0):
        with started(sixty) as process:
            process.communicate(timeout=60)
        assert process.returncode == 0
        assert len(room.asked) == asked
        assert len((sixty / "explained.jsonl").read_text(encoding="utf-8").splitlines()) == 60
        room.received.clear()


@pytest.fixture
def sixty(set_up: Path) -> Path:
    """`set_up` with a file of sixty pairs, six requests."""
    rows = [{"question1": f"Where is order {n}?", "question2": "When will it come?", "label": n % 2} for n in range(60)]
    (set_up / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return set_up


@contextmanager
def started(folder: Path) -> Iterator[subprocess.Popen]:
    """The command as its own process, with the settings of this one."""
    command = [sys.executable, "-m", "training.teacher", str(folder / "pairs.jsonl"), "--yes"]
    command += ["--out", str(folder / "explained.jsonl")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for_lines(folder: Path, count: int, process: subprocess.Popen) -> Path:
    """The file in `folder`, once it has `count` lines."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        for file in folder.glob("*.jsonl"):
            if file.read_bytes().count(b"\n") == count:
                return file
        time.sleep(0.02)
    process.kill()
    raise AssertionError(f"the run kept no {count} lines: {process.communicate()[0].decode()[-2000:]}")
