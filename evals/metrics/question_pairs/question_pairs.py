"""Same question or not, as a module of the `evaluate` library.

evaluate.load("evals/metrics/question_pairs")   # in the project's root, or with it on the Python path
"""

from __future__ import annotations

import math

import datasets
import evaluate

from evals.measures.classification import FIGURES, measure_probabilities

_DESCRIPTION = """
Accuracy, precision, recall and F1 of the class "same" at a threshold, ROC AUC, average precision, Brier score and
expected calibration error of P(same).
"""

_INPUTS = """
Args:
    predictions: P(same) of each pair, in [0, 1]; None where the reply could not be read.
    references: whether the two questions are the same.
    threshold: the least P(same) that counts as "same".
Returns:
    accuracy, precision, recall, f1, roc_auc, average_precision, brier, ece: over the replies that could be read, in
    [0, 1]; nan where the rows do not define one (a ROC AUC of one class).
    unreadable: the share of replies that could not be read, in [0, 1].
Raises:
    InputError: there are no pairs, no reply could be read, or a prediction is no probability.
"""

_CITATION = """
@inproceedings{naeini2015obtaining,
  title={Obtaining Well Calibrated Probabilities Using {Bayesian} Binning},
  author={Naeini, Mahdi Pakdaman and Cooper, Gregory and Hauskrecht, Milos},
  booktitle={AAAI}, year={2015}}
"""


class QuestionPairs(evaluate.Metric):
    """P(same) against the truth, as `evals.measures.classification` measures it."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=datasets.Features(
                {"predictions": datasets.Value("float64"), "references": datasets.Value("bool")}
            ),
        )

    def _compute(
        self, predictions: list[float | None], references: list[bool], threshold: float = 0.5
    ) -> dict[str, float]:
        found = measure_probabilities(references, predictions, threshold)
        figures = {name: getattr(found, name) for name in FIGURES}
        return {name: math.nan if value is None else value for name, value in figures.items()} | {
            "unreadable": found.unreadable / found.rows
        }
