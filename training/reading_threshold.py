"""Fit when the reader says "not in the text", and write it to a file.

    python -m training.reading_threshold FAQUAD/train.json [--limit N]

Every question stands with its own context, which holds the answer, and with one of another document,
which does not.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from assistant.command_line.arguments import count
from assistant.command_line.progress_bars import progress_bar
from assistant.command_line.runner import Command
from assistant.reader.reader import SHIPPED, Presence, Reader
from assistant.search.embedder import open_embedder
from assistant.settings import load_settings
from evals.data.squad import load_squad
from evals.measures.reading import SEED, elsewhere


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="SQuAD-format JSON")
    parser.add_argument("--limit", type=count, default=150, help="questions to fit on (default: %(default)s)")


def _work(options: argparse.Namespace) -> None:
    questions = [question for question in load_squad(options.file) if question.is_answerable]
    random.Random(SEED).shuffle(questions)
    questions = questions[: options.limit]
    embedder = open_embedder(load_settings())
    reader = Reader(embedder, Presence(embedder.name, 0.0, 0.0))
    cosines, present = [], []
    for question, foreign in zip(progress_bar(questions, unit="question"), elsewhere(questions), strict=True):
        for context, holds in ((question.context, True), (foreign, False)):
            cosines.append(reader.nearest(question.question, context)[1])
            present.append(holds)
    values, labels = np.array(cosines), np.array(present)
    # Cosines differ by hundredths: regularization would flatten the curve.
    logistic = LogisticRegression(C=1e6).fit(values[:, None], labels)
    slope = float(logistic.coef_[0, 0])
    fitted = Presence(embedder.name, slope, float(-logistic.intercept_[0] / slope))
    fitted.save(SHIPPED)
    accuracy = float(np.mean((values > fitted.midpoint) == labels))
    print(f"{len(labels)} pairs: ROC AUC {roc_auc_score(labels, values):.3f}  accuracy {accuracy:.3f}")
    print(f"wrote {SHIPPED.name}: {fitted}")


main = Command("training.reading_threshold", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
