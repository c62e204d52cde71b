"""What answers right now, replaced as a whole while requests go on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from assistant.errors import GpuUnavailableError
from assistant.judge.judge import Judge
from assistant.judge.reasons import Explainer
from assistant.reader.reader import Reader
from assistant.serving.load import LoadedModel
from assistant.tasks import Role

log = logging.getLogger(__name__)

# A page asks for the reasons of what it was just shown; they come from the version that judged.
KEPT_SECONDS = 120.0


@dataclass(frozen=True, slots=True, eq=False)
class Serving:
    """One set of versions with what is built on them. `reading` is None where no reading adapter is served."""

    judging: LoadedModel
    reading: LoadedModel | None
    judge: Judge
    explainer: Explainer
    reader: Reader

    @property
    def models(self) -> list[LoadedModel]:
        return [self.judging, *([self.reading] if self.reading else [])]

    def model(self, role: Role) -> LoadedModel | None:
        """The model behind that role; None where no adapter is served for it."""
        models: dict[Role, LoadedModel | None] = {"judge": self.judging, "reader": self.reading}
        return models[role]


class Served:
    """The serving in use, and earlier ones that requests still hold. Safe for many threads.

    `unload` is given a model that no request and no serving needs any more, and the models that stay. `spare` answers
    what the one in use has no GPU for.
    """

    def __init__(
        self,
        first: Serving,
        unload: Callable[[LoadedModel, Sequence[LoadedModel]], None],
        notices: Sequence[str] = (),
        spare: Serving | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._current = first
        self._unload = unload
        self._held: dict[Serving, int] = {}
        self._replaced: dict[Serving, float] = {}
        self._leaving: list[LoadedModel] = []
        # Why a version that should be in use is not.
        self.alarms: dict[str, str] = {}
        # What everyone who asks should know of the model that answers.
        self.notices = tuple(notices)
        self._spare = spare

    @property
    def current(self) -> Serving:
        return self._current

    @property
    def models(self) -> list[LoadedModel]:
        """All that are loaded for a request, now or before."""
        with self._lock:
            return [model for one in (self._current, *self._replaced) for model in one.models]

    @contextmanager
    def lease(self, adapter: str | None = None) -> Iterator[Serving]:
        """The serving that judges with `adapter` where it is still loaded, else the one in use.

        Inside the block it stays loaded, whatever is promoted meanwhile.
        """
        with self._lock:
            known = [self._current, *self._replaced, *([self._spare] if self._spare else [])]
            serving = next((one for one in known if adapter and one.judge.adapter == adapter), self._current)
            self._held[serving] = self._held.get(serving, 0) + 1
        try:
            yield serving
        finally:
            with self._lock:
                self._held[serving] -= 1
                if not self._held[serving]:
                    del self._held[serving]

    def instead(self, error: GpuUnavailableError) -> Serving:
        """The serving that answers what failed with `error`, which is raised again where there is none."""
        if self._spare is None:
            raise error
        log.warning("%s (%s)", error.notice, error.__cause__)
        return self._spare

    def replace(self, serving: Serving) -> None:
        """From now on new requests go to `serving`; those under way end where they are."""
        with self._lock:
            self._replaced[self._current] = time.monotonic()
            self._current = serving

    def retire(self, kept_seconds: float = KEPT_SECONDS) -> None:
        """Unload what was replaced that long ago and is held by no request.

        Raises what unloading does; what is left is unloaded the next time.
        """
        now = time.monotonic()
        with self._lock:
            gone = [one for one, at in self._replaced.items() if now - at >= kept_seconds and not self._held.get(one)]
            for one in gone:
                del self._replaced[one]
            staying = [model for one in (self._current, *self._replaced) for model in one.models]
        known = {model.identity: model for one in gone for model in one.models}
        self._leaving += known.values()
        while self._leaving:
            model = self._leaving[-1]
            if all(model.identity != other.identity for other in staying):
                self._unload(model, staying)
            self._leaving.pop()
