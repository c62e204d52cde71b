"""Who runs a command."""

from __future__ import annotations

import getpass
import os


def person() -> str:
    """The user's name; containers run under numbers that have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
