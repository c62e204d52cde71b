"""Bring a database's schema to this version of the code."""

from __future__ import annotations

import logging
from pathlib import Path

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from assistant.errors import StoreError

log = logging.getLogger(__name__)

_SCRIPTS = Path(__file__).parent / "migrations"
# Any number, the same in all versions: one process migrates a database at a time.
_ADVISORY_LOCK = 7_372_051_001
_LOCK_SECONDS = 120


def migrate(conninfo: str) -> None:
    """Run what is missing, in one transaction, one process at a time.

    Raises `StoreError` when pgvector is missing, the schema is newer than the code or
    the role may not change it.
    """
    config = Config()
    # Config would read % as interpolation.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo), poolclass=sqlalchemy.NullPool
    )
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
            if _pending(config, connection):
                _ensure_pgvector(connection)
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                log.info("database schema is at %s", ScriptDirectory.from_config(config).get_current_head())
    except sqlalchemy.exc.DBAPIError as error:
        raise StoreError(
            f"the database schema could not be brought up to date ({_first_line(error)}): give the role the right to "
            "create tables in the database, or have its owner start Resposta once"
        ) from error
    finally:
        engine.dispose()


def _pending(config: Config, connection: sqlalchemy.Connection) -> bool:
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        return True
    try:
        scripts.get_revision(current)
    except CommandError as error:
        raise StoreError(
            f"the database was made by a newer Resposta (schema {current}, this one knows up to "
            f"{scripts.get_current_head()}): update Resposta, or use another DATA_DIR or DATABASE_URL"
        ) from error
    return current != scripts.get_current_head()


def _ensure_pgvector(connection: sqlalchemy.Connection) -> None:
    if connection.exec_driver_sql("SELECT 1 FROM pg_extension WHERE extname = 'vector'").first():
        return
    try:
        connection.exec_driver_sql("CREATE EXTENSION vector")
    except sqlalchemy.exc.DBAPIError as error:
        raise StoreError(
            f"the database has no pgvector ({_first_line(error)}): install pgvector 0.8 or newer on the server and "
            "run `CREATE EXTENSION vector` in the database as a superuser"
        ) from error


def _first_line(error: sqlalchemy.exc.DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0]
