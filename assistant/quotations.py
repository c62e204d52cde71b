"""What a reason puts in quotation marks, and whether it stands in the questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from assistant.differences import fold

_WORD = re.compile(r"\w+")
_MARKS = '"“”«»'
_QUOTED = re.compile(f"[{_MARKS}]([^{_MARKS}]{{1,120}})[{_MARKS}]")
_MARK = re.compile(f"[{_MARKS}]")


def quoted_phrases(text: str) -> list[str]:
    """What a reason puts in quotation marks."""
    return [phrase.strip() for phrase in _QUOTED.findall(text)]


def occur_in(phrases: Iterable[str], questions: str) -> bool:
    """Whether every word of `phrases` stands in `questions`, whatever its case and accents."""
    return set(_words(" ".join(phrases))) <= set(_words(questions))


class Quotable:
    """What a reason may quote of some questions: words that follow each other in one of them, whatever their
    case and accents. Each phrase once, so that a reason cannot circle around one word."""

    def __init__(self, *questions: str) -> None:
        self._questions = [_words(question) for question in questions]

    def accepts(self, text: str, finished: bool) -> bool:
        """Whether `text` quotes nothing else. Unless `finished`, a quotation may still be open."""
        parts = _MARK.split(text)
        if finished and len(parts) % 2 == 0:
            return False
        opened = parts.pop() if len(parts) % 2 == 0 else ""
        closed = [tuple(_words(part)) for part in parts[1::2]]
        if len(set(closed)) < len(closed) or not all(words and self._says(words) for words in closed):
            return False
        words = _words(opened)
        half = words.pop() if opened[-1:].isalnum() else ""
        return self._says(words, half)

    def _says(self, words: Sequence[str], half: str = "") -> bool:
        """Whether a question says `words` one after the other, and then one that begins with `half`."""
        count = len(words)
        for question in self._questions:
            for at in range(len(question) - count + 1):
                following = question[at + count] if at + count < len(question) else ""
                if question[at : at + count] == [*words] and following.startswith(half):
                    return True
        return False


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))
