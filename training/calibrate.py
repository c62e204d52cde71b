"""Fit the judge's calibration on labelled pairs of each language and write it to a file.

    python -m training.calibrate [--pairs QQP/train.csv] [--requests BANKING77/test.csv] [--faqs AIA_BDE_FOLDER]
                                 [--version VERSION|FOLDER]

With --version, the calibration is made for that adapter version and stored with it, with an event if VERSION is in the
registry. Without it, the calibration is made for the adapter in use and written to the shipped file. Fits for the same
model on other hardware stay in the file. For every target precision, the command prints the threshold that reaches it
on held-out questions, and its cost: "answered" is the share of the questions with an answer whose right answer is
shown, "shown" the share of all questions with anything shown. Two close candidates are shown together if their sum
reaches the threshold, as in the app (RESPOSTA_MARGIN_EN, RESPOSTA_MARGIN_PT).

The English data are Quora's pairs and customers' requests with the candidates that retrieval proposes, both without
pairs and intents that the adapter was trained on. The Portuguese data are rewordings of public FAQs with such
candidates; only every eighth FAQ is used, because the others are for training and evaluation. In both languages,
customers' wordings for the sample library are a second domain of equal weight, because a calibration fitted on one
domain is inaccurate on others. Data sets that are not given are skipped.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from assistant.command_line.arguments import count
from assistant.command_line.person import person
from assistant.command_line.runner import Command
from assistant.command_line.tables import table
from assistant.judge.calibration import SHIPPED, Calibration, JudgeModel
from assistant.records import LANGUAGES
from assistant.settings import Settings, load_settings
from assistant.versions.registry import Registry
from assistant.versions.registry_of_settings import opened_registry
from assistant.versions.version import CALIBRATION
from training.calibration.calibrate import Published, calibrate


def show(calibration: Calibration, model: JudgeModel) -> None:
    """Print every fit for this hardware, and the operating points of the fits in use."""
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
    """The report that is stored with the registry's event."""
    deciding = {language: calibration.deciding(language, model) for language in LANGUAGES}
    brier = {language: round(fit.brier, 5) for language, fit in deciding.items()}
    return {"hardware": model.hardware, "Brier": brier}


def for_registered(reference: str, published: Published, who: str, settings: Settings, registry: Registry) -> None:
    """Fit for a version of the registry and keep the calibration with it, as an event."""
    version = registry.find(reference).version
    folder = registry.files(version)
    chosen = settings.model_copy(update={"adapter": str(folder)})
    calibration, model = calibrate(published, chosen, folder / CALIBRATION)
    show(calibration, model)
    given = [path for path in (published.pairs, published.requests, published.faqs) if path]
    sources = ", ".join(["the shop", *(str(Path(*path.parts[-2:])) for path in given)])
    registry.calibrate(version, calibration, _report(calibration, model), who, f"fitted on {sources}")
    print(f"kept with {version.digest[:12]}; an app uses it when it loads this version again")


def for_folder(published: Published, settings: Settings, place: Path) -> None:
    """Fit for the adapter of the settings and write the calibration to `place`."""
    calibration, model = calibrate(published, settings, place)
    show(calibration, model)
    calibration.save(place)
    print(f"wrote {place.name}")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pairs", type=Path, help="English CSV with question1, question2, is_duplicate")
    parser.add_argument("--requests", type=Path, help="English CSV with text, category")
    parser.add_argument("--faqs", type=Path, help="Portuguese folder: faqs.jsonl, queries_dev.jsonl")
    parser.add_argument("--limit", type=count, default=500, help="pairs of each published set (default: %(default)s)")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--version", metavar="VERSION|FOLDER", help="the version to fit for, and to keep it with")
    place.add_argument("--out", type=Path, default=SHIPPED, help="file to write (default: the shipped one)")
    parser.add_argument("--who", default=person(), help="who calibrates, kept with the event (default: %(default)s)")


def _work(options: argparse.Namespace) -> None:
    published = Published(options.pairs, options.requests, options.faqs, options.limit)
    if options.version and not Path(options.version).is_dir():
        settings = load_settings()
        with opened_registry(settings) as registry:
            for_registered(options.version, published, options.who, settings, registry)
        return
    settings = load_settings(**({"adapter": options.version} if options.version else {}))
    for_folder(published, settings, Path(options.version) / CALIBRATION if options.version else options.out)


main = Command("training.calibrate", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
