"""Exact match and F1 as SQuAD defines them (Rajpurkar et al. 2016), with Portuguese normalization."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import InputError

_ARTICLES = frozenset("o a os as um uma uns umas".split())
_PUNCTUATION = re.compile(r"[^\w\s]")


@dataclass(frozen=True, slots=True)
class ReadingQuestion:
    """A question with its context; any of `answers` is right. `document` groups contexts of one article."""

    document: int
    question: str
    context: str
    answers: tuple[str, ...]


def load_squad(path: Path) -> list[ReadingQuestion]:
    """Questions of a SQuAD-format JSON file. Offsets are not read: in FaQuAD some are off, the texts are right."""
    try:
        articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    except (FileNotFoundError, KeyError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is no SQuAD file: give a JSON file with data, paragraphs and qas.") from error
    return [
        ReadingQuestion(number, item["question"], paragraph["context"], tuple(a["text"] for a in item["answers"]))
        for number, article in enumerate(articles)
        for paragraph in article["paragraphs"]
        for item in paragraph["qas"]
    ]


def normalize(text: str) -> list[str]:
    """Lower-case words without punctuation and articles; accents stay."""
    return [word for word in _PUNCTUATION.sub(" ", text.lower()).split() if word not in _ARTICLES]


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """1 when the prediction equals any answer after normalization, else 0."""
    return float(any(normalize(prediction) == normalize(answer) for answer in answers))


def f1(prediction: str, answers: Sequence[str]) -> float:
    """The best word-overlap F1 over all answers, in [0, 1]."""
    return max((_f1(normalize(prediction), normalize(answer)) for answer in answers), default=0.0)


def _f1(predicted: list[str], right: list[str]) -> float:
    if not predicted or not right:
        return float(predicted == right)
    common = sum((Counter(predicted) & Counter(right)).values())
    return 2 * common / (len(predicted) + len(right))
