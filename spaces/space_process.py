"""The app as a Space runs it: exactly the deployed files, read-only, a user without rights, one folder to write to."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import httpx
import psutil

from space_environment import CannotRehearseError, RehearsalError, own_folder
from space_plan import SpacePlan, make_plan

USER = "nobody"
START_SECONDS, STOP_SECONDS = 300, 30
# The free hardware has so many.
CORES = 2
# Written by nobody but root.
READ_ONLY_FILE, READ_ONLY_FOLDER = 0o444, 0o555


@dataclass(frozen=True, slots=True)
class LocalSpace:
    """A laid-out Space below `folder`, run by `python`: its tree, its writable folder, its plan and the user."""

    folder: Path
    python: Path
    plan: SpacePlan
    user: str = USER

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    @property
    def writable(self) -> Path:
        return self.folder / "writable"

    def environment(self, port: int) -> dict[str, str]:
        """What the app finds set, and nothing of ours."""
        own = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(self.writable),
            "TMPDIR": str(self.writable),
            "SYSTEM": "spaces",
            "SPACE_ID": self.plan.repo,
        }
        return own | self.plan.variables | {"PORT": str(port)}

    def processes(self) -> list[psutil.Process]:
        """The app's and its database's, which all work within the folder."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if Path(process.cwd()).is_relative_to(self.folder):
                    found.append(process)
        return found


@contextlib.contextmanager
def laid_out(folder: Path, python: Path, repo: str, user: str = USER) -> Iterator[LocalSpace]:
    """A Space's files below `folder`, removed at the end. Needs root, to give and take rights.

    Raises `CannotRehearseError` when we are not root or there is no such user.
    """
    account = _account(user)
    own_folder(folder)
    place = Path(tempfile.mkdtemp(prefix="rehearsal-", dir=folder))
    try:
        # Others have to walk through it.
        place.chmod(0o755)
        plan = make_plan(repo, writable=PurePosixPath(place / "writable"))
        space = LocalSpace(place, python, plan, user)
        space.writable.mkdir(mode=0o700)
        os.chown(space.writable, account.pw_uid, account.pw_gid)
        for file in plan.files:
            path = space.tree / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            path.chmod(READ_ONLY_FILE)
        for path in (space.tree, *space.tree.rglob("*")):
            if path.is_dir():
                path.chmod(READ_ONLY_FOLDER)
        yield space
    finally:
        shutil.rmtree(place)


@dataclass(frozen=True, slots=True)
class Started:
    """A running app. `begun` is on the monotonic clock."""

    url: str
    process: subprocess.Popen
    begun: float
    log: Path


@contextlib.contextmanager
def running(space: LocalSpace, port: int) -> Iterator[Started]:
    """Start `python app.py`, wait until it answers, stop it with SIGTERM.

    Raises `RehearsalError` when it does not start, does not stop cleanly, or leaves a process behind.
    """
    account = _account(space.user)
    log = space.folder / "app.log"
    begun = time.monotonic()
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [space.python, "app.py"],
            cwd=space.tree,
            env=space.environment(port),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            umask=0o022,
        )
    # Threads inherit it, so this comes before any are made.
    os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:CORES])
    started = Started(f"http://127.0.0.1:{port}", process, begun, log)
    try:
        _wait(started)
        yield started
        process.send_signal(signal.SIGTERM)
        if code := process.wait(STOP_SECONDS):
            raise RehearsalError(f"The app ended with code {code} when it was stopped:\n{_last_words(log)}")
        if left := space.processes():
            raise RehearsalError(f"The app left processes behind: {', '.join(one.name() for one in left)}.")
    except subprocess.TimeoutExpired as error:
        raise RehearsalError(f"The app did not stop within {STOP_SECONDS} s:\n{_last_words(log)}") from error
    finally:
        for one in space.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait()


def _wait(started: Started) -> None:
    while time.monotonic() < started.begun + START_SECONDS:
        if started.process.poll() is not None:
            raise RehearsalError(f"The app ended at its start:\n{_last_words(started.log)}")
        try:
            if httpx.get(f"{started.url}/healthz", timeout=2).text == "ok":
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RehearsalError(f"The app did not answer within {START_SECONDS} s:\n{_last_words(started.log)}")


def _account(user: str) -> pwd.struct_passwd:
    if os.geteuid() != 0:
        raise CannotRehearseError("A rehearsal runs the app as another user: start it as root, for example with sudo.")
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise CannotRehearseError(f"There is no user {user} here: name another one with --user.") from None
    if account.pw_uid == 0:
        raise CannotRehearseError("A Space does not run as root: name another user with --user.")
    return account


def _last_words(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:]
