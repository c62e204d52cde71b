"""The adapters that settings name, instead of those of the registry."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from assistant.bases.adapter import base_of, check_adapter
from assistant.bases.catalogue import CATALOGUE
from assistant.errors import GpuUnavailableError, ModelError
from assistant.records import Task
from assistant.serving.load import FoundAdapter
from assistant.settings import Settings
from assistant.tasks import TASKS
from assistant.versions.hub import Pinned, open_hub, parse_pinned
from assistant.versions.version import VERSION, read_version


def named(settings: Settings, task: Task) -> FoundAdapter | None:
    """The adapter that a setting names for `task`, a folder or REPO@COMMIT, which is fetched once.

    Raises `ModelError` when it is none, or not one that the registry would take as far as its files tell.
    """
    adapter = getattr(settings, TASKS[task].setting)
    if adapter is None:
        return None
    folder = Path(adapter).expanduser()
    if not folder.is_dir():
        pinned = parse_pinned(adapter)
        if pinned is None:
            raise ModelError(f"There is no adapter {adapter}: give a folder, or OWNER/NAME@COMMIT on the Hub.")
        folder = _fetched(settings, pinned)
    if not (folder / VERSION).is_file():
        base = base_of(folder)
        check_adapter(folder, base)
        return FoundAdapter(folder, task, base.name, None)
    version = read_version(folder)
    if version.task != task:
        raise ModelError(f"The adapter {adapter} was trained for {version.task}, not for {task}: name another one.")
    return FoundAdapter.of(folder, version)


def possible(settings: Settings, given: FoundAdapter | None, notices: list[str]) -> FoundAdapter | None:
    """`given`; None where a demo has no GPU and the base of `given` needs one, so that visitors are answered all the
    same."""
    from assistant.generator.engine import has_cuda

    if not (settings.demo and given) or has_cuda():
        return given
    if given.base not in CATALOGUE or not CATALOGUE[given.base].needs_cuda:
        return given
    notices.append(GpuUnavailableError("No GPU is at hand right now", given.base).notice)
    return None


def _fetched(settings: Settings, pinned: Pinned) -> Path:
    kept = settings.cache_dir / "adapters" / str(pinned).replace("/", "--")
    if not kept.is_dir():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as draft:
            fetched = open_hub(settings).pull(pinned, Path(draft) / "version")
            read_version(fetched)
            # Another process may have been first; its copy holds the same bytes.
            with contextlib.suppress(OSError):
                fetched.rename(kept)
    return kept
