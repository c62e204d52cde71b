"""Records of adapter versions that cross rooms: what a version is, where it stands, what happened to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, JsonValue

from assistant.tasks import KnownTask

# What a fingerprint is taken of: a whole training row, or one of its questions.
Kind = Literal["row", "question"]

Line = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
JsonObject = dict[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFacts:
    """What a training run knows of its adapter.

    `base_source` and `base_sha256` name the base's weights as `assistant.bases.weights.Weights` does. `parameters` is
    what was in effect, `recipe` what was asked for. `metrics` are figures by measure, or by data set and measure.
    `licences` are licences by the name of what they cover: base and data. `packages` are versions by package,
    `commit` the code's git commit ("" when unknown), `history` the loss curve, one entry per logged step.
    """

    task: KnownTask
    name: Line
    base: Line
    base_source: Line
    base_sha256: Line
    quantization: Literal["none", "8bit", "4bit"]
    prompt_version: Line
    created: AwareDatetime
    parameters: JsonObject
    metrics: JsonObject
    licences: dict[Line, Line]
    recipe: JsonObject
    packages: dict[Line, Line]
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{0,64}$")]
    history: list[JsonObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterVersion(VersionFacts):
    """A version; `digest` names the adapter's bytes, as the generator names a loaded adapter."""

    digest: Sha256


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Hashes of whole training rows and of their single questions, 16 hex digits each."""

    rows: tuple[str, ...]
    questions: tuple[str, ...]


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
