"""Puts a desk together. The app, the evaluations and the trainings all open it here."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant import basemodels
from assistant.calibration import SHIPPED, JudgeModel, load_calibration
from assistant.embedder import Embedder, load_embedder
from assistant.prompts import PROMPT_VERSION
from assistant.records import LANGUAGES, Language
from assistant.settings import Settings
from assistant.weights import locate

if TYPE_CHECKING:
    from assistant.desk import Desk
    from assistant.generator import Generator
    from assistant.judge import Judge
    from assistant.store.connection import Store

log = logging.getLogger(__name__)


def threads(settings: Settings) -> int:
    """Computing threads: the setting, or the cores this process may use."""
    return settings.threads or len(os.sched_getaffinity(0))


def open_embedder(settings: Settings) -> Embedder:
    return load_embedder(settings.embedding_model, threads(settings))


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A generator and what names the model in it. `close` ends its thread."""

    generator: Generator
    base: basemodels.BaseModel
    identity: JudgeModel


@contextmanager
def open_model(settings: Settings) -> Iterator[LoadedModel]:
    """The language model of `settings`, with its adapter when one is set."""
    from assistant.generator import Generator
    from assistant.generator.engine import has_cuda

    base = basemodels.choose(settings.base_model, has_cuda())
    weights = locate(base, settings.cache_dir)
    generator = Generator(weights, threads(settings), settings.max_queue)
    try:
        adapter = generator.load_adapter(settings.adapter) if settings.adapter else None
        yield LoadedModel(generator, base, JudgeModel(weights.sha256, adapter, PROMPT_VERSION))
    finally:
        generator.close()


def make_judge(settings: Settings, model: LoadedModel, embedder: Embedder) -> Judge:
    from assistant.judge import Judge

    calibration = load_calibration(SHIPPED, embedder.name)
    thresholds: dict[Language, float] = {
        language: calibration.thresholds[language] if (chosen := settings.threshold(language)) is None else chosen
        for language in LANGUAGES
    }
    margins: dict[Language, float] = {language: settings.margin(language) for language in LANGUAGES}
    return Judge(
        model.generator, model.base.chat, calibration, model.identity, thresholds, margins, settings.candidates
    )


@contextmanager
def open_desk(settings: Settings, store: Store, sample: bool = False) -> Iterator[Desk]:
    """A desk on `store`, which stays open after it. With `sample`, a new store gets the sample library."""
    from assistant.desk import Desk
    from assistant.explainer import Explainer
    from assistant.library_files import import_sample
    from assistant.reader import Reader
    from assistant.retriever import Retriever

    embedder = open_embedder(settings)
    if sample:
        import_sample(store, embedder, settings)
    retriever = Retriever(store, embedder)
    with open_model(settings) as model:
        judge = make_judge(settings, model, embedder)
        explainer = Explainer(model.generator, model.base.chat, model.identity.adapter, settings.reason_tokens)
        yield Desk(settings, store, retriever, judge, explainer, Reader(embedder))
