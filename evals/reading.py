"""Portuguese question answering: exact match, F1, and whether "not in the text" is said when it is true.

    python -m evals.reading FAQUAD/dev.json

Every question is asked of its own context, and of a context of another document, which does not hold
the answer.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from assistant.assembly import open_embedder
from assistant.errors import InputError
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="SQuAD-format JSON")
    options = parser.parse_args()
    questions = load_squad(options.file)
    reader = Reader(open_embedder(load_settings()))
    own = [reader.read(q.question, q.context).answer or "" for q in tqdm(questions, unit="question")]
    foreign = [
        reader.read(q.question, context).answer
        for q, context in zip(tqdm(questions, unit="question"), elsewhere(questions), strict=True)
    ]
    count = len(questions)
    matched = sum(exact_match(a, q.answers) for a, q in zip(own, questions, strict=True)) / count
    overlap = sum(f1(a, q.answers) for a, q in zip(own, questions, strict=True)) / count
    print(f"{count} questions: exact match {matched:.3f}  F1 {overlap:.3f}")
    print(f'"not in the text": {sum(not a for a in own) / count:.3f} of answerable questions (wrongly), ', end="")
    print(f"{sum(a is None for a in foreign) / count:.3f} of unanswerable ones (rightly)")


if __name__ == "__main__":
    main()
