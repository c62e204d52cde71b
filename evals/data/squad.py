"""Exact match and F1 as SQuAD defines them, with Portuguese normalization.

After the published scripts of v1.1 (Rajpurkar et al. 2016) and, for questions without an answer, of v2.0 (Rajpurkar
et al. 2018): a text is lower-cased, loses its punctuation, then its articles. Here the articles are Portuguese,
accents stay, and typographic punctuation counts as such beside ASCII's.
"""

from __future__ import annotations

import json
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import InputError
from evals.data.text_files import open_text

_ARTICLES = frozenset("o a os as um uma uns umas".split())
# The script's own set; it holds signs such as $ and + that Unicode does not call punctuation.
_ASCII_PUNCTUATION = frozenset(string.punctuation)


@dataclass(frozen=True, slots=True)
class ReadingQuestion:
    """A question with its context; any of `answers` is right, and without one the text does not hold an answer.

    `document` groups contexts of one article.
    """

    document: int
    question: str
    context: str
    answers: tuple[str, ...]

    @property
    def is_answerable(self) -> bool:
        return bool(_gold(self.answers))


def load_squad(path: Path) -> list[ReadingQuestion]:
    """Questions of a SQuAD-format JSON file, v1.1 or v2.0. Those that the file calls impossible have no answers; what
    only seems to be one ("plausible_answers"), and empty ones, are not read. Neither are offsets: in FaQuAD some are
    off, the texts are right. Accents are composed. Raises `InputError` for another file."""
    try:
        with open_text(path) as stream:
            articles = json.load(stream)["data"]
        return [
            ReadingQuestion(number, composed(item["question"]), composed(paragraph["context"]), _answers(item))
            for number, article in enumerate(articles)
            for paragraph in article["paragraphs"]
            for item in paragraph["qas"]
        ]
    except (FileNotFoundError, KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is no SQuAD file: give a JSON file with data, paragraphs and qas.") from error


def _answers(item: dict) -> tuple[str, ...]:
    texts = () if item.get("is_impossible") else tuple(composed(answer["text"]) for answer in item["answers"])
    return tuple(text for text in texts if text.strip())


def composed(text: str) -> str:
    """`text` with each accent in one character with its letter, so that equal texts are found in each other."""
    return unicodedata.normalize("NFC", text)


def normalize(text: str) -> list[str]:
    """Lower-case words without punctuation and articles; accents stay.

    Punctuation goes without leaving a space, as in the published script: "guarda-chuva" is one word.
    """
    plain = "".join(character for character in composed(text.lower()) if not _is_punctuation(character))
    return [word for word in plain.split() if word not in _ARTICLES]


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """1 when the prediction equals any answer after normalization, else 0.

    Where there is no answer to give, the empty prediction is the right one.
    """
    return float(any(normalize(prediction) == answer for answer in _gold(answers) or [[]]))


def f1(prediction: str, answers: Sequence[str]) -> float:
    """The best word-overlap F1 over all answers, in [0, 1]; 1 for an empty prediction where there is none to give."""
    return max(_f1(normalize(prediction), answer) for answer in _gold(answers) or [[]])


def _gold(answers: Sequence[str]) -> list[list[str]]:
    """The words of each answer that has any: v2.0 leaves the others out."""
    return [words for words in map(normalize, answers) if words]


def _f1(predicted: list[str], right: list[str]) -> float:
    if not predicted or not right:
        return float(predicted == right)
    common = sum((Counter(predicted) & Counter(right)).values())
    return 2 * common / (len(predicted) + len(right))


def _is_punctuation(character: str) -> bool:
    return character in _ASCII_PUNCTUATION or unicodedata.category(character).startswith("P")
