"""Starting and stopping the app: one clear message when it cannot start, nothing left behind when it stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.support.app_process import OURS, ROOT, free_port, serve


def _start(tmp_path, **environment: str) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=clean | {"DATA_DIR": str(tmp_path), "PORT": str(free_port())} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("environment", "fix"),
    [
        ({"PORT": "abc"}, "PORT"),
        ({"RESPOSTA_TREADS": "2"}, "RESPOSTA_THREADS"),
        ({"HOST": "0.0.0.0"}, "HOST=127.0.0.1"),
        ({"SPACE_ID": "team/desk"}, "DEMO=1"),
    ],
)
def test_a_wrong_setting_is_one_message_that_names_the_fix(tmp_path, environment, fix):
    ended = _start(tmp_path, **environment)
    assert ended.returncode == 2
    assert fix in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_in_use_is_told_before_anything_is_loaded(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ended = _start(tmp_path, PORT=str(other.getsockname()[1]))
    assert ended.returncode == 2
    assert "choose another, for example PORT=" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_missing_database_is_one_message(tmp_path):
    ended = _start(tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert ended.returncode == 2
    assert "DATABASE_URL" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_stop_is_clean_and_a_second_start_finds_everything(tmp_path):
    with serve(tmp_path) as first:
        secret = (first.data_dir / "browser_secret").read_text()
    assert first.process.returncode == 0
    assert "Traceback" not in first.log.read_text()
    with serve(tmp_path) as second:
        assert (second.data_dir / "browser_secret").read_text() == secret
        second.process.send_signal(signal.SIGINT)
        assert second.process.wait(30) == 130
    assert "Traceback" not in second.log.read_text()
