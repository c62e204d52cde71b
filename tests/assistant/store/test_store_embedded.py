"""Each trap of an embedded server, with real processes."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from assistant.errors import StoreError
from assistant.store.server.embedded import EmbeddedPostgres
from assistant.store.server.postmaster import running_postmaster, stop_strays
from tests.support.paths import ROOT

HOLDER = """
import sys
from pathlib import Path
from assistant.store.server.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print(server.acquire(), flush=True)
sys.stdin.readline()
server.release()
print("released", flush=True)
"""


class Holder:
    """Another process that uses the server until told to end."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(folder)],
            cwd=ROOT,
            env=os.environ | environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def wait_ready(self) -> str:
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        out, _ = self.process.communicate("\n", timeout=60)
        assert out.strip() == "released"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A stopped cluster that the tests hand on to each other: initdb takes longest."""
    folder = Path(tempfile.mkdtemp(prefix="resposta-made-"))
    server = EmbeddedPostgres(folder)
    with psycopg.connect(server.acquire()) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (42)")
    server.release()
    (folder / "postgres" / "kept.marker").touch()
    yield folder / "postgres"
    shutil.rmtree(folder)


@pytest.fixture
def folder(made: Path) -> Iterator[Path]:
    """A data folder with that cluster in it; whatever a test leaves running is stopped."""
    base = Path(tempfile.mkdtemp(prefix="resposta-test-"))
    (base / "data").mkdir()
    made.rename(base / "data" / "postgres")
    yield base / "data"
    place = next(base.rglob("kept.marker")).parent
    stop_strays(place)
    place.rename(made)
    shutil.rmtree(base)


def kept(conninfo: str) -> int:
    with psycopg.connect(conninfo) as connection:
        return connection.execute("SELECT min(n) FROM kept").fetchone()[0]


def ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_the_last_of_two_processes_stops_the_server(folder: Path) -> None:
    first, second = Holder(folder), Holder(folder)
    conninfo = first.wait_ready()
    assert second.wait_ready() == conninfo
    first.end()
    assert kept(conninfo) == 42
    second.end()
    assert running_postmaster(folder / "postgres") is None


def test_a_killed_process_no_longer_counts(folder: Path) -> None:
    killed, clean = Holder(folder), Holder(folder)
    killed.wait_ready()
    clean.wait_ready()
    killed.kill()
    assert running_postmaster(folder / "postgres")
    clean.end()
    assert running_postmaster(folder / "postgres") is None


def test_a_server_left_by_a_killed_process_is_joined_and_then_stopped(folder: Path) -> None:
    killed = Holder(folder)
    killed.wait_ready()
    killed.kill()
    left = running_postmaster(folder / "postgres").process
    server = EmbeddedPostgres(folder)
    assert kept(server.acquire()) == 42
    assert running_postmaster(folder / "postgres").process == left
    server.release()
    assert ended(left)


def test_starts_again_after_everything_was_killed(folder: Path) -> None:
    holder = Holder(folder)
    conninfo = holder.wait_ready()
    with psycopg.connect(conninfo) as connection:
        connection.execute("INSERT INTO kept VALUES (43)")
        connection.commit()
        postmaster = running_postmaster(folder / "postgres").process
        tree = [postmaster, *postmaster.children(recursive=True)]
        holder.kill()
        for process in tree:
            process.kill()
    assert (folder / "postgres" / "postmaster.pid").exists()
    assert (folder / "postgres" / ".s.PGSQL.5432").exists()
    server = EmbeddedPostgres(folder)
    with psycopg.connect(server.acquire()) as connection:
        assert connection.execute("SELECT max(n) FROM kept").fetchone() == (43,)
    server.release()


def test_starts_again_when_only_the_server_was_killed(folder: Path) -> None:
    holder = Holder(folder)
    conninfo = holder.wait_ready()
    running_postmaster(folder / "postgres").process.kill()
    server = EmbeddedPostgres(folder)
    assert kept(server.acquire()) == 42
    server.release()
    assert kept(conninfo) == 42, "the other process still holds a handle"
    holder.end()
    assert running_postmaster(folder / "postgres") is None


def test_a_reused_pid_is_not_taken_for_the_server(folder: Path) -> None:
    holder = Holder(folder)
    holder.wait_ready()
    postmaster = running_postmaster(folder / "postgres").process
    pid_file = folder / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    holder.kill()
    postmaster.kill()
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert running_postmaster(folder / "postgres") is None
        server = EmbeddedPostgres(folder)
        assert kept(server.acquire()) == 42
        server.release()
        assert stranger.poll() is None
    finally:
        stranger.communicate(b"\n")


def test_four_processes_may_start_at_once_on_an_empty_folder(folder: Path) -> None:
    holders = [Holder(folder / "new") for _ in range(4)]
    assert len({holder.wait_ready() for holder in holders}) == 1
    for holder in holders:
        holder.end()
    assert running_postmaster(folder / "new" / "postgres") is None


def test_a_long_path_gets_a_short_private_socket_folder(folder: Path) -> None:
    long = folder / ("d" * 60) / ("e" * 60)
    long.mkdir(parents=True)
    (folder / "postgres").rename(long / "postgres")
    server = EmbeddedPostgres(long)
    conninfo = server.acquire()
    socket_dir = running_postmaster(long / "postgres").socket_dir
    assert kept(conninfo) == 42
    assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
    server.release()
    assert not socket_dir.exists()


def test_a_folder_with_a_quote_and_a_blank_in_its_name_works(folder: Path) -> None:
    odd = folder / "Ana's data, 100%"
    odd.mkdir()
    (folder / "postgres").rename(odd / "postgres")
    server = EmbeddedPostgres(odd)
    assert kept(server.acquire()) == 42
    server.release()


def test_parents_are_opened_for_walking_through_at_most(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    (folder / "postgres").rename(closed / "postgres")
    server = EmbeddedPostgres(closed)
    assert kept(server.acquire()) == 42
    server.release()
    # Only root needs it, because only then the server is another user.
    assert stat.S_IMODE(closed.stat().st_mode) == (0o701 if os.geteuid() == 0 else 0o700)
    assert stat.S_IMODE((closed / "postgres").stat().st_mode) == 0o700


def test_nothing_is_left_in_the_temporary_folder(folder: Path) -> None:
    temporary = folder / "tmp"
    temporary.mkdir()
    holder = Holder(folder, TMPDIR=str(temporary))
    holder.wait_ready()
    assert list(temporary.iterdir()) == []
    holder.end()


def test_a_server_whose_folder_was_deleted_is_stopped_before_a_new_one_starts(folder: Path) -> None:
    gone = folder / "gone"
    killed = Holder(gone)
    killed.wait_ready()
    killed.kill()
    old = running_postmaster(gone / "postgres").process
    shutil.rmtree(gone / "postgres")
    server = EmbeddedPostgres(gone)
    with psycopg.connect(server.acquire()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert ended(old)
    server.release()


def test_a_killed_initdb_does_not_stand_in_the_way(folder: Path) -> None:
    half = folder / "fresh" / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(folder / "fresh")
    with psycopg.connect(server.acquire()) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    server.release()


def test_foreign_files_in_its_place_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letter.txt").write_text("dear")
    with pytest.raises(StoreError, match="move them away, or set another DATA_DIR"):
        EmbeddedPostgres(tmp_path).acquire()
    assert (tmp_path / "postgres" / "letter.txt").read_text() == "dear"
