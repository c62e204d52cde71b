"""Types of the commands' arguments. argparse calls them by their names when a text is none."""

from __future__ import annotations


def count(text: str) -> int:
    """A whole number from 1."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
