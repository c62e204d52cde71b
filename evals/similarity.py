"""Same question or not, measured pair by pair: the adapter alone, the embeddings alone, both combined.

    python -m evals.similarity QQP/dev.csv
    python -m evals.similarity --faqs AIA_BDE

The pairs of an FAQ are every measuring query with its FAQ and with the two nearest others.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import confusion_matrix, roc_auc_score
from tqdm import tqdm

from assistant import prompts
from assistant.assembly import open_embedder
from assistant.calibration import SHIPPED, load_calibration
from assistant.embedder import Embedder
from assistant.errors import InputError
from assistant.generator import LabelScore, TreePrompt
from assistant.judge import label_scores, measure, readable_logit
from assistant.models import LoadedModel, open_model
from assistant.records import Language
from assistant.settings import load_settings
from evals.datasets import QuestionPair, is_for_fitting, is_for_training, load_faqs, load_pairs, load_queries

NEAR_MISSES = 2

# Tokens that a reply of the published template may have, and how many are written at once.
WRITTEN_TOKENS = 400
TOGETHER = 8


@dataclass(frozen=True, slots=True)
class PairMeasures:
    """`accuracy` and `roc_auc` over readable replies, in [0, 1]; `confusion` is [[tn, fp], [fn, tp]].

    `roc_auc` is None where all pairs have one label.
    """

    accuracy: float
    roc_auc: float | None
    confusion: tuple[tuple[int, int], tuple[int, int]]
    unreadable: int
    rows: int


def measure_pairs(same: Sequence[bool], scores: Sequence[float | None], threshold: float) -> PairMeasures:
    """How well `scores` tell pairs that are the same; None stands for a reply that could not be read.

    Raises `InputError` when none could be.
    """
    read = [(label, score) for label, score in zip(same, scores, strict=True) if score is not None]
    if not read:
        raise InputError(f"None of {len(same)} replies could be read as a label: measure with a trained adapter.")
    labels = np.array([label for label, _ in read])
    values = np.array([score for _, score in read])
    (tn, fp), (fn, tp) = confusion_matrix(labels, values > threshold, labels=[False, True]).tolist()
    auc = float(roc_auc_score(labels, values)) if labels.any() and not labels.all() else None
    return PairMeasures((tp + tn) / len(read), auc, ((tn, fp), (fn, tp)), len(same) - len(read), len(same))


def replies(model: LoadedModel, pairs: Sequence[QuestionPair], language: Language) -> list[LabelScore]:
    """What the model says of every pair, asked one way round as the app does."""
    return [
        label_scores(
            model.generator, model.base.chat, pair.question1, [pair.question2], language, model.identity.adapter
        )[0]
        for pair in tqdm(pairs, unit="pair")
    ]


def written_labels(model: LoadedModel, pairs: Sequence[QuestionPair]) -> list[float | None]:
    """The published way: the explanation is generated, and the label cut out behind it. 1 for the same, -1 for not,
    None where none could be read."""
    labels: list[float | None] = []
    for start in tqdm(range(0, len(pairs), TOGETHER), unit="batch"):
        asked = [
            prompts.explanation_first(pair.question1, pair.question2, model.base.chat)
            for pair in pairs[start : start + TOGETHER]
        ]
        stream = model.generator.stream(TreePrompt((), (), tuple(asked)), WRITTEN_TOKENS, model.identity.adapter)
        written = {index: text for index, text, finished in stream if finished}
        found = [prompts.parse_explanation_first(written[index]) for index in range(len(asked))]
        labels += [None if label is None else 1.0 if label == "same" else -1.0 for label in found]
    return labels


def faq_pairs(folder: Path, embedder: Embedder) -> list[QuestionPair]:
    """Measuring queries with their FAQ, and with the nearest ones that have another answer."""
    faqs = [faq for faq in load_faqs(folder) if not is_for_training(faq.id) and not is_for_fitting(faq.id)]
    by_id = {faq.id: faq for faq in faqs}
    queries = [query for query in load_queries(folder) if query.faq_id in by_id]
    questions = embedder.embed([faq.question for faq in faqs])
    vectors = embedder.embed([query.text for query in queries])
    pairs = []
    for query, vector in zip(queries, vectors, strict=True):
        own = by_id[query.faq_id]
        pairs.append(QuestionPair(query.text, own.question, True))
        nearest = (faqs[place] for place in np.argsort(-(questions @ vector)))
        others = [faq for faq in nearest if faq.answer != own.answer][:NEAR_MISSES]
        pairs += [QuestionPair(query.text, faq.question, False) for faq in others]
    return pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", help="CSV with question1, question2, is_duplicate")
    parser.add_argument("--faqs", type=Path, help="folder with faqs.jsonl and queries_dev.jsonl")
    parser.add_argument("--language", choices=("en", "pt"), help="default: en for a file, pt for FAQs")
    parser.add_argument("--limit", type=int, help="only the first rows")
    options = parser.parse_args()
    if (options.file is None) == (options.faqs is None):
        parser.error("give either a CSV file or --faqs FOLDER")
    settings = load_settings()
    embedder = open_embedder(settings)
    language: Language = options.language or ("pt" if options.faqs else "en")
    pairs = (faq_pairs(options.faqs, embedder) if options.faqs else load_pairs(options.file))[: options.limit]
    same = [pair.same for pair in pairs]
    first = embedder.embed([pair.question1 for pair in pairs])
    cosines = np.sum(first * embedder.embed([pair.question2 for pair in pairs]), axis=1).tolist()
    calibration = load_calibration(SHIPPED, embedder.name)
    with open_model(settings) as model:
        scores = replies(model, pairs, language)
        combined = []
        for pair, cosine, score in zip(pairs, cosines, scores, strict=True):
            signals = measure(pair.question1, pair.question2, None, language, language, cosine, None, score)
            combined.append(calibration.fit_for(language, signals, model.identity).score(signals))
    best = max(np.quantile(cosines, np.linspace(0.05, 0.95, 91)), key=lambda t: np.mean((cosines > t) == same))
    for name, values, threshold in (
        ("adapter alone", [readable_logit(score) for score in scores], 0.0),
        (f"cosine alone (best threshold in hindsight {best:.3f})", cosines, float(best)),
        ("combined", combined, 0.0),
    ):
        found = measure_pairs(same, values, threshold)
        print(
            f"{name}: accuracy {found.accuracy:.3f}  ROC AUC {found.roc_auc or float('nan'):.3f}  "
            f"confusion {found.confusion}  unreadable {found.unreadable} of {found.rows}"
        )


if __name__ == "__main__":
    main()
