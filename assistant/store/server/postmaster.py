"""Which server process, if any, serves a cluster folder. Nothing here starts one."""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A running server: its process, and the folder of its Unix socket."""

    process: psutil.Process
    socket_dir: Path


def running_postmaster(cluster: Path) -> Postmaster | None:
    """The ready server that `postmaster.pid` names, or None.

    The file outlives a kill -9 and its number may by now belong to anybody, so it is
    believed only if that process is a `postgres` started on this very folder.
    """
    lines = _pid_file(cluster)
    if len(lines) < 8 or lines[7] != "ready" or not lines[4]:
        return None
    try:
        process = psutil.Process(int(lines[0]))
    except (psutil.NoSuchProcess, ValueError):
        return None
    return Postmaster(process, Path(lines[4])) if _serves(process, cluster) else None


def stale_socket_dir(cluster: Path) -> Path | None:
    """The socket folder that the last server named in `postmaster.pid`, running or not."""
    lines = _pid_file(cluster)
    return Path(lines[4]) if len(lines) >= 5 and lines[4] else None


def stop_strays(cluster: Path) -> int:
    """Stop every server process still at work in this folder; their number.

    They stay behind when the folder was deleted and made again, when a server hangs
    half-started, or for a moment after its parent was killed; a second server beside
    them would corrupt the data.
    """
    strays = [process for process in psutil.process_iter() if _works_in(process, cluster)]
    # A whole server shuts down cleanly; one without its files or its parent process cannot,
    # and is told to quit at once (the next start recovers from the log).
    whole = [process for process in strays if _serves(process, cluster)] if (cluster / "PG_VERSION").exists() else []
    for number, told in ((signal.SIGINT, whole), (signal.SIGQUIT, strays), (signal.SIGKILL, strays)):
        for process in told:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        if told and not _still_running(strays, seconds=10):
            break
    return len(strays)


def forget_dead_server(cluster: Path) -> None:
    """Drop the pid files that a dead server left.

    Postgres believes any living process that bears the number, even a stranger or a
    zombie, and would refuse to start. Call it only when `stop_strays` left the folder quiet.
    """
    for name in ("postmaster.pid", SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (cluster / name).unlink(missing_ok=True)


def listens(socket_path: Path) -> bool:
    """Whether any process accepts connections there, even one of another container."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(socket_path))
        except OSError:
            return False
    return True


def _pid_file(cluster: Path) -> list[str]:
    try:
        text = (cluster / "postmaster.pid").read_text()
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [line.strip() for line in text.splitlines()]


def _serves(process: psutil.Process, cluster: Path) -> bool:
    if not _works_in(process, cluster):
        return False
    try:
        arguments = process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    # Its children overwrite their command line with a title, so only the server has -D.
    return any(flag == "-D" and Path(value) == cluster for flag, value in pairwise(arguments))


def _works_in(process: psutil.Process, cluster: Path) -> bool:
    """Every process of a server has its data folder as working folder."""
    try:
        if process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.cwd().removesuffix(" (deleted)") == str(cluster)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _still_running(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those of `processes` that have not ended in time. A zombie has ended: nobody may be there to reap it."""
    deadline = time.monotonic() + seconds
    while (left := [process for process in processes if _lives(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
