"""Version folders by digest below one folder. What lies there is whole."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from assistant.bases.adapter import adapter_digest
from assistant.errors import ModelError
from assistant.version_records import AdapterVersion
from assistant.versions.version import OPTIONAL, held, read_version

_DRAFT = ".adding-"
# A draft this old belongs to a process that died.
_STALE_SECONDS = 6 * 3600


class AdapterFiles:
    """Copies of version folders, named by the digest of their adapters. Safe for many processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, source: Path) -> AdapterVersion:
        """Copy a version folder here; on return it is on the disk. The same one again brings only optional files that
        are not here yet.

        Raises `ModelError` when it is no version folder, or changed while it was copied.
        """
        version = read_version(source)
        if kept := self.get(version.digest):
            self._complete(kept, source)
            return version
        with self.draft() as draft:
            for name in held(source):
                shutil.copyfile(source / name, draft / name)
            self._keep(draft, version.digest)
        return version

    def get(self, digest: str) -> Path | None:
        """The folder of a version whose bytes were just checked; None when it is not here or damaged."""
        folder = self._folder / digest
        try:
            return folder if adapter_digest(folder) == digest else None
        except ModelError:
            return None

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """An empty folder on the same disk, gone afterwards."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob(f"{_DRAFT}*"):
            # Another process may clear up at the same moment.
            with suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                    shutil.rmtree(left)
        with tempfile.TemporaryDirectory(prefix=_DRAFT, dir=self._folder, ignore_cleanup_errors=True) as draft:
            yield Path(draft)

    def bring(self, digest: str, name: str, write: Callable[[Path], object]) -> None:
        """Give a version here an optional file, in place of the one it may have; on return it is on the disk."""
        with self.draft() as draft:
            write(draft / name)
            _sync(draft / name)
            os.replace(draft / name, self._folder / digest / name)
        _sync(self._folder / digest)

    def _complete(self, kept: Path, source: Path) -> None:
        for name in OPTIONAL:
            if (source / name).is_file() and not (kept / name).exists():
                self.bring(kept.name, name, partial(shutil.copyfile, source / name))

    def _keep(self, draft: Path, digest: str) -> None:
        if read_version(draft).digest != digest:
            raise ModelError("The adapter changed while it was copied: wait until its training is done, add it again.")
        names = held(draft)
        for name in names:
            _sync(draft / name)
        _sync(draft)
        place = self._folder / digest
        whole = draft / digest
        whole.mkdir()
        for name in names:
            os.replace(draft / name, whole / name)
        if place.exists() and not self.get(digest):
            with suppress(FileNotFoundError):
                os.replace(place, draft / "damaged")
        try:
            os.replace(whole, place)
        except OSError:
            # Another process put the same version there meanwhile.
            if not self.get(digest):
                raise
        _sync(self._folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
