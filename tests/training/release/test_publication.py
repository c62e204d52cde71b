"""From the registry to the Hub and back into another registry; licences and names are kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from assistant.bases.adapter import CONFIG
from assistant.bases.catalogue import CATALOGUE
from assistant.errors import InputError, ModelError
from assistant.settings import Settings
from assistant.store.connection import Store
from assistant.versions.hub import Hub, Pinned
from assistant.versions.registry import Registry
from assistant.versions.version import CARD, FILES, write_version
from tests.support.adapters import FACTS, TASK, make_config, make_version, told
from training.release.card import LLAMA3_NOTICE
from training.release.publication import publish

REPO = "ana/judge"


@pytest.fixture
def registry(settings: Settings, store: Store, hub: Hub) -> Registry:
    """One that knows the Hub of the test."""
    return Registry(store, settings.data_dir / "adapters", hub)


def test_production_goes_to_the_hub_and_its_commit_is_remembered(
    registry: Registry, hub: Hub, hub_server, made
) -> None:
    version = made(0)
    registry.promote(version.digest, "production", "ana", "good")
    published = publish(registry, hub, f"{TASK}@production", REPO, private=False, who="ana")
    tag = f"v-{version.digest[:12]}"
    assert hub_server[1].repositories[REPO].tags == {"production": published.commit, tag: published.commit}
    event = registry.show(version.digest)[1][-1]
    assert told([event]) == [("published", "production", "production", "ana", f"published as production, {tag}")]
    assert event.published == str(published) == f"{REPO}@{published.commit}"


def test_lost_files_come_back_from_where_they_were_published(registry: Registry, hub: Hub, hub_server, made) -> None:
    version = made(0)
    before = {name: (registry.files(version) / name).read_bytes() for name in FILES}
    publish(registry, hub, version.digest, REPO, private=True, who="ana")
    assert hub_server[1].repositories[REPO].private
    shutil.rmtree(registry.files(version))
    assert {file.name: file.read_bytes() for file in registry.files(version).iterdir()} == before


def test_a_version_known_from_the_hub_alone(registry: Registry, hub: Hub, hub_server, tmp_path: Path) -> None:
    given = make_version(tmp_path / "made")
    pinned = Pinned(REPO, hub.push(tmp_path / "made", REPO, ["production"]))
    found = registry.add(str(pinned), "bob")
    assert (found.version, found.origin, found.stage) == (given, str(pinned), "candidate")
    shutil.rmtree(registry.files(given))
    assert sorted(file.name for file in registry.files(given).iterdir()) == sorted(FILES)
    with pytest.raises(InputError, match="is not a commit"):
        registry.add(f"{REPO}@production", "bob")
    shutil.rmtree(registry.files(given))
    hub_server[1].repositories.clear()
    with pytest.raises(ModelError, match=f"shows no repository {REPO}"):
        registry.files(given)


def test_a_publication_that_breaks_is_not_remembered(registry: Registry, hub: Hub, hub_server, made) -> None:
    version = made(0)
    hub_server[1].fault = "upload"
    with pytest.raises(ModelError, match="Run the command again"):
        publish(registry, hub, version.digest, REPO, private=False, who="ana")
    assert [event.action for event in registry.show(version.digest)[1]] == ["added"]


def llama(folder: Path, registry: Registry, card: str | None = None):
    """A registered Llama 3 adapter, with this card if one is given."""
    make_version(folder, base="llama-3-8b")
    if card is not None:
        (folder / CARD).write_text(card)
    return registry.add(folder, "ana").version


def test_llama_3_adapters_carry_the_name_and_the_notice(registry: Registry, hub: Hub, hub_server, tmp_path) -> None:
    version = llama(tmp_path / "llama", registry)
    for name in ("judge", "llama-3-judge", "My-Llama-3"):
        with pytest.raises(ModelError, match=rf"carries its name first .*: publish to ana/Llama-3-{name}\."):
            publish(registry, hub, version.digest, f"ana/{name}", private=False, who="ana")
    assert hub_server[1].requests == []
    assert publish(registry, hub, version.digest, "ana/Llama-3-judge", private=False, who="ana").commit
    files = hub_server[1].repositories["ana/Llama-3-judge"].commits
    assert f"**{LLAMA3_NOTICE}**".encode() in list(files.values())[-1][CARD]


def test_a_card_without_the_notice_is_not_published(registry: Registry, hub: Hub, hub_server, tmp_path) -> None:
    version = llama(tmp_path / "llama", registry, card="---\nlicense: llama3\n---\nBuilt with llamas\n")
    with pytest.raises(ModelError, match="does not say “Built with Meta Llama 3”"):
        publish(registry, hub, version.digest, "ana/Llama-3-judge", private=False, who="ana")
    assert hub_server[1].requests == []


def test_folders_of_the_training_machine_are_not_published(registry: Registry, hub: Hub, hub_server, tmp_path) -> None:
    make_version(tmp_path / "made")
    config = make_config(CATALOGUE[FACTS.base]) | {"base_model_name_or_path": "/home/ana/.cache/models/smollm2"}
    (tmp_path / "made" / CONFIG).write_text(json.dumps(config))
    write_version(tmp_path / "made", FACTS)
    version = registry.add(tmp_path / "made", "ana").version
    with pytest.raises(ModelError, match="where others find nothing, instead of 'HuggingFaceTB/SmolLM2-135M-Instruct'"):
        publish(registry, hub, version.digest, REPO, private=False, who="ana")
    assert hub_server[1].requests == []
