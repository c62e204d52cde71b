"""Puts a desk together. The app, the evaluations and the trainings all open it here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from assistant.calibrated import calibration_for, thresholds
from assistant.embedder import Embedder, load_embedder
from assistant.records import LANGUAGES, Language
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.desk import Desk
    from assistant.explainer import Explainer
    from assistant.judge import Judge
    from assistant.loading import LoadedModel
    from assistant.reader import Reader
    from assistant.serving import Serving
    from assistant.spans import SpanReader
    from assistant.store.connection import Store


def threads(settings: Settings) -> int:
    """Computing threads: the setting, or the cores this process may use."""
    return settings.threads or len(os.sched_getaffinity(0))


def open_embedder(settings: Settings) -> Embedder:
    """The embedding model of the settings."""
    return load_embedder(settings.embedding_model, threads(settings))


def make_judge(settings: Settings, model: LoadedModel, embedder: Embedder) -> Judge:
    """A judge on `model`, with the calibration that is kept with its adapter, else the shipped one."""
    from assistant.judge import Judge

    calibration = calibration_for(model, embedder)
    least = thresholds(settings, model.identity, calibration)
    margins: dict[Language, float] = {language: settings.margin(language) for language in LANGUAGES}
    return Judge(model.generator, model.base.chat, calibration, model.identity, least, margins, settings.candidates)


def make_explainer(settings: Settings, model: LoadedModel) -> Explainer:
    """A writer of reasons on `model`."""
    from assistant.explainer import Explainer

    return Explainer(model.generator, model.base.chat, model.identity.adapter, settings.reason_tokens)


def make_reader(embedder: Embedder, model: LoadedModel | None) -> Reader:
    """A reader; without a `model` its answers are whole sentences."""
    from assistant.reader import Reader

    return Reader(embedder, span_reader=span_reader(model))


def make_serving(settings: Settings, judging: LoadedModel, reading: LoadedModel | None, embedder: Embedder) -> Serving:
    """All that answers on these models."""
    from assistant.serving import Serving

    judge, explainer = make_judge(settings, judging, embedder), make_explainer(settings, judging)
    return Serving(judging, reading, judge, explainer, make_reader(embedder, reading))


@contextmanager
def open_desk(settings: Settings, store: Store, sample: bool = False) -> Iterator[Desk]:
    """A desk on `store`, which stays open after it. With `sample`, a new store gets the sample library.

    It follows the registry's production versions, but not on ZeroGPU, where nothing can be loaded after the start.
    """
    from assistant.desk import Desk
    from assistant.library_files import import_sample
    from assistant.models import open_models
    from assistant.registry import open_registry
    from assistant.retriever import Retriever
    from assistant.serving import Served
    from assistant.swap import Swapper

    embedder = open_embedder(settings)
    if sample:
        import_sample(store, embedder, settings)
    retriever = Retriever(store, embedder)
    registry = open_registry(settings, store)
    registry.register_shipped()
    with open_models(settings, registry) as models:
        first = make_serving(settings, models.judging, models.reading, embedder)
        spare = make_serving(settings, *models.spare, embedder) if models.spare else None
        served = Served(first, models.generators.unload, models.notices, spare)
        desk = Desk(settings, store, retriever, served)
        if settings.zero_gpu:
            yield desk
            return
        with closing(Swapper(settings, registry, embedder, models.generators, served)) as swapper:
            swapper.start()
            yield desk


def span_reader(model: LoadedModel | None) -> SpanReader | None:
    """Reads spans with `model`; None where it has no reading adapter."""
    from assistant.spans import SpanReader

    if model is None or model.identity.adapter is None:
        return None
    return SpanReader(model.generator, model.base.chat, model.identity.adapter)
