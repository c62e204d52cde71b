"""Hashes of what an adapter was trained on, by which an evaluation finds its own rows among them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from assistant.errors import ModelError
from assistant.records import Language
from assistant.text.words import content_words
from assistant.version_records import Fingerprints
from assistant.versions.version import FINGERPRINTS

# From how many content words on one of them may differ: with fewer, another word is another question.
_LONGER = 6
_LINE = re.compile(r"(row|question) ([0-9a-f]{16})")


def normalized(text: str) -> str:
    """A question without case and superfluous space and its final punctuation, to find equal ones."""
    return " ".join(text.lower().split()).rstrip("?!. ")


def of_pair(question1: str, question2: str, language: Language) -> tuple[str, ...]:
    """The hash of a pair and that of all pairs nearly equal to it; the same for both orders.

    Nearly equal are questions with the same content words, whatever their order and endings.
    """
    exact = _hash(*sorted((normalized(question1), normalized(question2))))
    first, second = _stems(question1, language), _stems(question2, language)
    return (exact, _hash("nearly", *sorted(map(" ".join, (first, second))))) if first and second else (exact,)


def of_question(question: str, language: Language) -> tuple[str, ...]:
    """The hash of a question, that of all with the same content words and, of a longer one, those of the questions
    that one word less would leave: two that differ in one word share such a hash."""
    stems = _stems(question, language)
    near = [stems] if stems else []
    if len(stems) >= _LONGER:
        near += [stems[:place] + stems[place + 1 :] for place in range(len(stems))]
    return (_hash(normalized(question)), *(_hash("nearly", " ".join(words)) for words in near))


def of_reading(question: str, context: str) -> tuple[str, ...]:
    """The hash of a question with the text it is asked of."""
    return (_hash(normalized(question), normalized(context)),)


def _stems(question: str, language: Language) -> tuple[str, ...]:
    """The stems of the content words in the alphabet's order; none where one word or none would stand for all."""
    stems = tuple(sorted(content_words(question, language)))
    return stems if len(stems) > 1 else ()


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def read_fingerprints(folder: Path) -> Fingerprints:
    """The fingerprints in a version folder.

    Raises `ModelError` that names the first line which holds none.
    """
    found: dict[str, list[str]] = {"row": [], "question": []}
    with (folder / FINGERPRINTS).open(encoding="ascii", errors="replace") as stream:
        for number, line in enumerate(stream, start=1):
            match = _LINE.fullmatch(line.rstrip("\n"))
            if not match:
                raise ModelError(
                    f"Line {number} of {folder / FINGERPRINTS} is no fingerprint (`row` or `question` and 16 hex "
                    "digits). Copy or download the folder again."
                )
            found[match[1]].append(match[2])
    return Fingerprints(tuple(found["row"]), tuple(found["question"]))


def write_fingerprints(folder: Path, rows: Iterable[str], questions: Iterable[str]) -> None:
    """Write the fingerprints of a training's rows and questions, each once and sorted, into a version folder."""
    lines = [f"row {one}\n" for one in sorted(set(rows))] + [f"question {one}\n" for one in sorted(set(questions))]
    (folder / FINGERPRINTS).write_text("".join(lines), encoding="ascii")
