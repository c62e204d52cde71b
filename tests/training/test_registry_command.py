"""The commands, from a folder to the Hub and back."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.settings import Settings
from assistant.versions.registry import SHIPPED_FOLDER
from assistant.versions.version import CANARIES, FILES
from tests.support.adapters import TASK, make_version
from tests.support.commands import ran
from tests.support.hub_server import WRITES
from tests.support.paths import ROOT
from tests.support.unfit_adapters import with_weights, without_effect
from training.registry import main

REPO = "ana/judge"


@pytest.fixture
def said(settings: Settings, hub_server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    """Run a command of the registry: its exit code, what it printed, what it complained of."""
    environment = {
        "DATABASE_URL": settings.database_url,
        "DATA_DIR": str(settings.data_dir),
        "HF_ENDPOINT": hub_server[0],
        "HF_TOKEN": WRITES,
        # For the commands that run in a process of their own.
        "HF_HUB_DISABLE_XET": "1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    return lambda *arguments: ran(main, capsys, arguments)


def publish(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "training.publish", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_commands_from_a_folder_to_the_hub_and_back(said, settings: Settings, hub_server, tmp_path: Path) -> None:
    version = make_version(tmp_path / "made")

    def registry(*arguments: str) -> str:
        code, printed, complaint = said(*arguments)
        assert (code, complaint) == (0, "")
        return printed

    assert "No versions yet" in registry("list")
    code, printed, complaint = said("add", str(tmp_path / "made"))
    assert code == 0 and f"{version.digest[:12]}  {TASK}  candidate" in printed
    # Its base is not to be had, so nothing can be asked of it yet.
    assert f"run `python -m training.registry canaries {version.digest[:12]}`" in complaint
    (tmp_path / "report.json").write_text('{"accuracy": 0.84}')
    report = ("--report", str(tmp_path / "report.json"))
    promotion = ("promote", version.digest[:8], "--to", "production", "--why", "first", "--who", "ana", *report)
    code, _, complaint = said(*promotion)
    assert code == 1 and complaint.startswith(f"The gate refuses {version.digest[:12]} (measured on shop-en: no")
    registry(*promotion, "--override", "there is none yet")
    done = publish(f"{TASK}@production", REPO, "--private", "--who", "ana")
    assert done.returncode == 0, done.stderr
    commit = hub_server[1].repositories[REPO].tags["production"]
    assert done.stdout.strip() == f"{REPO}@{commit}"
    shutil.rmtree(settings.data_dir / "adapters")
    assert "production" in said("add", done.stdout.strip())[1]
    assert {file.name: file.read_bytes() for file in (settings.data_dir / "adapters" / version.digest).iterdir()} == {
        name: (tmp_path / "made" / name).read_bytes() for name in FILES
    }
    shown = registry("show", f"{TASK}@production")
    assert "promoted (candidate → production)  ana" in shown
    assert "accuracy 0.84, override there is none yet, gate refused: measured on shop-en; " in shown
    assert "first (past the gate: there is none yet)" in shown
    assert f"{REPO}@{commit}" in shown
    assert "qqp dev roc_auc" in shown
    assert "archived" in registry("archive", version.digest, "--why", "worse")
    assert "production" in registry("rollback", TASK, "--why", "not worse")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("add", "nowhere"), "nowhere is not a folder. Point to"),
        (("promote", "abcd", "--to", "staging", "--why", "x", "--report", "Makefile"), "Makefile is not valid JSON"),
        (("show", "abcd"), "There is no version 'abcd'"),
        (("rollback", TASK, "--why", "x"), "has had no production version before"),
        (("add", f"{REPO}@{'0' * 40}"), f"shows no repository {REPO}"),
    ],
)
def test_commands_that_cannot_be_done_end_with_one_line(said, arguments, reason: str) -> None:
    code, printed, complaint = said(*arguments)
    assert (code, printed) == (2, "")
    assert reason in complaint
    assert complaint.count("\n") == 1


def test_publishing_what_is_not_there(said) -> None:
    done = publish(f"{TASK}@production", REPO)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"There is no version '{TASK}@production'")


def test_an_adapter_without_effect_is_told_apart_and_not_asked(said, settings: Settings, tmp_path: Path) -> None:
    version = with_weights(SHIPPED_FOLDER / TASK, tmp_path / "bare", without_effect)
    code, printed, complaint = said("add", str(tmp_path / "bare"))
    assert (code, printed) == (2, "")
    assert complaint.startswith(f"Version {version.digest[:12]} changes nothing: to every canary question gemma-3-270m")
    shown = said("show", version.digest[:12])[1]
    assert "refused  resposta" in shown
    assert not (settings.data_dir / "adapters" / version.digest / CANARIES).exists()
