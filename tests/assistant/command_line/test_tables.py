"""Tables for a terminal."""

from __future__ import annotations

from assistant.command_line.tables import table


def test_cells_cannot_steer_the_terminal() -> None:
    shown = table(("name", "n"), [("a\x1b[2Jb", "1"), ("long name", "22")])
    assert shown == "name       n\na?[2Jb     1\nlong name  22"
