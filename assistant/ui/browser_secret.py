"""The key that scrambles what a visitor's browser remembers."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path

from assistant.whole_file import whole_file


def browser_secret(data_dir: Path) -> str:
    """The key, made once and kept in `data_dir`, so that after a restart browsers' memory can still be read."""
    path = data_dir / "browser_secret"
    data_dir.mkdir(parents=True, exist_ok=True)
    # Of two processes that start at once the first decides, and both read its key.
    with contextlib.suppress(FileExistsError), whole_file(path, private=True, replace=False) as file:
        file.write(secrets.token_urlsafe(24))
    return path.read_text().strip()
