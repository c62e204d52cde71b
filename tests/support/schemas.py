"""Databases as earlier versions of the code left them."""

from __future__ import annotations

from pathlib import Path

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config

from assistant.store import migrate

SCRIPTS = Path(migrate.__file__).parent / "migrations"


def taken_back(database_url: str, revision: str) -> None:
    """Bring the schema back to an earlier revision."""
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database_url))
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS))
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()
