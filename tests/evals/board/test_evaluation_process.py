"""An evaluation in the background: real processes that a small stand-in for the command runs in."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.errors import BusyError, InputError
from assistant.settings import Settings
from evals.board import evaluation_process
from evals.board.evaluation_process import Child, EvaluationRequest

ASKED = EvaluationRequest("a" * 64, "own:qqp/dev.csv", 40)

# Counts its rows over all its starts, as the command does; what it was given lies in given.json.
STAND_IN = """
import json, os, pathlib, signal, sys, time
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
(out / "given.json").write_text(json.dumps({"arguments": sys.argv[1:], "environment": dict(os.environ)}))
kept = out / "rows.jsonl"
done = int(kept.read_text()) if kept.exists() else 0
behaviour = BEHAVIOUR
def tell(state, error=None):
    draft = out / "draft"
    draft.write_text(json.dumps({"state": state, "done": done, "of": 1000, "seconds_left": 9.0, "error": error}))
    draft.rename(out / "progress.json")
def stop(*_):
    tell("stopped")
    sys.exit(143)
signal.signal(signal.SIGTERM, signal.SIG_IGN if behaviour == "deaf" else stop)
if behaviour == "crash":
    sys.exit(7)
if behaviour == "fail":
    tell("failed", "No such rows: give others.")
    sys.exit(2)
while behaviour != "finish" or done < 3:
    done += 1
    kept.write_text(str(done))
    tell("running")
    time.sleep(0.02)
tell("done")
"""


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Child]]:
    """A child whose command behaves as told; the folder of its runs is tmp_path/runs."""
    made: list[Child] = []

    def make(behaviour: str) -> Child:
        package = tmp_path / "assistant" / "command_line"
        package.mkdir(parents=True, exist_ok=True)
        (package / "child.py").write_text(STAND_IN.replace("BEHAVIOUR", repr(behaviour)))
        monkeypatch.setattr(evaluation_process, "ROOT", tmp_path)
        monkeypatch.setattr(evaluation_process, "SECONDS_TO_STOP", 0.5)
        made.append(Child(Settings(data_dir=tmp_path, port=7861), tmp_path / "runs"))
        return made[-1]

    yield make
    for one in made:
        one.close()


def until(one: Child, *states: str) -> dict:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if (found := one.progress())["state"] in states:
            return found
        time.sleep(0.02)
    raise AssertionError(f"still {one.progress()}")


def given(tmp_path: Path) -> dict:
    (file,) = (tmp_path / "runs").glob("*/given.json")
    return json.loads(file.read_text())


def test_a_run_tells_how_far_it_is_and_that_it_is_done(running, tmp_path):
    one = running("finish")
    assert one.progress() is None
    one.start(ASKED, "/data/dev.csv")
    found = until(one, "done")
    assert (found["done"], found["of"], found["data"], found["limit"]) == (3, 1000, "own:qqp/dev.csv", 40)
    assert one.unfinished() == []
    one.start(ASKED, "/data/dev.csv")
    assert until(one, "done")["done"] == 3, "a finished run begins anew"


def test_the_command_gets_its_arguments_and_the_apps_settings_and_one_quiet_thread(running, tmp_path):
    one = running("finish")
    one.start(ASKED, "/data/dev.csv; rm -rf *")
    until(one, "done")
    arguments, environment = given(tmp_path)["arguments"], given(tmp_path)["environment"]
    assert arguments[:3] == ["--background", str(os.getpid()), "evals.run"]
    given_to_run = ["--adapter", "a" * 64, "--data", "/data/dev.csv; rm -rf *", "--language", "en", "--out"]
    assert arguments[3:10] == given_to_run
    assert arguments[11:] == ["--limit", "40"]
    assert (environment["DATA_DIR"], environment["PORT"]) == (str(tmp_path), "7861")
    assert (environment["RESPOSTA_THREADS"], environment["OMP_WAIT_POLICY"]) == ("1", "PASSIVE")


def test_leaks_left_out_and_a_language_are_another_run(running, tmp_path):
    one = running("finish")
    one.start(EvaluationRequest("a" * 64, "own:qqp/dev.csv", None, drop_leaks=True, language="pt"), "x")
    until(one, "done")
    arguments = given(tmp_path)["arguments"]
    assert arguments[7:9] == ["--language", "pt"] and arguments[-1] == "--drop-leaks"
    one.start(ASKED, "x")
    until(one, "done")
    assert len([*(tmp_path / "runs").glob("*")]) == 2


def test_only_one_runs_at_a_time(running):
    one = running("last")
    one.start(ASKED, "x")
    with pytest.raises(BusyError, match="cancel it first"):
        one.start(EvaluationRequest("b" * 64, "shop-en", None), "shop-en")


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE") or os.geteuid() != 0, reason="Linux lets only root take it back")
def test_what_stands_back_for_all_others_is_ended_like_any_other(running, monkeypatch):
    one = running("deaf")
    monkeypatch.setattr(evaluation_process, "SECONDS_TO_STOP", 5.0)
    one.start(ASKED, "x")
    until(one, "running")
    process = one._process
    os.sched_setscheduler(process.pid, os.SCHED_IDLE, os.sched_param(0))
    one.cancel()
    while os.sched_getscheduler(process.pid) != os.SCHED_OTHER:
        assert process.poll() is None, "it was killed as it was"
        time.sleep(0.01)
    until(one, "stopped")


def test_a_cancelled_run_goes_on_where_it_stopped(running):
    one = running("last")
    one.start(ASKED, "x")
    until(one, "running")
    time.sleep(0.1)
    one.cancel()
    assert one.progress()["state"] in ("stopping", "stopped")
    stopped = until(one, "stopped")
    assert stopped["done"] > 0
    assert one.unfinished() == [ASKED]
    one.start(ASKED, "x")
    assert one.unfinished() == []
    assert until(one, "running")["done"] > stopped["done"]


def test_one_that_does_not_listen_is_ended(running):
    one = running("deaf")
    one.start(ASKED, "x")
    until(one, "running")
    one.cancel()
    assert until(one, "stopped")["error"] is None


def test_nothing_to_cancel_is_said(running):
    one = running("finish")
    with pytest.raises(InputError, match="nothing to cancel"):
        one.cancel()


def test_a_failure_says_why_and_is_not_offered_again(running):
    one = running("fail")
    one.start(ASKED, "x")
    assert until(one, "failed")["error"] == "No such rows: give others."
    assert one.unfinished() == []


def test_a_crash_names_its_log(running, tmp_path):
    one = running("crash")
    one.start(ASKED, "x")
    error = until(one, "failed")["error"]
    assert "code 7" in error
    assert Path(error.split("its log is ")[1].removesuffix(".")).is_file()


def test_another_request_has_another_folder(running, tmp_path):
    one = running("finish")
    for asked in (
        ASKED,
        EvaluationRequest("a" * 64, "own:qqp-dev.csv", 40),
        EvaluationRequest("a" * 64, "own:qqp/dev.csv", None),
    ):
        one.start(asked, "x")
        until(one, "done")
    assert len(list((tmp_path / "runs").iterdir())) == 3


def test_closing_ends_the_run(running):
    one = running("last")
    one.start(ASKED, "x")
    until(one, "running")
    one.close()
    assert one.progress()["state"] == "stopped"
