"""What a cross-encoder's score adds to the judge's for a pair of questions.

    python -m training.benchmarks.cross_encoder_gain QQP/train.csv QQP/dev.csv --model FOLDER [--model FOLDER …]

A logistic regression over the judge's signals for a pair, the embeddings' cosine and the label's logit, is fitted
with and without the cross-encoder's logit. The pairs to fit on are those of the training file that neither the adapter
nor the cross-encoder was trained on, so train the cross-encoder with --seen-by.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from assistant.command_line.runner import Command
from assistant.errors import InputError
from assistant.search.embedder import Embedder, open_embedder
from assistant.serving.choose import open_model
from assistant.serving.load import LoadedModel
from assistant.settings import load_settings
from assistant.versions.fingerprints import read_fingerprints
from evals.data.published import QuestionPair, load_pairs
from evals.measures.classification import intervals, mcnemar, measure_probabilities
from evals.systems.baselines.cross_encoder import CrossEncoder
from evals.systems.labels import label_logits
from training.data.rows import PairRow
from training.data.splits import fingerprint

# For both fits together: fewer say nothing about three weights.
LEAST = 50


def unseen(pairs: Sequence[QuestionPair], folders: Sequence[Path]) -> list[QuestionPair]:
    """The pairs that no version in `folders` was trained on. Raises `InputError` when there are too few."""
    trained: Collection[str] = {row for folder in folders for row in read_fingerprints(folder).rows}
    found = [
        pair
        for pair in pairs
        if fingerprint(PairRow(pair.question1, pair.question2, pair.same, pair.language)) not in trained
    ]
    if len(found) < LEAST:
        raise InputError(
            f"Only {len(found)} pairs are new to the adapter and the cross-encoder: train the cross-encoder with "
            "--seen-by and the adapter's folder."
        )
    return found


def judged(pairs: Sequence[QuestionPair], model: LoadedModel, embedder: Embedder) -> np.ndarray:
    """Cosine and label logit of each pair, shape (pairs, 2); NaN where the reply could not be read."""
    first = embedder.embed([pair.question1 for pair in pairs])
    cosines = np.sum(first * embedder.embed([pair.question2 for pair in pairs]), axis=1)
    logits = [np.nan if logit is None else logit for logit in label_logits(model, pairs)]
    return np.column_stack([cosines, logits])


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("train", type=Path, help="CSV that both were trained on parts of")
    parser.add_argument("dev", type=Path, help="CSV to measure on")
    parser.add_argument("--model", type=Path, required=True, action="append", help="folder of a cross-encoder")


def _work(options: argparse.Namespace) -> None:
    settings = load_settings()
    embedder = open_embedder(settings)
    with open_model(settings) as model:
        if model.adapter is None:
            raise InputError("The base has no adapter to compare with: unset RESPOSTA_BASE_MODEL.")
        fitting = unseen(load_pairs(options.train), [model.adapter, *options.model])
        measuring = load_pairs(options.dev)
        known = [judged(pairs, model, embedder) for pairs in (fitting, measuring)]
    print(f"fitted on {len(fitting)} pairs, measured on {len(measuring)}")
    for folder in options.model:
        encoder = CrossEncoder(folder, settings.computing_threads)
        own = [np.array(encoder.logits(pairs))[:, None] for pairs in (fitting, measuring)]
        print(f"{encoder.model['name']} ({folder.name})")
        fitted, measured = ([pair.same for pair in pairs] for pairs in (fitting, measuring))
        print(*compare(fitted, measured, known, own), sep="\n")


def compare(
    fitted: Sequence[bool], measured: Sequence[bool], known: Sequence[np.ndarray], own: Sequence[np.ndarray]
) -> list[str]:
    """The figures of each set of signals, a line each, and whether the last two differ beyond chance.

    `known` are `judged` signals of the pairs to fit on and of those to measure, `own` the cross-encoder's logits of
    both, shape (pairs, 1); `fitted` and `measured` are their labels.
    """
    sets = {
        "label alone": [signals[:, 1:] for signals in known],
        "cross-encoder alone": own,
        "cosine and label": known,
        "cosine, label and cross-encoder": [np.hstack(both) for both in zip(known, own, strict=True)],
    }
    lines, right = [], []
    for name, (to_fit, to_measure) in sets.items():
        given = _probabilities(to_fit, np.array(fitted), to_measure)
        found, bounds = measure_probabilities(measured, given), intervals(measured, given)
        figures = "  ".join(
            f"{figure} {getattr(found, figure):.3f} [{bounds[figure][0]:.3f}, {bounds[figure][1]:.3f}]"
            for figure in ("accuracy", "f1", "roc_auc", "brier", "ece")
        )
        lines.append(f"  {name}: {figures}  unreadable {found.unreadable}")
        # One that cannot be read is not right.
        right.append([p is not None and (p >= 0.5) == same for p, same in zip(given, measured, strict=True)])
    only_without, only_with, p_value = mcnemar(right[-2], right[-1])
    return [*lines, f"  right only without it {only_without}, only with it {only_with}, McNemar p = {p_value:.3f}"]


def _probabilities(to_fit: np.ndarray, same: np.ndarray, to_measure: np.ndarray) -> list[float | None]:
    """P(same) by a logistic regression on the rows whose signals are all there; None for the others."""
    is_fit, is_measured = (~np.isnan(signals).any(axis=1) for signals in (to_fit, to_measure))
    curve = make_pipeline(StandardScaler(), LogisticRegression(C=10.0)).fit(to_fit[is_fit], same[is_fit])
    found = np.full(len(to_measure), np.nan)
    found[is_measured] = curve.predict_proba(to_measure[is_measured])[:, 1]
    return [None if np.isnan(value) else float(value) for value in found]


main = Command("training.benchmarks.cross_encoder_gain", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
