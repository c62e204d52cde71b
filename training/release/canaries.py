"""What a version says to the canary questions, kept with it in the registry."""

from __future__ import annotations

import sys
from pathlib import Path

from assistant.errors import ModelError
from assistant.serving.canaries import Canaries, ask
from assistant.serving.choose import only, open_model
from assistant.settings import Settings
from assistant.version_records import AdapterVersion
from assistant.versions.registry import Registry
from assistant.versions.version import CANARIES


def ask_version(version: AdapterVersion, folder: Path, settings: Settings) -> Canaries:
    """What the version in `folder` says to the canary questions, loaded as the app would. Raises `ModelError` where it
    cannot be."""
    with open_model(only(settings, version.task, folder), version.task) as model:
        # A reader is missing only where none is named.
        assert model is not None
        return ask(model, version.task)


def keep_canaries(registry: Registry, settings: Settings, version: AdapterVersion) -> None:
    """Keep what a version says to the canary questions, unless it brought that with it; where it cannot be loaded
    here, say what is to be done."""
    folder = registry.files(version)
    if (folder / CANARIES).is_file():
        return
    try:
        registry.keep(version, CANARIES, ask_version(version, folder, settings).save)
    except ModelError as error:
        print(
            f"{version.digest[:12]} was not asked its canary questions, without which no running app takes it into "
            f"service: {error} Then run `python -m training.registry canaries {version.digest[:12]}`.",
            file=sys.stderr,
        )
