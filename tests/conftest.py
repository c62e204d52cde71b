"""One embedded Postgres and one embedding model for the whole run; a fresh database for each test that asks."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import shutil
import signal
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np
import psycopg
import pytest
from psycopg import sql

from assistant.library.transfer import import_file
from assistant.records import ImportReport
from assistant.search.embedder import Embedder, open_embedder
from assistant.serving.choose import open_model
from assistant.serving.load import LoadedModel
from assistant.settings import Settings, load_settings
from assistant.store.connection import Store, open_store
from assistant.store.migrate import migrate
from assistant.store.server.embedded import EmbeddedPostgres
from tests.support.app_process import demo, served  # noqa: F401
from tests.support.hub_server import running_hub
from tests.support.hub_state import HubState
from tests.support.registry_fixtures import hub, made, registry  # noqa: F401

# Whoever starts the tests as a background job starts them deaf to Ctrl-C, and what they start inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Begun first, so that no worker is left with one of them at the end.
LONGEST = ("test_training_run.py", "test_swap.py", "test_zerogpu.py", "test_rehearse.py", "test_space.py")

# A row of a library file with all fields.
FULL = {
    "id": "a1",
    "question": "Where is my parcel?",
    "answer": "On its way.\n- soon",
    "language": "en",
    "tags": ["delivery", "parcel"],
    "author": "Ann",
    "date": "2025-03-01",
    "phrasings": ["Parcel not here", "Lost?"],
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST)


class ToyEmbedder:
    """Word hashing: equal texts get equal vectors, quickly. For tests where meaning plays no part."""

    def __init__(self, name: str = "toy", dimensions: int = 16) -> None:
        self.name = name
        self.dimensions = dimensions
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.embedded += texts
        vectors = np.full((len(texts), self.dimensions), 0.01, np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                place = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
                vectors[row, place % self.dimensions] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def toy_embedder() -> ToyEmbedder:
    return ToyEmbedder()


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The real one."""
    return open_embedder(Settings(threads=2))


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Connection string of a running server that holds the migrated database "template"."""
    folder = Path(tempfile.mkdtemp(prefix="resposta-test-"))
    embedded = EmbeddedPostgres(folder)
    conninfo = embedded.acquire()
    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            # The folder is thrown away, and syncing sixty databases to disk takes half a minute.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE template")
        migrate(psycopg.conninfo.make_conninfo(conninfo, dbname="template"))
        yield conninfo
    finally:
        embedded.release()
        shutil.rmtree(folder)


_numbers = itertools.count()


@contextlib.contextmanager
def new_database(server: str, template: str) -> Iterator[str]:
    """A new database for as long as it is needed; its URL."""
    name = sql.Identifier(f"test_{next(_numbers)}")
    host = psycopg.conninfo.conninfo_to_dict(server)["host"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(template)))
        yield f"postgresql://resposta@/{name.as_string().strip(chr(34))}?host={quote(host, safe='')}"
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def database_url(server: str) -> Iterator[str]:
    """A migrated, empty database."""
    with new_database(server, "template") as url:
        yield url


@pytest.fixture
def blank_database_url(server: str) -> Iterator[str]:
    """A database with nothing in it."""
    with new_database(server, "template0") as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return load_settings(database_url=database_url, data_dir=tmp_path)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def model() -> Iterator[LoadedModel]:
    """The real small language model as it judges, in the type in which batching changes no number."""
    with open_model(load_settings(dtype="float32")) as loaded:
        yield loaded


@pytest.fixture
def hub_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, HubState]]:
    """The address of a Hub of our own, and what it holds."""
    # What HF_HUB_DISABLE_XET=1 sets when huggingface_hub is imported, which other tests may have done already.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    with running_hub() as (address, state):
        yield address, state


@pytest.fixture
def brought(store: Store, settings: Settings, toy_embedder: ToyEmbedder, tmp_path: Path):
    """Import this content under this name; its report."""

    def bring(name: str, content: str | bytes | list, **options) -> ImportReport:
        if isinstance(content, list):
            content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in content)
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        chosen = settings.model_copy(update=options.pop("settings", {}))
        return import_file(path, store, toy_embedder, chosen, **options)

    return bring
