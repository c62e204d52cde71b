"""What is noted about the machine and the code of a run."""

from __future__ import annotations

import mmap
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evals.runs.environment import environment
from training.tracking.machine import figures


def test_figures_of_the_machine(tmp_path: Path) -> None:
    before = figures(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "weights").write_bytes(bytes(8 << 20))
    # Pages that no earlier test has left behind: freed memory is given out again before the process grows.
    with mmap.mmap(-1, 64 << 20) as block:
        block.write(bytes(64 << 20))
        after = figures(tmp_path)
    assert after["disk_used_gib"] - before["disk_used_gib"] == 8 / 1024
    assert after["memory_gib"] - before["memory_gib"] == pytest.approx(64 / 1024, abs=0.02)
    assert after["memory_peak_gib"] >= after["memory_gib"] - 0.01
    assert 0 <= after["cpu_percent"] <= 100
    assert after["disk_free_gib"] > 0


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    done = subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_environment_names_versions_and_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = environment(tmp_path)
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["packages"]["numpy"] == np.__version__
    assert (found["git_commit"], found["git_dirty"]) == (None, None)
    git(tmp_path, "init")
    (tmp_path / "code.py").write_text("a = 1\n")
    assert environment(tmp_path)["git_commit"] is None
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "First")
    found = environment(tmp_path)
    assert (found["git_commit"], found["git_dirty"]) == (git(tmp_path, "rev-parse", "HEAD"), False)
    (tmp_path / "code.py").write_text("a = 2\n")
    assert environment(tmp_path)["git_dirty"] is True
    monkeypatch.setenv("PATH", str(tmp_path))  # no git in it
    assert environment(tmp_path)["git_commit"] is None


def test_a_copy_of_the_code_inside_another_repository_has_no_commit(tmp_path: Path) -> None:
    git(tmp_path, "init")
    (tmp_path / "theirs.py").write_text("a = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "Theirs")
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "code.py").write_text("b = 1\n")
    assert environment(tmp_path / "ours")["git_commit"] is None
