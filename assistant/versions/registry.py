"""The adapter registry: which versions there are, which one each task uses, and who decided that."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any, Literal

from assistant.bases.catalogue import CATALOGUE
from assistant.errors import InputError, ModelError
from assistant.judge.calibration import Calibration
from assistant.prompts import served_version
from assistant.records import Task
from assistant.settings import Settings
from assistant.store.connection import Store
from assistant.tasks import TASKS, find_task
from assistant.version_records import SHIPPED, AdapterVersion, Kind, RegisteredVersion, Stage, StageEvent
from assistant.versions.files import AdapterFiles
from assistant.versions.fingerprints import read_fingerprints
from assistant.versions.hub import Hub, Pinned, open_hub, parse_pinned
from assistant.versions.version import CALIBRATION, VERSION, fits_prompts, read_version

SHIPPED_FOLDER = Path(__file__).parents[1] / "adapters"
RESPOSTA = "resposta"

_DIGEST = re.compile(r"[0-9a-f]{4,64}")
_BINDING = ("task", "base", "base_sha256", "quantization", "prompt_version")

_HELD_BY_ONE: tuple[Stage, ...] = ("staging", "production")

log = logging.getLogger(__name__)


class Registry:
    """Versions in `store`, their files by digest in `folder`. Safe for many threads and processes.

    A version is referred to by its digest, four or more of its first digits, or TASK@STAGE. What names none, or
    more than one, is an `InputError`.
    """

    def __init__(self, store: Store, folder: Path, hub: Hub) -> None:
        self._adapters = store.adapters
        self._files = AdapterFiles(folder)
        self._hub = hub

    def add(self, source: Path | str, who: str, why: str = "") -> RegisteredVersion:
        """Take in a version folder, or REPO@COMMIT from the Hub, as a candidate. Files first, row last.

        The same version again brings at most a calibration, where it has none yet. Raises `ModelError` when it is no
        version, or its digest is registered with another task, base or prompt version.
        """
        pinned = None if Path(source).exists() else parse_pinned(str(source))
        if pinned is None:
            taken = self._take(Path(source), Path(source).resolve().name, who, why)
        else:
            with self._files.draft() as draft:
                taken = self._take(self._hub.pull(pinned, draft), str(pinned), who, why)
        # Its files may be what a running app lacked.
        self._adapters.tell(taken.version.task)
        return taken

    def list(self) -> list[RegisteredVersion]:
        """Every version, by task, newest first."""
        return self._adapters.all()

    def show(self, reference: str) -> tuple[RegisteredVersion, Sequence[StageEvent]]:
        """A version and what happened to it, oldest first."""
        found = self.find(reference)
        return found, self._adapters.events(found.version.digest)

    def find(self, reference: str) -> RegisteredVersion:
        task, at, stage = reference.partition("@")
        found: Sequence[RegisteredVersion] = ()
        if at:
            if stage in _HELD_BY_ONE:
                found = self._adapters.at(find_task(task).name, stage)
        elif _DIGEST.fullmatch(reference):
            found = self._adapters.find(reference)
        else:
            raise InputError(
                f"{reference!r} names no version: write the first digits of its digest, or TASK@staging, "
                "TASK@production (`python -m training.registry list` shows them)."
            )
        if len(found) == 1:
            return found[0]
        if found:
            several = ", ".join(one.version.digest[:12] for one in found)
            raise InputError(f"{reference!r} is the beginning of {several}: write more digits.")
        raise InputError(f"There is no version {reference!r}: `python -m training.registry list` shows all.")

    def promote(
        self,
        reference: str,
        stage: Literal["staging", "production"],
        who: str,
        why: str,
        report: dict[str, Any] | None = None,
    ) -> RegisteredVersion:
        """Bring a version to a stage; the one that stood there is archived.

        Raises `ModelError` when this code could not load it.
        """
        found = self.find(reference)
        check_usable(found.version)
        self._adapters.move(found.version.digest, "promoted", stage, *_said(who, why), report)
        return self.find(found.version.digest)

    def archive(self, reference: str, who: str, why: str) -> RegisteredVersion:
        """Take a version out of use; its task has none at that stage then."""
        found = self.find(reference)
        self._adapters.move(found.version.digest, "archived", "archived", *_said(who, why))
        return self.find(found.version.digest)

    def rollback(self, task: str, who: str, why: str) -> RegisteredVersion:
        """Bring back the production version before the present one; once more, the one before that.

        Raises `ModelError` when this code could not load it.
        """
        return self.find(self._adapters.roll_back(find_task(task).name, *_said(who, why), check_usable))

    def production(self, task: Task) -> AdapterVersion | None:
        found = self._adapters.at(task, "production")
        return found[0].version if found else None

    def production_line(self, task: Task) -> Sequence[AdapterVersion]:
        """The production version and those that were it before and were not taken out of use, newest first; none where
        nothing is in production."""
        return self._adapters.line(task)

    def files(self, version: AdapterVersion) -> Path:
        """The folder of a registered version, its digest verified just now.

        Missing or damaged files are fetched again from where the version lies on the Hub. Raises `ModelError` when
        it lies nowhere.
        """
        folder = self._files.get(version.digest)
        if folder:
            return folder
        for pinned in self._on_hub(version.digest):
            with self._files.draft() as draft:
                self._files.put(self._hub.pull(pinned, draft))
            if folder := self._files.get(version.digest):
                return folder
        raise ModelError(
            f"The files of version {version.digest[:12]} ({version.name}) are missing or damaged here: run "
            "`python -m training.registry add` with its folder, or with REPO@COMMIT."
        )

    def note_publication(self, version: AdapterVersion, published: Pinned, who: str, why: str) -> None:
        """Record that the version lies on the Hub as well."""
        self._adapters.note(version.digest, "published", *_said(who, why), published=str(published))
        self._adapters.tell(version.task)

    def calibrate(
        self, version: AdapterVersion, calibration: Calibration, report: dict[str, Any], who: str, why: str
    ) -> None:
        """Keep a calibration with a registered version; the app uses it when it loads the version again."""
        who, why = _said(who, why)
        self.keep(version, CALIBRATION, calibration.save)
        self._adapters.note(version.digest, "calibrated", who, why, report)

    def keep(self, version: AdapterVersion, name: str, write: Callable[[Path], object]) -> None:
        """Keep an optional file with a registered version; `write` is given the path to write it to."""
        self.files(version)
        self._files.bring(version.digest, name, write)
        self._adapters.tell(version.task)

    def note_refusal(self, version: AdapterVersion, why: str) -> None:
        """Record that an app did not take the version into service, unless that was the last thing said of it."""
        last = self._adapters.events(version.digest)[-1]
        if (last.action, last.why) != ("refused", why):
            self._adapters.note(version.digest, "refused", RESPOSTA, why)

    def moves(self, stopped: Event) -> Iterator[bool]:
        """Yields at times until `stopped`, True when something was said of a version, in whatever process."""
        return self._adapters.moves(stopped)

    def trained_on(self, version: AdapterVersion, kind: Kind, fingerprints: Iterable[str]) -> set[str]:
        """Those of `fingerprints` (16 hex digits each) that the version was trained on."""
        return self._adapters.known(version.digest, kind, fingerprints)

    def register_shipped(self, folder: Path = SHIPPED_FOLDER) -> None:
        """Take in the version folders below `folder`/TASK, and use the newest of each task where nobody chose
        another: on a first start, or when an update brings a newer one than the shipped one in use."""
        for task in TASKS:
            usable = []
            for file in sorted((folder / task).glob(f"**/{VERSION}")):
                if (given := read_version(file.parent).task) != task:
                    raise ModelError(f"{file.parent} holds an adapter for {given}: move it below that task.")
                version = self._take(file.parent, SHIPPED, RESPOSTA, SHIPPED).version
                try:
                    check_usable(version)
                    usable.append(version)
                except ModelError as error:
                    log.warning("the shipped adapter in %s stays unused: %s", file.parent.name, error)
            if usable:
                newest = max(usable, key=lambda version: version.created)
                self._adapters.move_on(newest.digest, RESPOSTA, SHIPPED)

    def _take(self, folder: Path, origin: str, who: str, why: str) -> RegisteredVersion:
        who, why = _said(who, why or f"added from {origin}")
        version = self._files.put(folder)
        # Every start comes by with the shipped versions, whose fingerprints are many.
        known = self._adapters.find(version.digest)
        if known or not self._adapters.add(version, read_fingerprints(self.files(version)), origin, who, why):
            _check_same(version, self.find(version.digest).version)
        return self.find(version.digest)

    def _on_hub(self, digest: str) -> Sequence[Pinned]:
        """Where a version lies on the Hub, the latest place first."""
        found, events = self.show(digest)
        places = [event.published for event in reversed(events) if event.published] + [found.origin]
        return [pinned for place in places if (pinned := parse_pinned(place))]


def check_usable(version: AdapterVersion) -> None:
    """Raise `ModelError` when this code knows no such base, or writes other prompts."""
    if version.base not in CATALOGUE:
        raise ModelError(
            f"Version {version.digest[:12]} needs the base {version.base!r}, which this Resposta does not know: update "
            "Resposta, or take a version for one of " + ", ".join(sorted(CATALOGUE)) + "."
        )
    fits_prompts(version, served_version(version.task))


def open_registry(settings: Settings, store: Store) -> Registry:
    """The registry of `store`, with its files in the data folder."""
    return Registry(store, settings.data_dir / "adapters", open_hub(settings))


def _check_same(given: AdapterVersion, known: AdapterVersion) -> None:
    """The digest covers the adapter's bytes alone; what they are good for may not change under it."""
    other = [name for name in _BINDING if getattr(given, name) != getattr(known, name)]
    if other:
        raise ModelError(
            f"Version {known.digest[:12]} is registered with another {' and '.join(other)} than this folder says: "
            "correct the folder's version.json, or train again."
        )


def _said(who: str, why: str) -> tuple[str, str]:
    who, why = who.strip(), why.strip()
    if not who or not why:
        raise InputError("A move needs a person and a reason: give both (--who NAME --why TEXT).")
    return who, why
