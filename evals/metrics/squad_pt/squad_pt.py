"""Portuguese question answering as a module of the `evaluate` library.

evaluate.load("evals/metrics/squad_pt")   # in the project's root, or with it on the Python path
"""

from __future__ import annotations

import datasets
import evaluate

from assistant.errors import InputError
from evals.data.squad import exact_match, f1

_DESCRIPTION = """
Exact match and F1 as SQuAD v1.1 and v2.0 define them, after Portuguese normalization: lower case, without punctuation
and without the articles o, a, os, as, um, uma, uns, umas; accents stay.
"""

_INPUTS = """
Args:
    predictions: one answer for each question; "" for "not in the text".
    references: for each question all its right answers; an empty list where the text holds none.
Returns:
    exact_match, f1: means over the questions, in [0, 1] (SQuAD's script prints them times 100).
Raises:
    InputError: there are no questions.
"""

_CITATION = """
@inproceedings{rajpurkar2016squad,
  title={{SQuAD}: 100,000+ Questions for Machine Comprehension of Text},
  author={Rajpurkar, Pranav and Zhang, Jian and Lopyrev, Konstantin and Liang, Percy},
  booktitle={EMNLP}, year={2016}}
"""


class SquadPt(evaluate.Metric):
    """Exact match and F1 as `evals.data.squad` computes them."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=datasets.Features(
                {"predictions": datasets.Value("string"), "references": datasets.Sequence(datasets.Value("string"))}
            ),
        )

    def _compute(self, predictions: list[str], references: list[list[str]]) -> dict[str, float]:
        if not predictions:
            raise InputError("There are no questions to measure: give at least one prediction with its reference.")
        asked = list(zip(predictions, references, strict=True))
        return {
            "exact_match": sum(exact_match(prediction, answers) for prediction, answers in asked) / len(asked),
            "f1": sum(f1(prediction, answers) for prediction, answers in asked) / len(asked),
        }
