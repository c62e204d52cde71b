"""Runs a command of the project within the test's process."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest


def ran(
    main: Callable[[Sequence[str]], int], capsys: pytest.CaptureFixture, arguments: Sequence[str]
) -> tuple[int, str, str]:
    """The command's exit code, what it printed, what it complained of."""
    code = main(list(arguments))
    out, err = capsys.readouterr()
    # Progress bars begin at the start of their line again and again; they are no complaints.
    complaints = (line for line in err.splitlines(keepends=True) if "\r" not in line and "%|" not in line)
    return code, out, "".join(complaints)
