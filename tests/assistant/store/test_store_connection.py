"""Opening a store: migrations, and the errors that name the fix."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest

from assistant.errors import StoreError
from assistant.settings import load_settings
from assistant.store import migrate
from assistant.store.connection import open_store


def test_four_may_migrate_a_blank_database_at_once(blank_database_url: str, tmp_path: Path) -> None:
    settings = load_settings(database_url=blank_database_url, data_dir=tmp_path)
    failures: list[BaseException] = []

    def start() -> None:
        try:
            open_store(settings).close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    newest = max(file.name[:4] for file in Path(migrate.__file__).parent.glob("migrations/versions/0*.py"))
    with psycopg.connect(blank_database_url) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(newest,)]


def test_the_embedded_server_is_the_default_and_stops_with_the_store(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, database_url=None)
    with open_store(settings) as store:
        assert store.answers.is_empty()
        assert (tmp_path / "postgres" / "postmaster.pid").exists()
    store.close()
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()


def test_an_unreachable_server_is_one_clear_error_without_the_password(tmp_path: Path) -> None:
    url = f"postgresql://ana:secret@/db?host={tmp_path}"
    with pytest.raises(StoreError, match="correct DATABASE_URL, or unset it to use the embedded one") as caught:
        open_store(load_settings(database_url=url, data_dir=tmp_path))
    assert "secret" not in str(caught.value)


def test_a_newer_schema_is_refused(database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"made by a newer Resposta .*9999.* update Resposta"):
        open_store(load_settings(database_url=database_url, data_dir=tmp_path))


def test_a_missing_pgvector_that_the_role_cannot_create_is_explained(blank_database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(blank_database_url) as connection:
        connection.execute("DROP ROLE IF EXISTS weak")
        connection.execute("CREATE ROLE weak")
    url = f"{blank_database_url}&options=-c%20role%3Dweak"
    with pytest.raises(StoreError, match="run `CREATE EXTENSION vector` in the database as a superuser"):
        open_store(load_settings(database_url=url, data_dir=tmp_path))


def test_a_role_that_may_not_create_tables_is_explained(blank_database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(blank_database_url) as connection:
        connection.execute("CREATE EXTENSION vector")
        connection.execute("CREATE ROLE weaker")
    url = f"{blank_database_url}&options=-c%20role%3Dweaker"
    with pytest.raises(StoreError, match="give the role the right to create tables"):
        open_store(load_settings(database_url=url, data_dir=tmp_path))
