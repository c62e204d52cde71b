"""Processes that leave others the computer and do not outlive who started them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.app_process import ROOT


def test_a_background_process_stands_back():
    code = (
        "import os; from assistant.command_line.child import stand_back; stand_back();"
        "print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0) == os.SCHED_IDLE)"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["19", "True"]


def test_a_background_process_ends_with_a_killed_parent():
    sleeper = (
        "import os, time; from assistant.command_line.lifetime import end_with; end_with(os.getppid());"
        "print(os.getpid(), flush=True); time.sleep(60)"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {sleeper!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        pid = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and _state(pid) != "Z":
        assert time.monotonic() < deadline, "it outlived its parent"
        time.sleep(0.05)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def test_a_background_process_whose_parent_is_gone_does_not_begin():
    code = "from assistant.command_line.lifetime import end_with; end_with(1)"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode != 0
    assert "start it again" in ended.stderr


def test_a_command_in_the_background_gets_its_own_arguments_and_logs_json_lines(tmp_path: Path):
    (tmp_path / "spoken.py").write_text(
        "import logging, sys\n"
        "from assistant.command_line.runner import Command\n"
        "def work(options):\n"
        "    logging.getLogger('spoken').info('at work')\n"
        "    print(options.rest)\n"
        "    return 1\n"
        "main = Command('spoken', 'Speaks.', work=work, arguments=lambda p: p.add_argument('--rest', nargs=2))\n"
        "if __name__ == '__main__':\n"
        "    main.run()\n"
    )
    spoken = ["spoken", "--rest", "a", "b"]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{tmp_path}"}
    for options, logged in (["--background"], ["at work"]), ([], []):
        command = [sys.executable, "-m", "assistant.command_line.child", *options, str(os.getpid()), *spoken]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert (ended.returncode, ended.stdout) == (1, "['a', 'b']\n")
        assert [json.loads(line)["message"] for line in ended.stderr.splitlines()] == logged
