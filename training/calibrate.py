"""Fit the judge's calibration on labelled pairs of each language and write it to a file.

    python -m training.calibrate --pairs QQP/train.csv --requests BANKING77/test.csv --faqs AIA_BDE_FOLDER

English pairs are those of Quora's that the adapter was not trained on, and customers' requests against the
candidates retrieval shows for them, of intents that it was not trained on. Portuguese ones are rewordings of
public FAQs against such candidates; of those only every eighth FAQ is used, so that others train and measure.
In both languages customers' wordings for the sample library are another domain of equal weight: a scale fitted
on one domain alone is badly off on another.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from assistant.assembly import open_embedder
from assistant.calibration import SHIPPED, Calibration, Fit
from assistant.fingerprints import read_fingerprints
from assistant.judge import label_scores, measure
from assistant.models import LoadedModel, open_model
from assistant.records import LANGUAGES, Language
from assistant.settings import load_settings
from assistant.versions import FINGERPRINTS
from training.calibration_cache import LabelCache
from training.calibration_data import Group, english_groups, portuguese_groups, request_groups, shop_groups
from training.calibration_fit import LabelledGroup, choose_threshold, fit_all


def label(groups: list[Group], language: Language, model: LoadedModel, cache: LabelCache) -> list[LabelledGroup]:
    """Every group with the signals of its pairs. What the model said is kept as it comes."""
    labelled = []
    for group in tqdm(groups, unit="question", desc=f"{language} pairs"):
        scores = cache.get(language, group.asked, group.pasts)
        if scores is None:
            scores = label_scores(
                model.generator, model.base.chat, group.asked, group.pasts, language, model.identity.adapter
            )
            cache.put(language, group.asked, group.pasts, scores)
        signals = tuple(
            measure(group.asked, past, answer, language, language, *cosines, score)
            for past, answer, *cosines, score in zip(
                group.pasts, group.answers, group.cosines, group.answer_cosines, scores, strict=True
            )
        )
        labelled.append(LabelledGroup(group.domain, signals, group.same))
    return labelled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True, help="English CSV with question1, question2, is_duplicate")
    parser.add_argument("--requests", type=Path, required=True, help="English CSV with text, category")
    parser.add_argument("--faqs", type=Path, required=True, help="Portuguese folder: faqs.jsonl, queries_dev.jsonl")
    parser.add_argument("--limit", type=int, default=500, help="pairs of each published set (default: %(default)s)")
    parser.add_argument("--precision", type=float, default=0.9, help="aim for shown answers (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="file to write (default: the shipped one)")
    options = parser.parse_args()
    settings = load_settings()
    embedder = open_embedder(settings)
    fits: list[Fit] = []
    thresholds: dict[Language, float] = {}
    with open_model(settings) as model, LabelCache(settings.cache_dir / "calibration", model.identity) as cache:
        has_prints = model.adapter is not None and (model.adapter / FINGERPRINTS).is_file()
        trained = frozenset(read_fingerprints(model.adapter).rows) if has_prints else frozenset()
        for language in LANGUAGES:
            published = (
                english_groups(options.pairs, embedder, options.limit, trained)
                + request_groups(options.requests, embedder, options.limit)
                if language == "en"
                else portuguese_groups(options.faqs, embedder, options.limit)
            )
            labelled = label(published + shop_groups(language, embedder), language, model, cache)
            fitted = fit_all(language, labelled, model.identity)
            thresholds[language] = choose_threshold(fitted[-1], options.precision)
            fits += [result.fit for result in fitted]
            for fit in fits[-len(fitted) :]:
                measured = "  ".join(f"{name} {value:.3f}" for name, value in fit.heldout.items())
                weights = "  ".join(f"{name} {weight:+.2f}" for name, weight in fit.weights.items())
                print(f"{language}  {fit.rows} pairs  {weights}  intercept {fit.intercept:+.2f}\n    {measured}")
            print(f"{language}  threshold {thresholds[language]:.3f}")
    Calibration(embedder.name, thresholds, tuple(fits)).save(options.out)
    print(f"wrote {options.out.name}")


if __name__ == "__main__":
    main()
