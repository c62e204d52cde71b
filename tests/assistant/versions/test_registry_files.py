"""What is registered is whole, on the disk and in the database, also after a sudden end."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.bases.adapter import WEIGHTS
from assistant.errors import ModelError
from assistant.settings import Settings
from assistant.store.connection import Store
from assistant.versions.hub import Hub
from assistant.versions.registry import SHIPPED_FOLDER, Registry
from assistant.versions.version import FILES, VERSION
from tests.support.adapters import TASK, make_version, told
from tests.support.paths import ROOT
from tests.support.unfit_adapters import WAYS, with_weights


def test_an_added_version_comes_back_as_it_was(registry: Registry, settings: Settings, tmp_path: Path) -> None:
    given = make_version(tmp_path / "made")
    found = registry.add(tmp_path / "made", "ana", "first try")
    assert (found.version, found.stage, found.origin) == (given, "candidate", "made")
    kept = registry.files(found.version)
    assert kept == settings.data_dir / "adapters" / given.digest
    assert {file.name: file.read_bytes() for file in kept.iterdir()} == {
        name: (tmp_path / "made" / name).read_bytes() for name in FILES
    }
    assert told(registry.show(given.digest[:8])[1]) == [("added", None, "candidate", "ana", "first try")]


def test_adding_again_changes_nothing(registry: Registry, made, tmp_path: Path) -> None:
    version = made(0)
    registry.promote(version.digest, "production", "ana", "good")
    again = registry.add(tmp_path / "made-0", "bob", "again")
    assert again.stage == "production"
    assert [event.who for event in registry.show(version.digest)[1]] == ["ana", "ana"]
    assert len(registry.list()) == 1


def test_the_same_adapter_may_not_become_something_else(registry: Registry, made, tmp_path: Path) -> None:
    version = made(0)
    make_version(tmp_path / "other", 0, prompt_version="label-first-99", base_sha256="c" * 64)
    with pytest.raises(ModelError, match="registered with another base_sha256 and prompt_version"):
        registry.add(tmp_path / "other", "ana")
    assert registry.find(version.digest).version == version


def test_nothing_is_registered_of_a_broken_folder(registry: Registry, settings: Settings, tmp_path: Path) -> None:
    make_version(tmp_path / "made")
    (tmp_path / "made" / WEIGHTS).write_bytes(b"broken")
    with pytest.raises(ModelError):
        registry.add(tmp_path / "made", "ana")
    with pytest.raises(ModelError, match="is not a folder"):
        registry.add(tmp_path / "nowhere", "ana")
    assert registry.list() == []
    assert not (settings.data_dir / "adapters").exists()


@pytest.mark.parametrize("way", WAYS)
def test_an_adapter_that_would_not_be_applied_is_not_registered(
    settings: Settings, store: Store, hub: Hub, tmp_path: Path, way: str
) -> None:
    registry = Registry(store, settings.data_dir / "adapters", hub)
    change, told = WAYS[way]
    folder = tmp_path / "shipped" / TASK
    with_weights(SHIPPED_FOLDER / TASK, folder, change)
    for source in (folder, f"ana/judge@{hub.push(folder, 'ana/judge', [])}"):
        with pytest.raises(ModelError, match=told):
            registry.add(source, "ana")
    with pytest.raises(ModelError, match=told):
        registry.register_shipped(tmp_path / "shipped")
    assert registry.list() == []


def test_fingerprints_answer_what_was_trained_on(registry: Registry, made) -> None:
    version, other = made(3), made(4)
    row = "00000003" + "00000002"
    assert registry.trained_on(version, "row", [row, "a" * 16, "f" * 16]) == {row}
    assert registry.trained_on(other, "row", [row]) == set()
    assert registry.trained_on(version, "question", [row, "f" * 16, "0" * 16]) == {"f" * 16, "0" * 16}
    assert registry.trained_on(version, "row", []) == set()


def test_four_hundred_thousand_fingerprints_are_no_burden(registry: Registry, tmp_path: Path) -> None:
    make_version(tmp_path / "made")
    numbers = [f"{(number * 0x9E3779B97F4A7C15) % 2**64:016x}" for number in range(400_000)]
    (tmp_path / "made" / "fingerprints.txt").write_text("".join(f"row {number}\n" for number in numbers))
    begun = time.perf_counter()
    version = registry.add(tmp_path / "made", "ana").version
    added = time.perf_counter()
    assert registry.trained_on(version, "row", [*numbers[::400], "0123456789abcdef"]) == set(numbers[::400])
    assert time.perf_counter() - added < 5
    assert added - begun < 30


def test_damaged_files_are_found_out_and_mended_by_adding_again(registry: Registry, made, tmp_path: Path) -> None:
    version = made(0)
    weights = registry.files(version) / WEIGHTS
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ModelError, match="missing or damaged here: run `python -m training"):
        registry.files(version)
    registry.add(tmp_path / "made-0", "ana")
    assert (registry.files(version) / WEIGHTS).read_bytes() == whole
    shutil.rmtree(registry.files(version))
    registry.add(tmp_path / "made-0", "ana")
    assert sorted(file.name for file in registry.files(version).iterdir()) == sorted(FILES)


KILLED = """
import os, signal, sys
from pathlib import Path
from assistant.versions.registry import open_registry
from assistant.settings import load_settings
from assistant.store.connection import open_store
import {module} as home

real = home.{name}
home.{name} = lambda *given: os.kill(os.getpid(), signal.SIGKILL) if {when} else real(*given)
settings = load_settings()
with open_store(settings) as store:
    open_registry(settings, store).add(Path(sys.argv[1]), "ana")
"""


@pytest.mark.parametrize(
    ("module", "name", "when"),
    [
        ("shutil", "copyfile", "str(given[1]).endswith('version.json')"),
        ("os", "replace", "os.path.dirname(str(given[1])).endswith('adapters')"),
        ("assistant.store.stage_moves", "note", "True"),
    ],
    ids=["while copying", "before the files are in place", "before the row is committed"],
)
def test_a_killed_add_leaves_nothing_half_done_and_can_be_repeated(
    registry: Registry, settings: Settings, tmp_path: Path, module: str, name: str, when: str
) -> None:
    version = make_version(tmp_path / "made")
    code = KILLED.format(module=module, name=name, when=when)
    environment = os.environ | {"DATABASE_URL": settings.database_url, "DATA_DIR": str(settings.data_dir)}
    killed = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "made")], cwd=ROOT, env=environment, check=False
    )
    assert killed.returncode == -9
    assert registry.list() == []
    folder = settings.data_dir / "adapters"
    left = list(folder.glob(".adding-*"))
    for draft in left:
        os.utime(draft, (0, 0))
    assert registry.add(tmp_path / "made", "ana").version == version
    assert len(registry.show(version.digest)[1]) == 1
    (folder / ".adding-young").mkdir()
    shutil.rmtree(registry.files(version))
    registry.add(tmp_path / "made", "ana")
    assert sorted(path.name for path in folder.iterdir()) == [".adding-young", version.digest]


def test_history_is_kept_whole(registry: Registry, tmp_path: Path) -> None:
    """What a database might round or reorder: floats, unicode, nesting."""
    odd = {"loss": 1e-7, "çé🙂": [1, 2.0, None, {"deep": True}], "big": 2**60, "quote": "a'b\"; DROP TABLE answer"}
    given = make_version(tmp_path / "made", parameters=odd, recipe=odd, history=[odd, {"step": 2}])
    assert registry.add(tmp_path / "made", "ana\0 O'Hara").version == given
    assert (replace(given).parameters, registry.show(given.digest)[1][0].who) == (odd, "ana� O'Hara")
    assert (registry.files(given) / VERSION).read_bytes() == (tmp_path / "made" / VERSION).read_bytes()
