"""What a reason puts in quotation marks, and whether it stands in the questions."""

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
# What the token of a closing mark may hold besides.
_AFTER_QUOTE = ("", ",", ".", ";", ":")
# Stands for all closing marks where a word ends; no token has this number.
_CLOSE = -1
# Longest quotation, in characters.
_REACH = 120
Claim = Literal["first", "second", "both", "any"]
CLAIMS: tuple[Claim, ...] = ("first", "second", "both", "any")
# Questions, and where in them a quotation may begin.
Possible = list[tuple[str, list[Beginning]]]
# Words before a quotation that say where it stands; what follows one of the last group may stand anywhere.
_MARKER = re.compile(
    r"(?P<both>\bboth\b|\bshare\b|\bas duas\b|\btêm\b)"
    r"|(?P<first>(?<!in the )(?<!na )\b(?:first|primeira)\b)"
    r"|(?P<second>(?<!in the )(?<!na )\b(?:second|segunda)\b)"
    r"|(?P<any>\b(?:in the|na) (?:first|second|primeira|segunda)|\bnothing\b|\bnot\b|\bnada\b|\bnão\b|\bwithout\b)",
    re.IGNORECASE,
)
_MARK = re.compile(f"[{_MARKS}]")
# But not the comma between two quotations of a list.
_CLAUSE_END = re.compile(r"[,.;:](?!\s*(?:(?:and|e)\s+)?(?:,|$))")
_TWICE = re.compile(r'("[^"]+") (?:and|e) \1', re.IGNORECASE)


def quoted_phrases(text: str) -> list[str]:
    """What a reason puts in quotation marks."""
    return [phrase.strip() for phrase in _QUOTED.findall(text)]


def occur_in(phrases: Iterable[str], questions: str) -> bool:
    """Whether every word of `phrases` stands in `questions`, whatever its case and accents."""
    return set(_words(" ".join(phrases))) <= set(_words(questions))


def without_repetition(text: str) -> str:
    """`text` where a list of two quotations that are the same has one."""
    return _TWICE.sub(r"\1", text)


def claimed(text: str) -> Claim:
    """Of which question `text`, a reason up to a quotation mark, says what it is about to quote."""
    clause = _CLAUSE_END.split("".join(_MARK.split(text)[0::2]))[-1]
    found: Claim = "any"
    for marker in _MARKER.finditer(clause):
        found = next((which for which in CLAIMS if marker[which]), "any")
    return found


class Quotable:
    """What a reason may quote: runs of the words of two questions, letter by letter, that begin with a word that
    can decide something and stand where the reason says that they do. Each word once, so that a reason cannot
    circle around it."""

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
            # Of one word, for the next one need not stand in the other question.
            "both": [_of((first[0], _beginnings(first[0], language, generator, one_word=True)), here & there)],
        }

    def allowed(self, written: Sequence[int]) -> list[int] | None:
        """The tokens that may follow those `written`; None for all, outside quotation marks."""
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
        # Where only what has been quoted is left, it is quoted again rather than anything else; and where a
        # question says nothing of its own, what both say.
        chosen = next((some for some in (fresh, possible) if any(starts for _, starts in some)), self._possible["any"])
        within = self._since_mark(written)
        following = [token for text, starts in chosen for token in Spans(text, starts, _CLOSE).allowed(within)]
        if _CLOSE in following:
            following += self._closing
        return [token for token in dict.fromkeys(following) if token != _CLOSE] or None

    def fault(self, text: str) -> Fault | None:
        """What is wrong with the quotations of a finished reason; None when nothing is."""
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
        """The tokens behind the last one that holds a quotation mark."""
        marks = len(_MARK.findall(self._generator.text(written)))
        end = len(written)
        # A mark may be several tokens, none of which says it alone.
        while len(_MARK.findall(self._generator.text(written[: end - 1]))) == marks:
            end -= 1
        return written[end:]


def _beginnings(
    question: str, language: Language, generator: Generator, one_word: bool = False
) -> list[tuple[str, Beginning]]:
    """Where in `question` a quotation may begin, each with the stem of its first word."""
    found = []
    for word in _WHOLE_WORD.finditer(question):
        for stem in content_words(word.group(), language):
            ids, ends = generator.token_ends(question[word.start() : word.end() if one_word else word.start() + _REACH])
            found.append((stem, Beginning(word.start(), ids, tuple(word.start() + end for end in ends))))
    return found


def _of(question: tuple[str, list[tuple[str, Beginning]]], stems: Collection[str]) -> tuple[str, list[Beginning]]:
    """The question with those of its beginnings that have one of the `stems`."""
    text, beginnings = question
    return text, [beginning for stem, beginning in beginnings if stem in stems]


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))
