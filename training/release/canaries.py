"""What a version says to the canary questions, kept with it in the registry."""

from __future__ import annotations

import sys
from pathlib import Path

from assistant.errors import ModelError, NoEffectError
from assistant.serving.canaries import Canaries, ask, check_effect
from assistant.serving.choose import only, open_model
from assistant.settings import Settings
from assistant.version_records import AdapterVersion
from assistant.versions.registry import Registry
from assistant.versions.version import CANARIES


def ask_version(version: AdapterVersion, folder: Path, settings: Settings) -> Canaries:
    """What the version in `folder` says to the canary questions, loaded as the app would.

    Raises `ModelError` where it cannot be loaded, `NoEffectError` where it changes nothing.
    """
    with open_model(only(settings, version.task, folder), version.task) as model:
        # The adapter is named, so one is loaded.
        assert model is not None
        check_effect(model)
        return ask(model, version.task)


def keep_canaries(registry: Registry, settings: Settings, version: AdapterVersion) -> None:
    """Keep what a version says to the canary questions, unless it brought that with it; where it cannot be loaded
    here, say what is to be done.

    Raises `NoEffectError`, and keeps that as an event, for a version that changes nothing.
    """
    folder = registry.files(version)
    if (folder / CANARIES).is_file():
        return
    try:
        registry.keep(version, CANARIES, ask_version(version, folder, settings).save)
    except NoEffectError as error:
        registry.note_refusal(version, str(error))
        raise
    except ModelError as error:
        print(
            f"{version.digest[:12]} was not asked its canary questions, without which no running app takes it into "
            f"service: {error} Then run `python -m training.registry canaries {version.digest[:12]}`.",
            file=sys.stderr,
        )
