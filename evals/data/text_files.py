"""Text files of data sets as people save them: with or without a byte order mark, with any usual CSV separator."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TextIO

from assistant.errors import InputError


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """The text of a UTF-8 file without its byte order mark, line ends as they are.

    Raises `InputError` when it is in another encoding, and the `OSError` of a file that cannot be opened.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield stream
    except UnicodeDecodeError as error:
        found = error.object[error.start]
        raise InputError(
            f"{path} cannot be read: it is not UTF-8 (it holds the byte 0x{found:02x}). Save it again as UTF-8 text."
        ) from None


def csv_rows(stream: TextIO) -> Iterator[dict[str, str]]:
    """The rows of a CSV file by the names in its first line, separated by commas, semicolons or tabs."""
    first = stream.readline()
    # Spreadsheets write semicolons where the comma is the decimal mark, as in Brazil.
    separator = max(",;\t", key=first.count)
    yield from csv.DictReader(chain([first], stream), delimiter=separator)
