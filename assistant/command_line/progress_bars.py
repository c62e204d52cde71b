"""Progress bars for people at a terminal. In a log they would be noise between the lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def progress_bar(rows: Iterable[Any] | None = None, **options: Any) -> tqdm:
    """tqdm over `rows`, or with `total`; it shows nothing unless standard error is a terminal."""
    return tqdm(rows, disable=None, **options)
