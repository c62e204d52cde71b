"""Shipped adapters serve from the first start on, until a team decides otherwise."""

from __future__ import annotations

import datetime as dt
import shutil
import threading
from pathlib import Path

import psycopg
import pytest

from assistant.errors import ModelError
from assistant.settings import Settings
from assistant.store.connection import Store, open_store
from assistant.version_records import AdapterVersion
from assistant.versions.registry import SHIPPED_FOLDER, Registry, check_usable, open_registry
from assistant.versions.version import VERSION, read_version
from tests.support.adapters import TASK, make_version, stages, told
from tests.support.schemas import taken_back

READING = "portuguese-qa"


def shipped(folder: Path, seed: int, day: int, **changes) -> AdapterVersion:
    created = dt.datetime(2026, 6, day, tzinfo=dt.UTC)
    return make_version(folder / TASK / f"v{seed}", seed, created=created, **changes)


def test_shipped_versions_are_used_until_a_team_decides(registry: Registry, made, tmp_path: Path) -> None:
    folder = tmp_path / "shipped"
    registry.register_shipped(folder)
    assert registry.list() == []
    first = shipped(folder, 1, day=1)
    registry.register_shipped(folder)
    registry.register_shipped(folder)
    assert registry.production(TASK) == first
    assert told(registry.show(first.digest)[1]) == [
        ("added", None, "candidate", "resposta", "shipped"),
        ("promoted", "candidate", "production", "resposta", "shipped"),
    ]
    second = shipped(folder, 2, day=2)
    registry.register_shipped(folder)
    assert registry.production(TASK) == second
    registry.rollback(TASK, "ana", "the new one is worse here")
    registry.register_shipped(folder)
    assert registry.production(TASK) == first
    third = shipped(folder, 3, day=3)
    registry.register_shipped(folder)
    assert registry.production(TASK) == third
    own = made(9)
    registry.promote(own.digest, "production", "ana", "ours")
    fourth = shipped(folder, 4, day=4)
    registry.register_shipped(folder)
    assert registry.production(TASK) == own
    assert stages(registry)[fourth.digest] == "candidate"


def test_a_team_that_took_the_shipped_version_away_does_not_get_it_back(registry: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "shipped"
    version = shipped(folder, 1, day=1)
    registry.register_shipped(folder)
    registry.archive(version.digest, "ana", "we do without")
    registry.register_shipped(folder)
    assert registry.production(TASK) is None


def test_shipped_versions_for_other_prompts_stay_unused(registry: Registry, tmp_path: Path, caplog) -> None:
    folder = tmp_path / "shipped"
    good = shipped(folder, 1, day=1)
    old = shipped(folder, 2, day=2, prompt_version="label-first-0")
    registry.register_shipped(folder)
    assert stages(registry) == {good.digest: "production", old.digest: "candidate"}
    assert "the shipped adapter in v2 stays unused" in caplog.text
    shutil.move(folder / TASK / "v1", folder / "portuguese-qa" / "v1")
    with pytest.raises(ModelError, match=f"holds an adapter for {TASK}: move it"):
        registry.register_shipped(folder)


def test_readers_from_before_their_template_had_a_version_of_its_own_start(settings: Settings, tmp_path: Path) -> None:
    """A registry that an earlier Resposta filled, with the shipped folder of then and with that of now."""
    with open_store(settings) as store:
        open_registry(settings, store).register_shipped()
    with psycopg.connect(settings.database_url) as connection:
        # The files here, as that Resposta copied them.
        (kept,) = connection.execute("SELECT digest FROM adapter_version WHERE task = %s", [READING]).fetchone()
    file = settings.data_dir / "adapters" / kept / VERSION
    file.write_text(file.read_text().replace("reading-1", "label-first-3"))
    taken_back(settings.database_url, "0005")
    with psycopg.connect(settings.database_url) as connection:
        rows = connection.execute("SELECT DISTINCT prompt_version FROM adapter_version").fetchall()
    assert rows == [("label-first-3",)]
    shutil.copytree(SHIPPED_FOLDER, tmp_path / "then")
    before = tmp_path / "then" / READING / VERSION
    before.write_text(before.read_text().replace("reading-1", "label-first-3"))
    with open_store(settings) as store:
        registry = open_registry(settings, store)
        for folder in (SHIPPED_FOLDER, tmp_path / "then"):
            registry.register_shipped(folder)
        assert registry.production(READING).prompt_version == "reading-1"
        assert registry.production(TASK).prompt_version == "label-first-3"
        assert read_version(registry.files(registry.production(READING))).prompt_version == "reading-1"
        check_usable(registry.production(READING))


def test_four_first_starts_at_once(settings: Settings, store: Store, tmp_path: Path) -> None:
    version = shipped(tmp_path / "shipped", 1, day=1)
    failures: list[BaseException] = []

    def start() -> None:
        try:
            open_registry(settings, store).register_shipped(tmp_path / "shipped")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(open_registry(settings, store).show(version.digest)[1]) == 2
