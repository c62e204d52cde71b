"""The running app follows the registry: a new production version is taken into service without a restart."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.records import Task
from assistant.search.embedder import Embedder
from assistant.serving.build import make_explainer, make_judge, make_reader
from assistant.serving.canaries import load_checked
from assistant.serving.choose import Refusal
from assistant.serving.current import Served, Serving
from assistant.serving.load import Generators, LoadedModel
from assistant.settings import Settings
from assistant.tasks import TASKS, Role, task_of
from assistant.version_records import AdapterVersion
from assistant.versions.registry import Registry

log = logging.getLogger(__name__)


class Swapper:
    """Brings what `registry` has in production into `served`, one version at a time, and lets go of what it replaced.

    A version is loaded beside the old one and asked its canary questions before a request reaches it. Of one that fails
    the old one stays, `served.alarms` says why by task, and the registry keeps it as an event; it is tried again when
    somebody promotes or mends something. What only a moment kept out, such as a full queue, is tried every minute.
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
        # What the app answers through, and how a serving with another model for it is made.
        self._builders: dict[Role, Callable[[Serving, LoadedModel], Serving]] = {
            "judge": self._with_judge,
            "reader": self._with_reader,
        }
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="swap", daemon=True)

    def start(self, refused: Sequence[Refusal] = ()) -> None:
        """Follow from now on; `refused` could not be served from the beginning."""
        for refusal in refused:
            self._refuse(refusal)
        self._thread.start()

    def close(self) -> None:
        """Stop following; a version that is being loaded is finished first."""
        self._stopped.set()
        self._thread.join()

    def _follow(self) -> None:
        # What was refused at the start has been tried by then.
        first = True
        for heard in self._registry.moves(self._stopped):
            try:
                self.look(heard and not first)
            except Exception:
                log.exception("the registry could not be followed; it is looked at again in a minute")
            first = False

    def look(self, anew: bool = False) -> None:
        """Compare what serves with what is in production, and act on it; what was refused is tried again when `anew`,
        for somebody may have mended it."""
        if anew:
            self._refused.clear()
        for task in (task_of(role).name for role in self._builders):
            if self._is_named_by_the_settings(task):
                continue
            wanted = self._registry.production(task)
            serving = self._digest(task)
            if wanted is None and serving:
                self._served.alarms[task] = (
                    f"Nothing is in production for {task}; {serving[:12]} goes on until a restart. Promote a version "
                    "(`python -m training.registry promote`)."
                )
            elif wanted is None or wanted.digest == serving:
                self._refused.pop(task, None)
                self._served.alarms.pop(task, None)
            elif self._refused.get(task) != wanted.digest:
                self._take(task, wanted)
        self._served.retire()

    def _take(self, task: Task, version: AdapterVersion) -> None:
        begun = time.monotonic()
        try:
            serving = self._loaded(task, version)
        except Exception as error:
            # Whatever it is, the old version goes on.
            refusal = Refusal(version, error)
            refusal.log()
            self._refuse(refusal)
            return
        self._served.replace(serving)
        self._refused.pop(task, None)
        self._served.alarms.pop(task, None)
        log.info(
            "in service",
            extra={"task": task, "version": version.digest[:12], "seconds": round(time.monotonic() - begun, 2)},
        )

    def _refuse(self, refusal: Refusal) -> None:
        task, digest = refusal.version.task, refusal.version.digest
        serves = (self._digest(task) or "the bare base")[:12]
        self._served.alarms[task] = (
            f"Version {digest[:12]} for {task} is in production and was not taken into service; {serves} goes on. "
            f"{refusal.why}"
        )
        if refusal.is_final:
            self._refused[task] = digest
            self._registry.note_refusal(refusal.version, refusal.why)

    def _loaded(self, task: Task, version: AdapterVersion) -> Serving:
        model = load_checked(version, self._registry.files(version), self._generators, self._served.models)
        return self._builders[TASKS[task].role](self._served.current, model)

    def _with_judge(self, current: Serving, model: LoadedModel) -> Serving:
        judge = make_judge(self._settings, model, self._embedder)
        return replace(current, judging=model, judge=judge, explainer=make_explainer(self._settings, model))

    def _with_reader(self, current: Serving, model: LoadedModel) -> Serving:
        return replace(current, reading=model, reader=make_reader(self._embedder, model))

    def _digest(self, task: Task) -> str | None:
        model = self._served.current.model(TASKS[task].role)
        return model.identity.adapter if model else None

    def _is_named_by_the_settings(self, task: Task) -> bool:
        return getattr(self._settings, TASKS[task].setting) is not None
