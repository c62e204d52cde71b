"""Publishes a version, adapter and model card, to a repository on the Hub, where its base's licence allows it."""

from __future__ import annotations

import json
from pathlib import Path

from assistant.bases.adapter import CONFIG
from assistant.bases.catalogue import CATALOGUE
from assistant.errors import ModelError
from assistant.versions.hub import Hub, Pinned
from assistant.versions.registry import Registry, check_usable
from assistant.versions.version import CARD
from training.release.card import LLAMA3_NOTICE


def publish(registry: Registry, hub: Hub, reference: str, repo: str, private: bool, who: str) -> Pinned:
    """Push a registered version and record where it lies now.

    Raises `ModelError` when the licence of its base would be broken, or the Hub does not take it.
    """
    found = registry.find(reference)
    version = found.version
    check_usable(version)
    folder = registry.files(version)
    check_base_name(folder, CATALOGUE[version.base].hub)
    if CATALOGUE[version.base].is_llama3:
        check_llama3(repo, (folder / CARD).read_text(encoding="utf-8"))
    tags = (found.stage, f"v-{version.digest[:12]}")
    published = Pinned(repo, hub.push(folder, repo, tags, private))
    registry.note_publication(version, published, who, f"published as {', '.join(tags)}")
    return published


def check_base_name(folder: Path, base: str) -> None:
    """Raise `ModelError` when the adapter names a folder of the machine it was trained on as its base."""
    named = json.loads((folder / CONFIG).read_text(encoding="utf-8")).get("base_model_name_or_path")
    if named != base:
        raise ModelError(
            f"{CONFIG} names {named!r} as the base, where others find nothing, instead of {base!r}: train the adapter "
            "again, or write the name there, run `assistant.versions.version.write_version` and add the folder."
        )


def check_llama3(repo: str, card: str) -> None:
    """Raise `ModelError` when Meta's rules for the name and the notice are not kept."""
    name = repo.rpartition("/")[2]
    if not name.startswith("Llama-3"):
        raise ModelError(
            f"What is made from Llama 3 carries its name first (Meta Llama 3 Community License, 1.b): publish to "
            f"{repo.removesuffix(name)}Llama-3-{name}."
        )
    if LLAMA3_NOTICE not in card:
        raise ModelError(
            f"The model card does not say “{LLAMA3_NOTICE}” (Meta Llama 3 Community License, 1.b): add it to the "
            f"version's {CARD}."
        )
