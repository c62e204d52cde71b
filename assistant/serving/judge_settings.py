"""Chooses the calibration and the thresholds for a model. The log says what does not fit and how to fix it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from assistant.errors import ModelError
from assistant.judge.calibration import SHIPPED, Calibration, JudgeModel, load_calibration
from assistant.records import LANGUAGES, Language
from assistant.search.embedder import Embedder
from assistant.settings import Settings
from assistant.versions.version import CALIBRATION

if TYPE_CHECKING:
    from assistant.serving.load import LoadedModel

log = logging.getLogger(__name__)


def calibration_for(model: LoadedModel, embedder: Embedder) -> Calibration:
    """The calibration of the model's version if it fits the model and the embeddings, else the shipped one.

    Raises `ModelError` if neither was made with the embeddings in use.
    """
    calibration = _of_version(model, embedder) or load_calibration(SHIPPED, embedder.name)
    known = {
        language: [one for one in calibration.models(language) if one.is_same(model.identity)] for language in LANGUAGES
    }
    if without := [language for language, found in known.items() if not found]:
        log.warning(
            "no calibration uses what %s says in %s, so the judge goes without it: run `%s`",
            _named(model),
            " and ".join(without),
            _command(model),
        )
    if elsewhere := {one.hardware for found in known.values() if model.identity not in found for one in found}:
        log.warning(
            "%s was calibrated on %s and runs on %s: run `%s` here",
            _named(model),
            " and ".join(sorted(elsewhere)),
            model.identity.hardware,
            _command(model),
        )
    return calibration


def _of_version(model: LoadedModel, embedder: Embedder) -> Calibration | None:
    """The version's own calibration; None if it has none for this model and these embeddings."""
    path = model.adapter / CALIBRATION if model.adapter else None
    if path is None or not path.is_file():
        return None
    try:
        found = load_calibration(path, embedder.name)
    except ModelError as error:
        log.warning("the shipped calibration is used instead of the version's own: %s", error)
        return None
    models = [one for language in LANGUAGES for one in found.models(language)]
    # A version whose labels could not be read was calibrated without them.
    if not models or any(map(model.identity.is_same, models)):
        return found
    log.warning("%s was not made with %s, so the shipped calibration is used", path, _named(model))
    return None


def threshold(settings: Settings, language: Language, model: JudgeModel, calibration: Calibration) -> float:
    """The least P(same) that is shown: the threshold of the settings, else the one for their precision."""
    chosen = settings.threshold(language)
    if chosen is not None:
        return chosen
    fit = calibration.deciding(language, model)
    point = fit.point(settings.precision)
    # Calibrations from before margins were measured say 0.
    if fit.margin not in (0.0, settings.margin(language)):
        log.warning(
            "the thresholds of %s were measured with a margin of %g and RESPOSTA_MARGIN_%s is %g, so the precision may "
            "differ: calibrate with this margin, or set RESPOSTA_THRESHOLD_%s",
            language,
            fit.margin,
            language.upper(),
            settings.margin(language),
            language.upper(),
        )
    if point.precision < settings.precision:
        log.warning(
            "RESPOSTA_PRECISION=%g was not reached on the questions that calibrated %s; the best was %.3f: choose "
            "less, or RESPOSTA_THRESHOLD_%s yourself",
            settings.precision,
            language,
            point.precision,
            language.upper(),
        )
    return point.threshold


def thresholds(settings: Settings, model: JudgeModel, calibration: Calibration) -> dict[Language, float]:
    """`threshold` of every language."""
    return {language: threshold(settings, language, model, calibration) for language in LANGUAGES}


def _named(model: LoadedModel) -> str:
    return f"version {model.identity.adapter[:12]}" if model.identity.adapter else f"the bare base {model.base.name}"


def _command(model: LoadedModel) -> str:
    """The command that calibrates this model. The registry names the folders of its versions by their digests."""
    if model.adapter is None:
        return f"RESPOSTA_BASE_MODEL={model.base.name} python -m training.calibrate …"
    registered = model.adapter.name == model.identity.adapter
    return f"python -m training.calibrate … --version {model.adapter.name[:12] if registered else model.adapter}"
