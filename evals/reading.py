"""Portuguese question answering: exact match, F1, and whether "not in the text" is said when it is true.

    python -m evals.reading FAQUAD/dev.json

Every question is asked of its own context, and of a context of another document, which does not hold
the answer.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from assistant.assembly import open_embedder, span_reader
from assistant.errors import InputError
from assistant.models import open_model
from assistant.reader import Reader
from assistant.settings import load_settings
from evals.squad import ReadingQuestion, exact_match, f1, load_squad

SEED = 20260101


def elsewhere(questions: Sequence[ReadingQuestion]) -> list[str]:
    """For each question a context of another document. Raises `InputError` when there is only one document."""
    chance = random.Random(SEED)
    contexts = []
    for question in questions:
        others = [other.context for other in questions if other.document != question.document]
        if not others:
            raise InputError("All questions are about one document: unanswerable ones need a second.")
        contexts.append(chance.choice(others))
    return contexts


@dataclass(frozen=True, slots=True)
class ReadingMeasures:
    """Shares in [0, 1]. `missed` are answerable questions called "not in the text", `refused` unanswerable ones."""

    questions: int
    exact_match: float
    f1: float
    missed: float
    refused: float


def measure_reading(reader: Reader, questions: Sequence[ReadingQuestion]) -> ReadingMeasures:
    """Every question of its own context, then of one that does not hold the answer."""
    own = [reader.read(q.question, q.context).answer for q in tqdm(questions, unit="question")]
    foreign = [
        reader.read(q.question, context).answer
        for q, context in zip(tqdm(questions, unit="question"), elsewhere(questions), strict=True)
    ]
    count = len(questions)
    return ReadingMeasures(
        count,
        sum(exact_match(a or "", q.answers) for a, q in zip(own, questions, strict=True)) / count,
        sum(f1(a or "", q.answers) for a, q in zip(own, questions, strict=True)) / count,
        sum(answer is None for answer in own) / count,
        sum(answer is None for answer in foreign) / count,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="SQuAD-format JSON")
    options = parser.parse_args()
    settings = load_settings()
    with open_model(settings, "portuguese-qa") as model:
        reader = Reader(open_embedder(settings), span_reader=span_reader(model))
        found = measure_reading(reader, load_squad(options.file))
    print(f"{found.questions} questions: exact match {found.exact_match:.3f}  F1 {found.f1:.3f}")
    print(f'"not in the text": {found.missed:.3f} of answerable questions (wrongly), ', end="")
    print(f"{found.refused:.3f} of unanswerable ones (rightly)")


if __name__ == "__main__":
    main()
