"""Puts the parts together that answer on a model, in one way for the app, the evaluations and the trainings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.records import LANGUAGES, Language
from assistant.search.embedder import Embedder
from assistant.serving.judge_settings import calibration_for, thresholds
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.judge.judge import Judge
    from assistant.judge.reasons import Explainer
    from assistant.reader.reader import Reader
    from assistant.reader.span_reader import SpanReader
    from assistant.serving.current import Serving
    from assistant.serving.load import LoadedModel


def make_judge(settings: Settings, model: LoadedModel, embedder: Embedder) -> Judge:
    """A judge on `model`, with the calibration that is kept with its adapter, else the shipped one."""
    from assistant.judge.judge import Judge

    calibration = calibration_for(model, embedder)
    least = thresholds(settings, model.identity, calibration)
    margins: dict[Language, float] = {language: settings.margin(language) for language in LANGUAGES}
    return Judge(model.generator, model.base.chat, calibration, model.identity, least, margins, settings.candidates)


def make_explainer(settings: Settings, model: LoadedModel) -> Explainer:
    """A writer of reasons on `model`."""
    from assistant.judge.reasons import Explainer

    return Explainer(model.generator, model.base.chat, model.identity.adapter, settings.reason_tokens)


def make_reader(embedder: Embedder, model: LoadedModel | None) -> Reader:
    """A reader; without a `model` its answers are whole sentences."""
    from assistant.reader.reader import Reader

    return Reader(embedder, span_reader=span_reader(model))


def make_serving(settings: Settings, judging: LoadedModel, reading: LoadedModel | None, embedder: Embedder) -> Serving:
    """All that answers on these models."""
    from assistant.serving.current import Serving

    judge, explainer = make_judge(settings, judging, embedder), make_explainer(settings, judging)
    return Serving(judging, reading, judge, explainer, make_reader(embedder, reading))


def span_reader(model: LoadedModel | None) -> SpanReader | None:
    """Reads spans with `model`; None where it has no reading adapter."""
    from assistant.reader.span_reader import SpanReader

    if model is None or model.identity.adapter is None:
        return None
    return SpanReader(model.generator, model.base.chat, model.identity.adapter)
