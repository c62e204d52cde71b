"""Rows of published data sets on the Hub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assistant.errors import InputError


def hub_rows(repo: str, subset: str | None, split: str, revision: str | None, instead: str) -> Iterator[dict[str, Any]]:
    """The rows of one split, from the Hub or its cache; `instead` ends the error where it cannot be read.

    Raises `InputError`, also for a set that is a script, which is not run.
    """
    import httpx
    from datasets import load_dataset
    from datasets.exceptions import DatasetsError

    try:
        rows = load_dataset(repo, subset, split=split, revision=revision)
    # A set that is a script is a RuntimeError.
    except (OSError, ValueError, RuntimeError, httpx.HTTPError, DatasetsError) as error:
        said = " ".join(str(error).split())[:300]
        raise InputError(
            f"{repo} could not be read from the Hub ({type(error).__name__}: {said}). Check the network and HF_TOKEN, "
            f"or {instead}."
        ) from None
    yield from rows
