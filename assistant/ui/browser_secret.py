"""The key that scrambles what a visitor's browser remembers."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def browser_secret(data_dir: Path) -> str:
    """The key, made once and kept in `data_dir`, so that after a restart browsers' memory can still be read."""
    path = data_dir / "browser_secret"
    data_dir.mkdir(parents=True, exist_ok=True)
    draft = data_dir / f".browser_secret.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(24))
    # Linking is atomic: of two processes that start at once the first decides, and both read its key.
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    return path.read_text().strip()
