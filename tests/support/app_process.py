"""The real app as its own process on a free port, with a data folder of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.paths import ROOT

START_SECONDS = 240
# Three seconds where nothing else runs; the interpreter's own end takes most of them.
STOP_SECONDS = 90
OURS = ("RESPOSTA_", "PORT", "HOST", "DATA_DIR", "DATABASE_URL", "DEMO", "SPACE_ID", "SYSTEM")


@dataclass(frozen=True)
class Served:
    """A running app: its address, process, data folder and log."""

    url: str
    process: subprocess.Popen
    data_dir: Path
    log: Path


@contextmanager
def serve(folder: Path, command: Sequence[str] = ("app.py",), **environment: str) -> Iterator[Served]:
    """Start `python app.py`, wait until it answers, stop it with SIGTERM."""
    port = free_port()
    log = folder / "app.log"
    data = folder / "data"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=_environment(data) | {"PORT": str(port)} | environment,
            stdout=sink,
            stderr=sink,
        )
    served = Served(f"http://127.0.0.1:{port}", process, data, log)
    try:
        _wait(served)
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def import_file(served: Served, file: Path) -> None:
    """Import `file` with the command line while the app runs, as a team does."""
    command = [sys.executable, "-m", "assistant.library", "import", str(file)]
    subprocess.run(command, cwd=ROOT, env=_environment(served.data_dir), check=True, capture_output=True)


def _environment(data_dir: Path) -> dict[str, str]:
    """Ours without its settings, but for the converted weights, which all starts share."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    kept = {name: os.environ[name] for name in ("RESPOSTA_CACHE_DIR",) if name in os.environ}
    return clean | kept | {"DATA_DIR": str(data_dir)}


def _wait(served: Served) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if served.process.poll() is not None:
            break
        try:
            if httpx.get(f"{served.url}/healthz", timeout=2).text == "ok":
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"the app did not start:\n{served.log.read_text()[-3000:]}")


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app with its sample library, as a team runs it."""
    with serve(tmp_path_factory.mktemp("served")) as app:
        yield app


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app as a public demo, which also shows answers in another language than the question."""
    with serve(tmp_path_factory.mktemp("demo"), DEMO="1", RESPOSTA_OTHER_LANGUAGES="1") as app:
        yield app
