"""One retraining, from what agents said to production and the Hub, broken off wherever it can be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import psutil
import pytest
import yaml
from filelock import FileLock

from assistant.settings import Settings
from assistant.store.connection import Store
from assistant.versions.registry import Registry
from evals.reporting.pair_report import at_thresholds, pair_findings
from evals.reporting.report import Report, write_report
from tests.support.adapters import TASK, make_version
from tests.support.commands import ran
from tests.support.evaluations import NO_MARGINS, alone, pair_rows
from tests.support.hub_server import OWNER, WRITES
from tests.support.interactions import asked
from training.backend.run_folders import open_run
from training.recipe import load_recipe
from training.retrain import main
from training.retraining.commands import ROOT, StepFailed, run_command
from training.retraining.journal import Journal
from training.retraining.steps import RECIPE
from training.retraining.summary import PAGE, TEXT

SMOKE = "training/recipes/smoke.yaml"
LLAMA3 = "training/recipes/question-similarity-llama3-judge.yaml"
WHOLE = ["training.run", "training.calibrate", "evals.run", "evals.run"]
ARGUMENTS = ("--recipe", SMOKE, "--data", "/nowhere", "--measure", "shop-en", "shop-pt", "--who", "ana")


class Commands:
    """Does in a moment what the commands do in an hour: leaves a version, and reports of the skill it is told."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self.settings = settings
        self.registry = registry
        self.ran: list[list[str]] = []
        self.skill = 1.6
        self.breaks_at: int | None = None

    def __call__(self, arguments: list[str], settings: Settings) -> None:
        self.ran.append(list(arguments))
        if len(self.ran) - 1 == self.breaks_at:
            raise StepFailed("the power went")
        module, *rest = arguments
        if module == "accelerate.commands.launch":
            module, *rest = rest[rest.index("-m") + 1 :]
        if module == "training.run" and "--dry-run" not in rest:
            run = open_run(settings.data_dir / "runs", load_recipe(Path(rest[0])))
            if not run.is_finished:
                make_version(run.version, seed=len(list(run.folder.parent.iterdir())))
            self.registry.add(run.version, "ana")
        elif module == "evals.run":
            told = dict(zip(rest[::2], rest[1::2], strict=False))
            made = pair_rows(3, self.skill, 330)
            rows = [replace(row, probability=0.5) if row.probability is None else row for row in made]
            found = pair_findings(rows, 0.5)
            found["detail"]["app"] = at_thresholds(rows, {"en": 0.5, "pt": 0.5}, NO_MARGINS, alone)
            report = Report(
                task=TASK,
                system="judge",
                model={"version": told["--adapter"]},
                data={
                    "name": told["--data"],
                    "sha256": sha256(told["--data"].encode()).hexdigest(),
                    "rows": 330,
                    "measured": 330,
                    "languages": {},
                },
                leaks={"allowed": False, "rows": [], "dropped": []},
                threshold=0.5,
                cost={"single_row_seconds": 0.2, "peak_memory_bytes": 2 << 30},
                **found,
            )
            write_report(Path(rest[rest.index("--out") + 1]), report, rows)

    @property
    def modules(self) -> list[str]:
        return [arguments[0] for arguments in self.ran]


@pytest.fixture
def commands(settings: Settings, registry: Registry, hub_server, monkeypatch: pytest.MonkeyPatch) -> Commands:
    environment = {"DATABASE_URL": settings.database_url, "DATA_DIR": str(settings.data_dir)}
    for name, value in (environment | {"HF_ENDPOINT": hub_server[0], "HF_TOKEN": WRITES}).items():
        monkeypatch.setenv(name, value)
    made = Commands(settings, registry)
    monkeypatch.setattr("training.retraining.steps.run_command", made)
    monkeypatch.setattr("training.retrain.run_command", made)
    return made


Rated = Callable[..., None]


@pytest.fixture
def rated(store: Store) -> Rated:
    """Have an agent use or reject the answer to a question."""

    def rate(question: str, verdict: str = "used") -> None:
        asked(store, question, verdict, past="How is a kite <b>returned</b>?")

    return rate


@pytest.fixture
def said(capsys: pytest.CaptureFixture):
    return lambda *arguments: ran(main, capsys, [*ARGUMENTS, *arguments])


def folders(settings: Settings) -> list[Path]:
    return sorted(path for path in (settings.data_dir / "retrainings").iterdir() if path.is_dir())


def test_from_what_agents_said_to_production_and_the_hub(
    commands: Commands, rated: Rated, said, settings: Settings, registry: Registry, hub_server
) -> None:
    code, out, _ = said()
    assert code == 0 and "judged 0 pairs that can train, fewer than 1: --at-least 0" in out and commands.ran == []
    rated("Can the kite go back?")
    rated("Do kites fly?", "rejected")
    repo = f"{OWNER}/judge"
    code, out, err = said("--promote", "--publish", repo)
    assert (code, err) == (0, "")
    assert commands.modules == WHOLE
    (folder,) = folders(settings)
    *_, said_by_agents = yaml.safe_load((folder / RECIPE).read_text())["data"]["sources"]
    pairs = Path(said_by_agents["file"]).read_text()
    assert pairs.count("\n") == 2 and "feedback 2, rejected" in pairs and said_by_agents["both_orders"]
    production = registry.production(TASK)
    calibrate = commands.ran[1]
    assert calibrate[1:3] == ["--version", production.digest] and calibrate[-2:] == ["--limit", "500"]
    found, events = registry.show(production.digest)
    moves = [(event.before, event.after) for event in events if event.action == "promoted"]
    assert moves == [("candidate", "staging"), ("staging", "production")] and found.stage == "production"
    assert "shop-en" in next(event.report for event in events if event.after == "staging")
    commit = hub_server[1].repositories[repo].tags["production"]
    assert not hub_server[1].repositories[repo].private
    for text in (out, (folder / TEXT).read_text()):
        assert f"{production.digest[:12]} is in production" in text and f"{repo}@{commit}" in text
        assert "2 pairs, 1 of them the same" in text and "FAILED" not in text
    assert "<script" not in (folder / PAGE).read_text()

    code, out, _ = said("--promote", "--publish", repo)
    assert code == 0 and "nothing new" in out
    rated("Is the kite returned by post?")
    said("--promote")
    # What serves is not measured anew: the gate finds its reports.
    assert commands.modules == WHOLE * 2 and len(folders(settings)) == 2
    assert registry.production(TASK).digest != production.digest


@pytest.mark.parametrize("broken", range(len(WHOLE)))
def test_broken_off_anywhere_it_goes_on_there(
    commands: Commands, rated: Rated, said, settings: Settings, registry: Registry, broken: int
) -> None:
    rated("Can the kite go back?")
    commands.breaks_at = broken
    code, _, err = said("--promote")
    assert code == 2 and "the power went" in err
    # What was said meanwhile belongs into the next one.
    rated("Is the kite returned by post?")
    code, _, err = said("--promote")
    assert (code, err) == (0, "")
    assert commands.modules == [*WHOLE[: broken + 1], *WHOLE[broken:]]
    assert len(folders(settings)) == 1 and registry.production(TASK)


STEPS = ("export", "train", "calibrate", "measure", "measure", "staging", "gate", "production", "publish")


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_killed_after_a_step_and_before_it_is_written_down(
    commands: Commands, rated: Rated, said, registry: Registry, hub_server, monkeypatch, number: int
) -> None:
    rated("Can the kite go back?")
    note, noted = Journal.note, []

    def dies(journal: Journal, step: str, *result) -> None:
        noted.append(step)
        if len(noted) - 1 == number:
            raise OSError(28, "No space left on device")
        note(journal, step, *result)

    whole = ("--promote", "--publish", f"{OWNER}/judge", "--private")
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "note", dies)
        code, _, err = said(*whole)
    assert noted[-1].partition(" ")[0] == STEPS[number]
    assert code == 2 and "No space left" in err and "goes on with this step" in err
    code, out, _ = said(*whole)
    assert code == 0 and "is in production" in out
    repository = hub_server[1].repositories[f"{OWNER}/judge"]
    assert "production" in repository.tags and repository.private
    moves = [event.after for event in registry.show(f"{TASK}@production")[1] if event.action == "promoted"]
    assert moves == ["staging", "production"]


def test_what_came_to_production_meanwhile_is_measured_before_it_is_replaced(
    commands: Commands, rated: Rated, said, registry: Registry, tmp_path: Path
) -> None:
    rated("Can the kite go back?")
    assert said()[0] == 0
    other = make_version(tmp_path / "other", seed=9)
    registry.add(tmp_path / "other", "ana")
    registry.promote(other.digest, "production", "ana", "urgent")
    code, out, _ = said("--promote")
    assert code == 0 and "is in production" in out
    measured = [arguments[arguments.index("--adapter") + 1] for arguments in commands.ran[len(WHOLE) :]]
    mine = registry.production(TASK).digest
    assert measured == [mine, other.digest] * 2 and mine != other.digest


def test_published_from_staging_and_again_from_production(commands: Commands, rated: Rated, said, hub_server) -> None:
    rated("Can the kite go back?")
    publish = ("--publish", f"{OWNER}/judge")
    assert [said(*publish)[0], said("--promote", *publish)[0]] == [0, 0]
    tags = hub_server[1].repositories[f"{OWNER}/judge"].tags
    assert tags["staging"] == tags["production"]


def test_several_processes_train_with_peft_through_accelerate(
    commands: Commands, rated: Rated, said, settings: Settings
) -> None:
    rated("Can the kite go back?")
    assert said("--processes", "2", "--recipe", LLAMA3)[0] == 0
    (folder,) = folders(settings)
    launched = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "-m", "training.run"]
    assert commands.ran[0] == [*launched, str(folder / RECIPE), "--yes"]
    assert load_recipe(folder / RECIPE).backend == "peft"


def test_a_version_that_the_gate_refuses_stays_in_staging(
    commands: Commands, rated: Rated, said, settings: Settings, registry: Registry
) -> None:
    rated("Can the kite go back?")
    commands.skill = 0.1
    code, out, _ = said("--promote", "--publish", f"{OWNER}/judge")
    assert code == 1 and "stays in staging: the gate refuses it (shop-en en accuracy" in out
    assert registry.production(TASK) is None and registry.find(f"{TASK}@staging")
    code, out, _ = said("--promote")
    assert code == 0 and "nothing new" in out and commands.modules == WHOLE


def test_what_was_not_asked_for_at_first_is_done_later(
    commands: Commands, rated: Rated, said, registry: Registry
) -> None:
    rated("Can the kite go back?")
    code, out, _ = said()
    assert code == 0 and "waits in staging. Bring it to production with" in out
    code, out, _ = said("--promote")
    assert code == 0 and "is in production" in out and commands.modules == WHOLE
    assert registry.find(f"{TASK}@production")


def test_two_at_once_and_a_dry_run(commands: Commands, rated: Rated, said, settings: Settings) -> None:
    rated("Can the kite go back?")
    code, out, _ = said("--dry-run", "--promote")
    assert code == 0 and "1 pairs from agents" in out and "gate; production, if the gate is open" in out
    assert [arguments[-1] for arguments in commands.ran] == ["--dry-run"]
    assert not (settings.data_dir / "feedback").exists() and not (settings.data_dir / "runs").exists()
    home = settings.data_dir / "retrainings"
    home.mkdir()
    with FileLock(home / "lock"):
        # A lock of this very process would be given twice.
        code = subprocess.run(
            [sys.executable, "-m", "training.retrain", *ARGUMENTS], cwd=ROOT, capture_output=True, check=False
        ).returncode
    assert code == 75


def test_a_wrong_recipe_says_so(commands: Commands, said) -> None:
    code, _, err = said("--task", "portuguese-qa")
    assert code == 2 and "give --task question-similarity" in err
    code, _, err = said("--set", "training.epoch=2")
    assert code == 2 and "did you mean epochs?" in err


def test_a_step_ends_with_its_retraining_and_fails_with_its_exit_code(settings: Settings) -> None:
    with pytest.raises(StepFailed, match=r"python -m training.run missing.yaml ended with exit code 2"):
        run_command(["training.run", "missing.yaml"], settings)
    code = (
        "from assistant.settings import load_settings; from training.retraining.commands import run_command; "
        "run_command(['http.server', '0', '--bind', '127.0.0.1'], load_settings())"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not (children := psutil.Process(parent.pid).children()):
        assert time.monotonic() < until
        time.sleep(0.05)
    time.sleep(1)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    gone, alive = psutil.wait_procs(children, timeout=20)
    assert gone and not alive
