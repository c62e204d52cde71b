"""Finds the quotations of a reason, checks them against the questions, and restricts what can be quoted."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from assistant.generator import Generator
from assistant.generator.spans import Beginning, Spans
from assistant.records import Fault, Language
from assistant.text.messages import one_line
from assistant.text.words import content_words, fold

_WORD = re.compile(r"\w+")
_WHOLE_WORD = re.compile(r"\w+(?:['’]\w+)*")
_MARKS = '"“”«»'
_QUOTED = re.compile(f"[{_MARKS}]([^{_MARKS}]{{1,120}})[{_MARKS}]")
# What may follow a closing mark within its token.
_AFTER_QUOTE = ("", ",", ".", ";", ":")
# Placeholder for all closing marks at the end of a word. No token has this id.
_CLOSE = -1
# The longest quotation, in characters.
_REACH = 120
Claim = Literal["first", "second", "both", "any"]
CLAIMS: tuple[Claim, ...] = ("first", "second", "both", "any")
# Questions, each with the places where a quotation may begin.
Possible = list[tuple[str, list[Beginning]]]
# Words before a quotation that say which question it is from. After a word of the last group, it may be from any.
_MARKER = re.compile(
    r"(?P<both>\bboth\b|\bshare\b|\bas duas\b|\btêm\b)"
    r"|(?P<first>(?<!in the )(?<!na )\b(?:first|primeira)\b)"
    r"|(?P<second>(?<!in the )(?<!na )\b(?:second|segunda)\b)"
    r"|(?P<any>\b(?:in the|na) (?:first|second|primeira|segunda)|\bnothing\b|\bnot\b|\bnada\b|\bnão\b|\bwithout\b)",
    re.IGNORECASE,
)
_MARK = re.compile(f"[{_MARKS}]")
# The end of a clause. The comma between two quotations of a list does not end one.
_CLAUSE_END = re.compile(r"[,.;:](?!\s*(?:(?:and|e)\s+)?(?:,|$))")
_TWICE = re.compile(r'("[^"]+") (?:and|e) \1', re.IGNORECASE)


def quoted_phrases(text: str) -> list[str]:
    """The texts in quotation marks."""
    return [phrase.strip() for phrase in _QUOTED.findall(text)]


def occur_in(phrases: Iterable[str], questions: str) -> bool:
    """Whether `questions` contains every word of `phrases`, ignoring case and accents."""
    return set(_words(" ".join(phrases))) <= set(_words(questions))


def without_repetition(text: str) -> str:
    """`text` with lists of two equal quotations reduced to one quotation."""
    return _TWICE.sub(r"\1", text)


def claimed(text: str) -> Claim:
    """Which question `text`, a reason up to a quotation mark, announces to quote."""
    clause = _CLAUSE_END.split("".join(_MARK.split(text)[0::2]))[-1]
    found: Claim = "any"
    for marker in _MARKER.finditer(clause):
        found = next((which for which in CLAIMS if marker[which]), "any")
    return found


class Quotable:
    """Restricts the quotations of a reason to literal word sequences of two questions.

    A quotation begins with a content word and must be from the question that the reason names. Each first word is
    quoted once if possible, so that a reason does not repeat itself.
    """

    def __init__(self, asked: str, past: str, opening: str, language: Language, generator: Generator) -> None:
        self._opening, self._language, self._generator = opening, language, generator
        ids = [generator.token_ends(f'"{following}')[0] for following in _AFTER_QUOTE]
        self._closing = [one[0] for one in ids if len(one) == 1]
        self._questions = one_line(asked), one_line(past)
        self._stems = [set(content_words(question, language)) for question in self._questions]
        first, second = ((text, _beginnings(text, language, generator)) for text in self._questions)
        here, there = self._stems
        self._possible: dict[Claim, Possible] = {
            "any": [_of(first, here), _of(second, there)],
            "first": [_of(first, here - there)],
            "second": [_of(second, there - here)],
            # Only one word, because the next one may be missing in the other question.
            "both": [_of((first[0], _beginnings(first[0], language, generator, one_word=True)), here & there)],
        }

    def allowed(self, written: Sequence[int]) -> list[int] | None:
        """The ids of the tokens that may follow those `written`; None outside quotation marks, where all may."""
        parts = _MARK.split(self._generator.text(written))
        if len(parts) % 2:
            return None
        which = self._claimed(parts[:-1])
        quoted = set(_words(" ".join(parts[1:-1:2])))
        possible = self._possible[which]
        fresh = [
            (text, [one for one in starts if not quoted.issuperset(_words(text[one.start :])[:1])])
            for text, starts in possible
        ]
        # If everything possible was quoted already, it may be quoted again. If a question has no words of its own, all
        # words may be quoted.
        chosen = next((some for some in (fresh, possible) if any(starts for _, starts in some)), self._possible["any"])
        within = self._since_mark(written)
        following = [token for text, starts in chosen for token in Spans(text, starts, _CLOSE).allowed(within)]
        if _CLOSE in following:
            following += self._closing
        return [token for token in dict.fromkeys(following) if token != _CLOSE] or None

    def fault(self, text: str) -> Fault | None:
        """What is wrong with the quotations of a finished reason; None if nothing is."""
        parts = _MARK.split(text)
        if len(parts) % 2 == 0:
            return "ends inside a quotation"
        if not occur_in(parts[1::2], " ".join(self._questions)):
            return "quotes words nobody wrote"
        for at in range(1, len(parts), 2):
            stems = content_words(parts[at], self._language).keys()
            which = self._claimed(parts[:at])
            if which != "both" and self._stems[0] == self._stems[1]:
                return "tells apart what is the same"
            wanted = {"first": self._stems[:1], "second": self._stems[1:], "both": self._stems, "any": ()}[which]
            if any(not stems <= own for own in wanted):
                return "says of a question what it does not say"
        return None

    def _claimed(self, parts: Sequence[str]) -> Claim:
        return claimed(f"{self._opening} " + '"'.join(parts))

    def _since_mark(self, written: Sequence[int]) -> Sequence[int]:
        """The tokens after the last one that contains a quotation mark."""
        marks = len(_MARK.findall(self._generator.text(written)))
        end = len(written)
        # A mark may consist of several tokens that do not contain it individually.
        while len(_MARK.findall(self._generator.text(written[: end - 1]))) == marks:
            end -= 1
        return written[end:]


def _beginnings(
    question: str, language: Language, generator: Generator, one_word: bool = False
) -> list[tuple[str, Beginning]]:
    """The places in `question` where a quotation may begin, each with the stem of its first word."""
    found = []
    for word in _WHOLE_WORD.finditer(question):
        for stem in content_words(word.group(), language):
            ids, ends = generator.token_ends(question[word.start() : word.end() if one_word else word.start() + _REACH])
            found.append((stem, Beginning(word.start(), ids, tuple(word.start() + end for end in ends))))
    return found


def _of(question: tuple[str, list[tuple[str, Beginning]]], stems: Collection[str]) -> tuple[str, list[Beginning]]:
    """The question with the beginnings whose stem is in `stems`."""
    text, beginnings = question
    return text, [beginning for stem, beginning in beginnings if stem in stems]


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))
