"""Fits the judge's calibration on labelled questions of each language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistant.command_line.progress_bars import progress_bar
from assistant.judge.calibration import SHIPPED, Calibration, Fit, JudgeModel, read_calibration
from assistant.judge.judge import label_scores, measure
from assistant.records import LANGUAGES, Language
from assistant.search.embedder import Embedder, open_embedder
from assistant.serving.choose import open_model
from assistant.serving.load import LoadedModel
from assistant.settings import Settings
from assistant.versions.fingerprints import read_fingerprints
from assistant.versions.version import FINGERPRINTS
from training.calibration.cache import GroupScores, LabelCache, key, label_cache
from training.calibration.data import Group, english_groups, portuguese_groups, request_groups, shop_groups
from training.calibration.fit import fit_all
from training.calibration.regression import LabelledGroup


@dataclass(frozen=True, slots=True)
class Published:
    """The data sets to fit on in addition to the shop's wordings, and how many pairs of each. None is skipped."""

    pairs: Path | None
    requests: Path | None
    faqs: Path | None
    limit: int


def label(groups: list[Group], language: Language, model: LoadedModel, cache: LabelCache) -> list[LabelledGroup]:
    """Every group with the signals of its pairs. New label scores are cached at once."""
    labelled = []
    for group in progress_bar(groups, unit="question", desc=f"{language} pairs"):
        name = key(language, group.asked, group.pasts)
        kept = cache.get(name)
        if kept is None:
            kept = GroupScores.of(
                label_scores(
                    model.generator, model.base.chat, group.asked, group.pasts, language, model.identity.adapter
                )
            )
            cache.put(name, kept)
        signals = tuple(
            measure(group.asked, past, answer, language, language, cosine, of_answer, score)
            for past, answer, cosine, of_answer, score in zip(
                group.pasts, group.answers, group.cosines, group.answer_cosines, kept.scores, strict=True
            )
        )
        labelled.append(LabelledGroup(group.domain, signals, group.same))
    return labelled


def calibrate(published: Published, settings: Settings, place: Path) -> tuple[Calibration, JudgeModel]:
    """A calibration for the judging model of the settings, with the fits for other hardware that `place` holds."""
    embedder = open_embedder(settings)
    fits: list[Fit] = []
    with open_model(settings) as model, label_cache(settings.cache_dir / "calibration", model.identity) as cache:
        kept = elsewhere(place, embedder.name, model.identity)
        for language in LANGUAGES:
            groups = groups_of(language, published, embedder, model)
            fits += fit_all(language, label(groups, language, model, cache), model.identity, settings.margin(language))
        return Calibration(embedder.name, (*fits, *kept)), model.identity


def groups_of(language: Language, published: Published, embedder: Embedder, model: LoadedModel) -> list[Group]:
    """The labelled questions of one language, without pairs that the adapter was trained on."""
    shop = shop_groups(language, embedder)
    if language == "pt":
        return (portuguese_groups(published.faqs, embedder, published.limit) if published.faqs else []) + shop
    groups: list[Group] = []
    if published.pairs:
        trained: frozenset[str] = frozenset()
        if model.adapter is not None and (model.adapter / FINGERPRINTS).is_file():
            trained = frozenset(read_fingerprints(model.adapter).rows)
        groups += english_groups(published.pairs, embedder, published.limit, trained)
    if published.requests:
        groups += request_groups(published.requests, embedder, published.limit)
    return groups + shop


def elsewhere(place: Path, embedding: str, model: JudgeModel) -> list[Fit]:
    """The fits for this model on other hardware, from the file to be replaced or, if there is none, from the shipped
    file, which a version's own file replaces."""
    before = read_calibration(place if place.is_file() else SHIPPED)
    if before.embedding != embedding:
        return []
    return [fit for fit in before.fits if fit.model and fit.model != model and fit.model.is_same(model)]
