"""Ranks the versions of a task that can be compared, and shows the ranking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.command_line.tables import table
from assistant.errors import ModelError
from assistant.records import LANGUAGES, Task
from assistant.tasks import TASKS, Measure
from assistant.version_records import RegisteredVersion
from assistant.versions.registry import check_usable


@dataclass(frozen=True, slots=True)
class RankedVersion:
    """A version with the values of the figures that rank its task's versions, in [0, 1]."""

    registered: RegisteredVersion
    figures: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class VersionRanking:
    """`candidates`, best first, all measured on the rows `heldout` (a digest, "" where there is no candidate).

    `apart` lists the versions that cannot be chosen, each with the reason.
    """

    task: Task
    heldout: str
    candidates: tuple[RankedVersion, ...]
    apart: tuple[tuple[RegisteredVersion, str], ...]

    def lines(self) -> Iterator[str]:
        if self.candidates:
            heads = ("version", "name", "base", *_labels(self.task), "loss", "epochs", "trained", "stage")
            yield table(heads, [_cells(candidate) for candidate in self.candidates])
            yield f"All measured on the held-out rows {self.heldout}."
        if self.apart:
            yield "Not compared:"
            yield table(("", "", "", ""), [_named(registered, why) for registered, why in self.apart])

    def report(self) -> dict[str, Any]:
        """The table as the registry keeps it with a promotion."""
        ranked = {}
        for place, candidate in enumerate(self.candidates, 1):
            version = candidate.registered.version
            ranked[version.digest[:12]] = {
                "place": place,
                "name": version.name,
                "base": version.base,
                **dict(zip(_labels(self.task), candidate.figures, strict=True)),
                "loss": last_loss(version.history),
                "epochs": epochs(version.history),
            }
        apart = {registered.version.digest[:12]: why for registered, why in self.apart}
        return {"held-out rows": self.heldout, "ranked": ranked, "not compared": apart}


def rank(task: Task, versions: Sequence[RegisteredVersion], withdrawn: Mapping[str, str]) -> VersionRanking:
    """The versions of `task` in their order; of equal ones that in production, then the newest.

    Figures on different rows say nothing about each other: the rows that most versions were measured on decide,
    of two equally frequent ones the newer version's. `versions` come newest first, as the registry lists them;
    `withdrawn` holds the digests of those that were taken out of use, with the reason.
    """
    possible: list[RankedVersion] = []
    apart: list[tuple[RegisteredVersion, str]] = []
    for registered in versions:
        figures = _figures(task, registered.version.metrics)
        if why := withdrawn.get(registered.version.digest) or _unusable(registered):
            apart.append((registered, why))
        elif figures is None:
            apart.append((registered, f"its {' and '.join(_labels(task))} are not recorded"))
        elif not _heldout(registered):
            apart.append((registered, "the rows it was measured on are not recorded"))
        else:
            possible.append(RankedVersion(registered, figures))
    # Counter keeps the order of arrival among equals.
    counts = Counter(_heldout(candidate.registered) for candidate in possible).most_common(1)
    heldout = counts[0][0] if counts else ""
    compared = [candidate for candidate in possible if _heldout(candidate.registered) == heldout]
    for candidate in possible:
        if (other := _heldout(candidate.registered)) != heldout:
            apart.append((candidate.registered, f"measured on other rows ({other})"))
    measures = TASKS[task].ranked
    compared.sort(key=lambda one: (_merits(measures, one), one.registered.stage == "production"), reverse=True)
    return VersionRanking(task, heldout, tuple(compared), tuple(apart))


def _labels(task: Task) -> list[str]:
    return [measure.label for measure in TASKS[task].ranked]


def _merits(measures: Sequence[Measure], candidate: RankedVersion) -> list[float]:
    """The figures of a candidate, turned so that more is better."""
    return [measure.merit(figure) for measure, figure in zip(measures, candidate.figures, strict=True)]


def curve(history: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The entries of a history that can be drawn: a version from elsewhere may have others."""
    keys = ("epoch", "loss", "eval_loss")
    return [
        entry
        for entry in history
        if "epoch" in entry and len(entry) > 1 and all(_is_number(entry[key]) for key in keys if key in entry)
    ]


def last_loss(history: Sequence[Mapping[str, Any]]) -> float | None:
    """The last validation loss in nats per token, without one the last training loss."""
    drawn = curve(history)
    for key in ("eval_loss", "loss"):
        if found := [entry[key] for entry in drawn if key in entry]:
            return found[-1]
    return None


def epochs(history: Sequence[Mapping[str, Any]]) -> float | None:
    """How many epochs were trained, which early stopping may have made fewer than the recipe's."""
    return max((entry["epoch"] for entry in curve(history)), default=None)


def _cells(candidate: RankedVersion) -> tuple[str, ...]:
    version = candidate.registered.version
    loss, trained = last_loss(version.history), epochs(version.history)
    return (
        version.digest[:12],
        version.name,
        version.base,
        *(f"{figure:.3f}" for figure in candidate.figures),
        "" if loss is None else f"{loss:.3f}",
        "" if trained is None else f"{trained:.3g}",
        f"{version.created.astimezone():%Y-%m-%d %H:%M}",
        candidate.registered.stage,
    )


def _named(registered: RegisteredVersion, why: str) -> tuple[str, ...]:
    return registered.version.digest[:12], registered.version.name, registered.stage, why


def _unusable(registered: RegisteredVersion) -> str:
    try:
        check_usable(registered.version)
    except ModelError as error:
        return str(error)
    return ""


def _figures(task: Task, metrics: Mapping[str, Any]) -> tuple[float, ...] | None:
    """The values of the figures that rank the task's versions, each that of the worst language where they are given by
    language; None where one is missing."""
    groups = [metrics[one] for one in LANGUAGES if isinstance(metrics.get(one), Mapping)] or [metrics]
    measures = TASKS[task].ranked
    values = [[group.get(measure.name) for group in groups] for measure in measures]
    if not all(_is_number(value) for column in values for value in column):
        return None
    return tuple(min(column, key=measure.merit) for measure, column in zip(measures, values, strict=True))


def _heldout(registered: RegisteredVersion) -> str:
    return str(registered.version.metrics.get("heldout") or "")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
