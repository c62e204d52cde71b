"""The registry of the settings, open for as long as it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assistant.settings import Settings
from assistant.store.connection import open_store
from assistant.versions.registry import Registry, open_registry


@contextmanager
def opened_registry(settings: Settings) -> Iterator[Registry]:
    """The registry on the database of `settings`, which is closed at the end. Raises `StoreError`."""
    with open_store(settings) as store:
        yield open_registry(settings, store)
