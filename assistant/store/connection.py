"""Opens the store: one pool of connections, and the tables that are reached through it."""

from __future__ import annotations

import atexit
import logging
from types import TracebackType
from typing import Self

import psycopg
from pgvector.psycopg import register_vector
from psycopg_pool import ConnectionPool, PoolTimeout

from assistant.errors import StoreError
from assistant.settings import Settings
from assistant.store.adapters import Adapters
from assistant.store.answers import Answers
from assistant.store.interactions import Interactions
from assistant.store.judged_pairs import Judgements
from assistant.store.migrate import migrate
from assistant.store.server.embedded import EmbeddedPostgres
from assistant.text.personal_data import Scrubber

log = logging.getLogger(__name__)

_POOL_SIZE = 10
_CONNECT_SECONDS = 10


class Store:
    """Answers, interactions and adapter versions in one database. Made by `open_store`; safe for many threads."""

    def __init__(self, conninfo: str, scrubber: Scrubber, server: EmbeddedPostgres | None) -> None:
        self._server = server
        self._pool = ConnectionPool(
            conninfo,
            min_size=1,
            max_size=_POOL_SIZE,
            timeout=30,
            configure=_configure,
            kwargs={"connect_timeout": _CONNECT_SECONDS, "application_name": "resposta"},
            open=False,
        )
        self.scrubber = scrubber
        self.answers = Answers(self._pool, scrubber)
        self.interactions = Interactions(self._pool, scrubber)
        self.judgements = Judgements(self._pool)
        self.adapters = Adapters(self._pool)
        try:
            self._pool.open(wait=True, timeout=_CONNECT_SECONDS * 2)
        except PoolTimeout as error:
            self._pool.close()
            raise StoreError(
                "the database did not accept connections in time: check DATABASE_URL and its connection limit"
            ) from error
        atexit.register(self.close)

    def close(self) -> None:
        """Close the connections, and stop the embedded server if no other process uses it."""
        atexit.unregister(self.close)
        self._pool.close()
        if self._server:
            self._server.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(settings: Settings) -> Store:
    """Open `settings.database_url`, or the embedded server in `settings.data_dir`, and migrate it.

    Raises `StoreError` when the server cannot be reached or started, or its schema
    cannot be brought up to date.
    """
    server = None
    if settings.database_url:
        conninfo = settings.database_url
        _check_reachable(conninfo)
    else:
        server = EmbeddedPostgres(settings.data_dir)
        conninfo = server.acquire()
    try:
        migrate(conninfo)
        return Store(conninfo, Scrubber(settings.own_contacts), server)
    except BaseException:
        if server:
            server.release()
        raise


def _check_reachable(conninfo: str) -> None:
    try:
        psycopg.connect(conninfo, connect_timeout=_CONNECT_SECONDS).close()
    except psycopg.Error as error:
        # The message of libpq names host, port and role, never the password.
        raise StoreError(
            f"the database of DATABASE_URL cannot be reached ({' '.join(str(error).split())}): start it, correct "
            "DATABASE_URL, or unset it to use the embedded one"
        ) from error


def _configure(connection: psycopg.Connection) -> None:
    register_vector(connection)
    # The language filter comes after the index: without iterating, rows of the other
    # language could use up all that the index returns (pgvector 0.8).
    connection.execute("SET hnsw.iterative_scan = relaxed_order")
    connection.execute("SET hnsw.ef_search = 100")
    connection.execute("SET jit = off")
    connection.commit()
