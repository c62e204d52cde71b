"""The running app follows the registry: a new production version is taken into service without a restart."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from dataclasses import replace
from pathlib import Path

from assistant.assembly import make_explainer, make_judge, make_reader
from assistant.canaries import ask, check, read_canaries
from assistant.embedder import Embedder
from assistant.errors import ModelError
from assistant.loading import Generators, LoadedModel
from assistant.records import TASKS, Task
from assistant.registry import Registry
from assistant.serving import Served, Serving
from assistant.settings import Settings
from assistant.versions import CANARIES, AdapterVersion

log = logging.getLogger(__name__)


class Swapper:
    """Brings what `registry` has in production into `served`, one version at a time, and lets go of what it replaced.

    A version is loaded beside the old one and asked its canary questions before a request reaches it. One that fails
    is not tried again until something else is promoted; the old one stays, `served.alarms` says why by task, and the
    registry keeps it as an event.
    """

    def __init__(
        self, settings: Settings, registry: Registry, embedder: Embedder, generators: Generators, served: Served
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._embedder = embedder
        self._generators = generators
        self._served = served
        self._refused: dict[Task, str] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="swap", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop following; a version that is being loaded is finished first."""
        self._stopped.set()
        self._thread.join()

    def _follow(self) -> None:
        for _ in self._registry.moves(self._stopped):
            try:
                self.look()
            except Exception:
                log.exception("the registry could not be followed; it is looked at again in a minute")

    def look(self) -> None:
        """Compare what serves with what is in production, and act on it."""
        self._served.retire()
        for task in TASKS:
            if self._is_named_by_the_settings(task):
                continue
            wanted = self._registry.production(task)
            serving = self._digest(task)
            if wanted is None or wanted.digest == serving:
                self._refused.pop(task, None)
                self._served.alarms.pop(task, None)
            elif self._refused.get(task) != wanted.digest:
                self._take(task, wanted)

    def _take(self, task: Task, version: AdapterVersion) -> None:
        begun = time.monotonic()
        try:
            serving = self._loaded(task, version)
        except Exception as error:
            # Whatever it is, the old version goes on.
            known = isinstance(error, ModelError)
            log.error("version %s stays out of service: %s", version.digest[:12], error, exc_info=not known)
            self._refused[task] = version.digest
            why = str(error) if known else f"it could not be loaded ({type(error).__name__}, see the log)"
            serves = (self._digest(task) or "the bare base")[:12]
            self._served.alarms[task] = (
                f"Version {version.digest[:12]} for {task} is in production and was not taken into service; {serves} "
                f"goes on. {why}"
            )
            self._registry.note_refusal(version, why)
            return
        self._served.replace(serving)
        self._refused.pop(task, None)
        self._served.alarms.pop(task, None)
        log.info(
            "in service",
            extra={"task": task, "version": version.digest[:12], "seconds": round(time.monotonic() - begun, 2)},
        )

    def _loaded(self, task: Task, version: AdapterVersion) -> Serving:
        folder = self._registry.files(version)
        model = self._generators.load(version, folder)
        try:
            self._ask_canaries(task, folder, model)
            return self._built(task, model)
        except BaseException:
            with contextlib.suppress(ModelError):
                self._generators.unload(model, self._served.models)
            raise

    def _ask_canaries(self, task: Task, folder: Path, model: LoadedModel) -> None:
        check(read_canaries(folder / CANARIES), ask(model, task))

    def _built(self, task: Task, model: LoadedModel) -> Serving:
        current = self._served.current
        if task == "portuguese-qa":
            return replace(current, reading=model, reader=make_reader(self._embedder, model))
        judge = make_judge(self._settings, model, self._embedder)
        return replace(current, judging=model, judge=judge, explainer=make_explainer(self._settings, model))

    def _digest(self, task: Task) -> str | None:
        current = self._served.current
        model = current.judging if task == "question-similarity" else current.reading
        return model.identity.adapter if model else None

    def _is_named_by_the_settings(self, task: Task) -> bool:
        named = self._settings.adapter if task == "question-similarity" else self._settings.reading_adapter
        return named is not None
