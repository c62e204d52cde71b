"""Files that are written whole or not at all: a reader, also after a crash, finds the old content or the new one."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

# A draft this old belongs to a process that died.
_STALE_SECONDS = 24 * 3600


@contextmanager
def whole_file(path: Path, *, private: bool = False, replace: bool = True, errors: str = "strict") -> Iterator[TextIO]:
    """A stream of UTF-8 text to a draft beside `path`, which takes the place of `path` when the block ends well.

    The content is on the disk by then. After an error the draft is removed and `path` is as before. Each call has a
    draft of its own, so two processes may write the same file: the last one to end wins. The umask decides the file's
    mode; a `private` file is for its owner alone. With `replace=False` a file that is there already stays and
    `FileExistsError` is raised. `errors` is what `open` takes.
    """
    _remove_stale_drafts(path)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600 if private else 0o666)
    try:
        with open(descriptor, "w", encoding="utf-8", errors=errors, newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            os.replace(draft, path)
        else:
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write `text` into `path` as `whole_file` does."""
    with whole_file(path) as stream:
        stream.write(text)


def _remove_stale_drafts(path: Path) -> None:
    """Remove what processes left that were killed while they wrote `path`."""
    for file in path.parent.iterdir():
        if file.name.startswith(f".{path.name}.") and file.suffix == ".draft":
            # Another process may remove or place it at the same moment.
            with suppress(FileNotFoundError):
                if time.time() - file.stat().st_mtime > _STALE_SECONDS:
                    file.unlink()
