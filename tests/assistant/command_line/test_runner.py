"""What each end of a command's work becomes: an exit code and a message."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from assistant.command_line.runner import Command
from assistant.errors import BusyError, InputError, RefusedError
from tests.support.commands import ran
from tests.support.paths import ROOT

GOES_ON = "It goes on there."


def command(work: Callable[[argparse.Namespace], int | None]) -> Command:
    return Command("example", "Does a thing.", work=work, next_step=GOES_ON)


def raising(error: BaseException) -> Command:
    def work(options: argparse.Namespace) -> None:
        raise error

    return command(work)


@pytest.mark.parametrize(
    ("error", "code", "complaint"),
    [
        (RefusedError("The gate is closed: train on."), 1, "The gate is closed: train on.\n"),
        (InputError("No rows: give some."), 2, "No rows: give some.\n"),
        (
            FileNotFoundError(2, "No such file or directory", "x.csv"),
            2,
            f"[Errno 2] No such file or directory: 'x.csv'. Check the path and the space on the disk. {GOES_ON}\n",
        ),
        (BusyError("Another run holds it: wait."), 75, "Another run holds it: wait.\n"),
        (KeyboardInterrupt(), 130, f"Stopped. {GOES_ON}\n"),
    ],
)
def test_an_error_is_one_line_and_a_code(capsys, error: BaseException, code: int, complaint: str) -> None:
    assert ran(raising(error), capsys, []) == (code, "", complaint)


def test_an_unforeseen_error_shows_where_it_came_from(capsys: pytest.CaptureFixture) -> None:
    code, _, complaint = ran(raising(ZeroDivisionError("by zero")), capsys, [])
    assert code == 2
    assert complaint.startswith("Traceback") and "ZeroDivisionError: by zero" in complaint
    assert complaint.endswith(f"report it if it is a fault of Resposta. {GOES_ON}\n")


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (1, 1)])
def test_what_the_work_returns_is_the_code(capsys, returned: int | None, code: int) -> None:
    assert ran(command(lambda options: returned), capsys, []) == (code, "", "")


def test_an_exit_that_is_not_a_stop_passes() -> None:
    """That of a command within a command, which has printed its message already."""
    with pytest.raises(SystemExit) as ended:
        raising(SystemExit(143))([])
    assert ended.value.code == 143


CHILD = """
import logging, signal, sys, time
from assistant.command_line.runner import Command
def work(options):
    logging.getLogger("example").warning("at work")
    logging.getLogger("example").info("in detail")
    print("begun", flush=True)
    time.sleep(60)
Command("app.py", "Serves.", work=work, next_step="It goes on.", server=bool(SERVER)).run()
"""


@pytest.mark.parametrize(
    ("server", "number", "code", "last"),
    [
        (False, signal.SIGTERM, 143, "Stopped. It goes on."),
        (False, signal.SIGINT, 130, "Stopped. It goes on."),
        (True, signal.SIGTERM, 0, ""),
        (True, signal.SIGINT, 130, ""),
    ],
)
def test_a_stop_and_the_log(server: bool, number: signal.Signals, code: int, last: str) -> None:
    program = CHILD.replace("SERVER", str(int(server)))
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        _, complaint = process.communicate(timeout=20)
    assert process.returncode == code
    if server:
        assert [json.loads(line)["message"] for line in complaint.splitlines()] == ["at work", "in detail"]
    else:
        assert complaint.splitlines() == ["at work", last]


def test_main_leaves_the_log_of_the_process_alone(capsys: pytest.CaptureFixture) -> None:
    before = list(logging.getLogger().handlers)
    assert command(lambda options: None)([]) == 0
    assert logging.getLogger().handlers == before
