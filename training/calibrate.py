"""Fit the judge's calibration on labelled pairs of each language and write it to a file.

    python -m training.calibrate [--pairs QQP/train.csv] [--requests BANKING77/test.csv] [--faqs AIA_BDE_FOLDER]
                                 [--version VERSION|FOLDER]

With --version it is fitted for that adapter version and kept with it, with an event when VERSION is in the registry;
without, for the adapter in use, and written to the file that is shipped. Fits made with the same model on other
hardware stay in the file. For every target precision the threshold is printed that reaches it on held-out questions,
with what it costs: "answered" is the share of the questions with an answer that were shown it, "shown" the share of
all questions that were shown anything.

English pairs are those of Quora's that the adapter was not trained on, and customers' requests against the
candidates retrieval shows for them, of intents that it was not trained on. Portuguese ones are rewordings of
public FAQs against such candidates; of those only every eighth FAQ is used, so that others train and measure.
In both languages customers' wordings for the sample library are another domain of equal weight: a scale fitted
on one domain alone is badly off on another. What is not given is done without.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from assistant.errors import RespostaError
from assistant.judge.calibration import SHIPPED, Calibration, Fit, JudgeModel, read_calibration
from assistant.judge.judge import label_scores, measure
from assistant.records import LANGUAGES, Language
from assistant.search.embedder import Embedder, open_embedder
from assistant.serving.choose import open_model
from assistant.serving.load import LoadedModel
from assistant.settings import Settings, load_settings
from assistant.versions.fingerprints import read_fingerprints
from assistant.versions.registry import Registry
from assistant.versions.version import CALIBRATION, FINGERPRINTS
from training.calibration.cache import GroupScores, LabelCache, key, label_cache
from training.calibration.data import Group, english_groups, portuguese_groups, request_groups, shop_groups
from training.calibration.fit import fit_all
from training.calibration.regression import LabelledGroup
from training.registry import person, table, with_registry


def label(groups: list[Group], language: Language, model: LoadedModel, cache: LabelCache) -> list[LabelledGroup]:
    """Every group with the signals of its pairs. What the model said is kept as it comes."""
    labelled = []
    for group in tqdm(groups, unit="question", desc=f"{language} pairs"):
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


def calibrate(options: argparse.Namespace, settings: Settings, place: Path) -> tuple[Calibration, JudgeModel]:
    """A calibration for the judging model of the settings, with the fits for other hardware that `place` holds."""
    embedder = open_embedder(settings)
    fits: list[Fit] = []
    with open_model(settings) as model, label_cache(settings.cache_dir / "calibration", model.identity) as cache:
        kept = elsewhere(place, embedder.name, model.identity)
        for language in LANGUAGES:
            groups = groups_of(language, options, embedder, model)
            fits += fit_all(language, label(groups, language, model, cache), model.identity, settings.margin(language))
        return Calibration(embedder.name, (*fits, *kept)), model.identity


def groups_of(language: Language, options: argparse.Namespace, embedder: Embedder, model: LoadedModel) -> list[Group]:
    """The labelled questions of one language, without pairs that the adapter was trained on."""
    shop = shop_groups(language, embedder)
    if language == "pt":
        return (portuguese_groups(options.faqs, embedder, options.limit) if options.faqs else []) + shop
    groups: list[Group] = []
    if options.pairs:
        trained: frozenset[str] = frozenset()
        if model.adapter is not None and (model.adapter / FINGERPRINTS).is_file():
            trained = frozenset(read_fingerprints(model.adapter).rows)
        groups += english_groups(options.pairs, embedder, options.limit, trained)
    if options.requests:
        groups += request_groups(options.requests, embedder, options.limit)
    return groups + shop


def elsewhere(place: Path, embedding: str, model: JudgeModel) -> list[Fit]:
    """The fits that were made with this model on other hardware: of the file to be replaced, or of the shipped one,
    which a new file will hide."""
    before = read_calibration(place if place.is_file() else SHIPPED)
    if before.embedding != embedding:
        return []
    return [fit for fit in before.fits if fit.model and fit.model != model and fit.model.is_same(model)]


def show(calibration: Calibration, model: JudgeModel) -> None:
    """Print every fit for this hardware, and the operating points of those that decide."""
    for language in LANGUAGES:
        deciding = calibration.deciding(language, model)
        for fit in calibration.fits:
            if fit.language == language and fit.model in (None, model):
                measured = "  ".join(f"{name} {value:.3f}" for name, value in fit.heldout.items())
                weights = "  ".join(f"{name} {weight:+.2f}" for name, weight in fit.weights.items())
                used = "  (used)" if fit is deciding else ""
                print(f"{language}  {fit.rows} pairs  Brier {fit.brier:.4f}{used}  {weights}  {fit.intercept:+.2f}")
                print(f"    {measured}")
        heads = (f"{language}: target", "threshold", "precision", "answered", "shown")
        rows = [
            (
                f"{point.target:.2f}",
                *(f"{x:.3f}" for x in (point.threshold, point.precision, point.answered, point.shown)),
            )
            for point in deciding.points
        ]
        print(table(heads, rows))


def _report(calibration: Calibration, model: JudgeModel) -> dict[str, Any]:
    """What the registry's event keeps."""
    deciding = {language: calibration.deciding(language, model) for language in LANGUAGES}
    brier = {language: round(fit.brier, 5) for language, fit in deciding.items()}
    return {"hardware": model.hardware, "Brier": brier}


def for_registered(options: argparse.Namespace, settings: Settings, registry: Registry) -> None:
    """Fit for a version of the registry and keep the calibration with it, as an event."""
    version = registry.find(options.version).version
    folder = registry.files(version)
    chosen = settings.model_copy(update={"adapter": str(folder)})
    calibration, model = calibrate(options, chosen, folder / CALIBRATION)
    show(calibration, model)
    given = [path for path in (options.pairs, options.requests, options.faqs) if path]
    sources = ", ".join(["the shop", *(str(Path(*path.parts[-2:])) for path in given)])
    registry.calibrate(version, calibration, _report(calibration, model), options.who, f"fitted on {sources}")
    print(f"kept with {version.digest[:12]}; an app uses it when it loads this version again")


def for_folder(options: argparse.Namespace, settings: Settings, place: Path) -> None:
    """Fit for the adapter of the settings and write the calibration to `place`."""
    calibration, model = calibrate(options, settings, place)
    show(calibration, model)
    calibration.save(place)
    print(f"wrote {place.name}")


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when it was done, 2 when it could not be."""
    parser = argparse.ArgumentParser(
        prog="python -m training.calibrate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, help="English CSV with question1, question2, is_duplicate")
    parser.add_argument("--requests", type=Path, help="English CSV with text, category")
    parser.add_argument("--faqs", type=Path, help="Portuguese folder: faqs.jsonl, queries_dev.jsonl")
    parser.add_argument("--limit", type=int, default=500, help="pairs of each published set (default: %(default)s)")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--version", metavar="VERSION|FOLDER", help="the version to fit for, and to keep it with")
    place.add_argument("--out", type=Path, default=SHIPPED, help="file to write (default: the shipped one)")
    parser.add_argument("--who", default=person(), help="who calibrates, kept with the event (default: %(default)s)")
    options = parser.parse_args(arguments)
    if options.version and not Path(options.version).is_dir():
        return with_registry(partial(for_registered, options))
    try:
        settings = load_settings(**({"adapter": options.version} if options.version else {}))
        for_folder(options, settings, Path(options.version) / CALIBRATION if options.version else options.out)
    except RespostaError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
