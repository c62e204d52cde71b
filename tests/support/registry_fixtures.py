"""A registry in a database of its own, and versions for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from assistant.settings import Settings
from assistant.store.connection import Store
from assistant.version_records import AdapterVersion
from assistant.versions.hub import Hub
from assistant.versions.registry import Registry, open_registry
from tests.support.adapters import make_version
from tests.support.hub_server import WRITES
from tests.support.hub_state import HubState


@pytest.fixture
def registry(settings: Settings, store: Store) -> Registry:
    return open_registry(settings, store)


@pytest.fixture
def made(registry: Registry, tmp_path: Path):
    """Make and add a version; another seed is another version."""

    def make(seed: int, **changes) -> AdapterVersion:
        make_version(tmp_path / f"made-{seed}", seed, **changes)
        return registry.add(tmp_path / f"made-{seed}", "ana").version

    return make


@pytest.fixture
def hub(hub_server: tuple[str, HubState]) -> Hub:
    return Hub(hub_server[0], SecretStr(WRITES))
