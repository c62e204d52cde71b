"""`make test` does its own set-up: the real Makefile, with stand-ins for apt-get, sudo and the environment's Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.chromium import INSTALL, ChromiumMissing, install_chromium
from tests.support.paths import ROOT

LINE = "#!/bin/sh\n"


class Machine:
    """A machine without Chromium: a PATH of its own, and what was run there, one command a line."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self._venv = folder / "venv"
        self._log = folder / "log"
        for program in ("env", "grep", "touch"):
            self.put(self.bin / program, f'{LINE}exec {shutil.which(program)} "$@"\n')
        self.put(self._venv / "bin" / "python", f'{LINE}echo "python $*" >> {self._log}\n')

    def put(self, path: Path, script: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def put_apt_get(self, installs: bool) -> None:
        chromium = self.bin / "chromium"
        install = f"echo > {chromium}; /bin/chmod +x {chromium}" if installs else "exit 100"
        self.put(
            self.bin / "apt-get",
            f'{LINE}echo "apt-get $*" >> {self._log}\nif [ "$1" = install ]; then {install}; fi\n',
        )

    def put_sudo(self) -> None:
        self.put(self.bin / "sudo", f'{LINE}echo "sudo $*" >> {self._log}\nexec "$@"\n')

    def make_test(self) -> subprocess.CompletedProcess:
        command = [str(shutil.which("make")), "test", f"VENV={self._venv}", f"PYTHON={sys.executable}"]
        return subprocess.run(command, cwd=ROOT, env={"PATH": str(self.bin)}, capture_output=True, text=True)

    def take_log(self) -> list[str]:
        """The commands since the last time."""
        if not self._log.exists():
            return []
        lines = self._log.read_text().splitlines()
        self._log.unlink()
        return lines


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_make_test_installs_chromium_first_and_runs_the_tests_last(machine):
    machine.put_apt_get(installs=True)
    machine.put_sudo()
    assert machine.make_test().returncode == 0
    log = [line for line in machine.take_log() if not line.startswith("sudo")]
    assert log[:2] == ["apt-get update", "apt-get install -y --no-install-recommends chromium"]
    assert any("pip install" in line for line in log)
    assert "python -m assistant.fetch_weights" in log
    assert log[-1].startswith("python -m pytest")


def test_a_second_make_test_installs_nothing(machine):
    machine.put_apt_get(installs=True)
    machine.put_sudo()
    machine.make_test()
    machine.take_log()
    assert machine.make_test().returncode == 0
    weights, tests = machine.take_log()
    assert weights == "python -m assistant.fetch_weights"
    assert tests.startswith("python -m pytest")


def test_without_a_way_to_chromium_make_test_ends_before_any_set_up(machine):
    machine.put_apt_get(installs=False)
    machine.put_sudo()
    ended = machine.make_test()
    assert ended.returncode != 0
    assert not [line for line in machine.take_log() if line.startswith("python")]
    (told,) = (line for line in ended.stderr.splitlines() if "Chromium" in line)
    assert told.endswith(f"run as root: {INSTALL}")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("user", "asked"), [(0, "apt-get"), (1000, "sudo env DEBIAN_FRONTEND=noninteractive apt-get")])
def test_whoever_is_not_root_installs_with_sudo(machine, monkeypatch, user, asked):
    monkeypatch.setenv("PATH", str(machine.bin))
    monkeypatch.setattr(os, "geteuid", lambda: user)
    machine.put_apt_get(installs=True)
    machine.put_sudo()
    install_chromium()
    assert machine.take_log()[0] == f"{asked} update"


@pytest.mark.parametrize(
    ("apt_get", "fix"),
    [(True, f"only root may install it here; run as root: {INSTALL}"), (False, "install your system's package")],
)
def test_what_cannot_be_installed_is_told_with_the_fix(machine, monkeypatch, apt_get, fix):
    monkeypatch.setenv("PATH", str(machine.bin))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    if apt_get:
        machine.put_apt_get(installs=True)
    with pytest.raises(ChromiumMissing, match=fix):
        install_chromium()
    assert machine.take_log() == []
