"""Where an adapter version stands in its life, and every move it made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from assistant.versions import AdapterVersion

# A task has at most one staging and one production version; "candidate" is a version that was only added.
Stage = Literal["candidate", "staging", "production", "archived"]
Action = Literal["added", "promoted", "displaced", "archived", "rolled back", "published", "calibrated", "refused"]

# What a person may do with a version.
VersionMove = Literal["staging", "production", "archive", "roll back"]

SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """A version in the registry. `origin` is the folder's name it came from, REPO@COMMIT, or "shipped"."""

    version: AdapterVersion
    stage: Stage
    origin: str
    added_at: dt.datetime


@dataclass(frozen=True, slots=True)
class StageEvent:
    """One thing that happened to a version: who did it, when and why.

    `before` is None for its adding. `report` holds the figures of an evaluation or calibration, `published`
    REPO@COMMIT.
    """

    digest: str
    action: Action
    before: Stage | None
    after: Stage
    who: str
    why: str
    at: dt.datetime
    report: dict[str, Any] | None = None
    published: str | None = None


def taken_out(events: Sequence[StageEvent]) -> StageEvent | None:
    """The event by which somebody took a version out of use, of its events, oldest first; None where it only made room
    for another, or is in use."""
    last = [event for event in events if event.before != event.after][-1]
    return last if last.action == "archived" else None
