"""The rehearsal itself: who may hold it, what a failing app is told with, and how it measures."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath

import pytest

import rehearse
import space_environment
from rehearse import Figure, main
from space_environment import FOLDER, CannotRehearseError, RehearsalError, others_python, own_folder
from space_measures import Memory
from space_plan import make_plan
from space_process import laid_out, running
from tests.support.app_process import free_port
from tests.support.commands import ran

REPO = "ana/resposta"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start the app as another user")


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch):
    """Let the rehearsal measure this."""
    monkeypatch.setattr(rehearse, "made_environment", lambda folder: Path(sys.executable))

    def give(measured) -> None:
        monkeypatch.setattr(rehearse, "rehearse", measured)

    return give


@as_root
def test_aims_decide_the_exit_code(figures, capsys: pytest.CaptureFixture) -> None:
    told = Figure("disk", 900, "MiB")
    figures(lambda space, port: [told, Figure("start", 90, "s", 90)])
    assert ran(main, capsys, []) == (0, f"{'disk':<42}     900 MiB   \n{'start':<42}      90 s     at most 90 s\n", "")
    figures(lambda space, port: [told, Figure("start", 91, "s", 90)])
    code, shown, _ = ran(main, capsys, [])
    assert code == 1 and shown.endswith("91 s     at most 90 s  MISSED\n")


@as_root
def test_what_did_not_work_is_told(figures, capsys: pytest.CaptureFixture) -> None:
    def fails(space, port) -> list[Figure]:
        raise RehearsalError("The app ended at its start:\nImportError")

    figures(fails)
    assert ran(main, capsys, []) == (1, "", "The app ended at its start:\nImportError\n")
    assert ran(main, capsys, ["--user", "nobody-at-all"])[0] == 2
    assert "A Space does not run as root" in ran(main, capsys, ["--user", "root"])[2]


def test_only_root_can_hold_it(figures, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    code, _, complaint = ran(main, capsys, [])
    assert code == 2 and complaint.endswith("start it as root, for example with sudo.\n")


@as_root
def test_an_app_that_does_not_start_is_told_with_its_log_and_nothing_stays() -> None:
    own_folder(FOLDER)
    before = set(FOLDER.iterdir())
    # A Python without any of the requirements.
    with (
        pytest.raises(RehearsalError, match="No module named"),
        laid_out(FOLDER, others_python(), REPO) as space,
        running(space, free_port()),
    ):
        pytest.fail("it started")
    assert set(FOLDER.iterdir()) == before


@as_root
def test_the_files_are_those_of_a_deployment_and_the_user_cannot_write_them() -> None:
    with laid_out(FOLDER, others_python(), REPO) as space:
        laid = {path.relative_to(space.tree).as_posix() for path in space.tree.rglob("*") if path.is_file()}
        assert laid == {file.path for file in make_plan(REPO).files}
        modes = {stat.S_IMODE(path.stat().st_mode) & 0o222 for path in (space.tree, *space.tree.rglob("*"))}
        assert modes == {0} and space.tree.stat().st_uid == 0
        found = space.environment(7000)
        assert (found["SYSTEM"], found["SPACE_ID"], found["PORT"]) == ("spaces", REPO, "7000")
        deployed = make_plan(REPO, writable=PurePosixPath(space.writable)).variables
        assert deployed.keys() <= found.keys() and found["DATA_DIR"] == deployed["DATA_DIR"]


@as_root
def test_memory_is_that_of_all_processes_in_the_folder() -> None:
    with laid_out(FOLDER, others_python(), REPO) as space:
        code = "import time; kept = bytes(range(256)) * (300 << 10); print(flush=True); time.sleep(60)"
        holding = [
            subprocess.Popen([sys.executable, "-c", code], cwd=space.writable, stdout=subprocess.PIPE) for _ in range(2)
        ]
        memory = Memory()
        for one in holding:
            one.stdout.readline()
        with memory.watching(space):
            time.sleep(1)
        for one in holding:
            one.kill()
            one.communicate()
    assert 150 < memory.peak < 400


def test_a_folder_that_others_can_write_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    own_folder(folder)
    folder.chmod(0o777)
    with pytest.raises(CannotRehearseError, match="can be written by others: remove it"):
        own_folder(folder)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(CannotRehearseError):
        own_folder(tmp_path / "link")


def test_a_python_that_others_cannot_run_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space_environment, "_open_to_all", lambda path: False)
    with pytest.raises(CannotRehearseError, match=r"No Python 3\.11 was found that another user may run"):
        others_python()
