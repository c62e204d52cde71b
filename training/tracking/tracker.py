"""The interface of a tracker, and the tracker that does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

Plain = str | int | float | bool | None


class Tracker(Protocol):
    """`start` comes first and `finish` last. Steps are optimizer steps."""

    def start(self, parameters: Mapping[str, Any]) -> None:
        """Begin with everything the run was given, nested as it may be: one record, stored flat."""

    def log(self, metrics: Mapping[str, float], step: int) -> None: ...

    def picture(self, name: str, path: Path) -> None:
        """Send a PNG file. It must stay where it is: not every tracker copies it."""

    def finish(self, summary: Mapping[str, Any]) -> None:
        """End with the final figures."""


class NoTracker:
    """Tracks nothing, so that callers never ask whether there is a tracker."""

    def start(self, parameters: Mapping[str, Any]) -> None:
        pass

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        pass

    def picture(self, name: str, path: Path) -> None:
        pass

    def finish(self, summary: Mapping[str, Any]) -> None:
        pass


def flat(record: Mapping[str, Any]) -> dict[str, Plain]:
    """{"lora": {"r": 16}} as {"lora.r": 16}.

    Entries of a list are numbered when they are records, else the list becomes one text: "q_proj, v_proj".
    """
    plain: dict[str, Plain] = {}
    for key, value in record.items():
        if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
            value = {str(place): item for place, item in enumerate(value)}
        if isinstance(value, Mapping):
            plain |= {f"{key}.{inner}": item for inner, item in flat(value).items()}
        elif isinstance(value, list | tuple):
            plain[key] = ", ".join(str(item) for item in value)
        else:
            plain[key] = value if isinstance(value, Plain) else str(value)
    return plain
