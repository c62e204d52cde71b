"""Content words of questions, and how two questions differ in them."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache

import snowballstemmer

from assistant.records import Differences, Language

_WORD = re.compile(r"\w+(?:['’]\w+)*")

# Only words that cannot change what is asked. Negations, question words and
# prepositions of time ("before", "depois") are not listed: they are often the one decisive detail.
_FUNCTION_WORDS: dict[Language, frozenset[str]] = {
    "en": frozenset(
        """a an the of to in on at for from with by as and or so that this these those it its i me my mine we us our
        you your he she they them their is are was were be been being am do does did done has have had having will
        would can could shall should may might must there here please hi hello thanks thank just also i'm i've i'd
        it's im ive how want need like get""".split()
    ),
    "pt": frozenset(
        """a o as os um uma uns umas de do da dos das em no na nos nas ao aos por pelo pela pelos pelas para pra pro
        com e ou que se eu meu minha meus minhas me mim nós nosso nossa você vocês vc vcs seu sua seus suas ele ela eles
        elas lhe isso isto esse essa este esta é são era foi ser sendo sido está estou estão estar tem tenho têm ter
        tinha há haver posso pode podem poder vou vai ir já aqui lá olá oi obrigado obrigada favor bom boa dia tarde
        noite também tb como quero queria preciso gostaria""".split()
    ),
}

_STEMMERS: dict[Language, str] = {"en": "english", "pt": "portuguese"}
_local = threading.local()


def _stem(word: str, language: Language) -> str:
    # A snowball stemmer holds the current word as state, so each thread has its own.
    stemmers = _local.__dict__.setdefault("stemmers", {})
    if language not in stemmers:
        stemmers[language] = snowballstemmer.stemmer(_STEMMERS[language])
    return stemmers[language].stemWord(word)


@lru_cache(maxsize=2)
def _folded_function_words(language: Language) -> frozenset[str]:
    return frozenset(fold(word) for word in _FUNCTION_WORDS[language])


def fold(text: str) -> str:
    """Lower case, accents and typographic apostrophes removed: how hurried customers type."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("’", "'"))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def content_words(text: str, language: Language) -> dict[str, str]:
    """The content words of `text` by their folded stem, in order of first appearance."""
    words: dict[str, str] = {}
    for word in _WORD.findall(text):
        if stem := _content_stem(word, language):
            words.setdefault(stem, word)
    return words


# Cached, because a library repeats its words and the stemmer is slow.
@lru_cache(maxsize=20_000)
def _content_stem(word: str, language: Language) -> str | None:
    """The folded stem of `word`; None for a function word."""
    folded = fold(word)
    if folded in _folded_function_words(language):
        return None
    # A stemmer takes the "o" of "nao", but not that of "não".
    return folded if len(folded) <= 3 else fold(_stem(word.lower(), language))


def compare(asked: str, past: str, language: Language) -> tuple[Differences, float]:
    """The differing content words and their share of all content words, in [0, 1].

    Two texts without any content word differ by 0.
    """
    ours, theirs = content_words(asked, language), content_words(past, language)
    asked_only = tuple(word for stem, word in ours.items() if stem not in theirs)
    past_only = tuple(word for stem, word in theirs.items() if stem not in ours)
    total = len(ours.keys() | theirs.keys())
    share = (len(asked_only) + len(past_only)) / total if total else 0.0
    return Differences(asked_only, past_only), share


def uncovered_share(asked: str, past: str, language: Language) -> float:
    """Share of the content words of `asked` that `past` (a question with its answer) lacks, in [0, 1]."""
    ours, theirs = content_words(asked, language), content_words(past, language)
    return len(ours.keys() - theirs.keys()) / len(ours) if ours else 0.0
