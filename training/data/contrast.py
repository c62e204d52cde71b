"""Explanations made from the words of two questions: what both ask, and the words that differ.

They quote only words of the questions and say nothing that goes against the label, so a small model
can learn to write them, and everything it then quotes can be checked.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from assistant import prompts
from assistant.records import Language, PairLabel
from assistant.text.words import compare, content_words, fold
from training.data.contrast_sentences import AND, PLACES, SENTENCES

# Words in one place of a sentence; fewer where it quotes all three kinds or contrasts two, for it must stay short.
WORDS, FEWER = 3, 2

# Longer "words" are addresses and texts without spaces: nothing to quote.
LONGEST = 30

# A name or a number ranks like a word that is this many letters longer.
NAME_BONUS = 4

# From this share of equal letters on, two long words are likely one in two spellings ("colectiva", "coletiva").
SPELLING = 0.9

_WORD = re.compile(r"\w+(?:['’]\w+)*")

# Words that rarely decide what a question asks. They are quoted only where no other word differs.
_FAINT: dict[Language, frozenset[str]] = {
    "en": frozenset(
        """what what's which who who's whom whose when where why how's much many some any more less most few lot lots
        other others another one ones once then than if about into over really actually very even ever such too still
        yet now only own there's thing things something anything someone anyone everyone everything somebody anybody
        all every each both either between because since while during though although way ways same similar different
        like likely us let make made makes making go going gone use used using get gets getting got give given know
        tell tells does doesn say says i'll he's she's that's they're we're you're her him his
        hers possible anyway exactly""".split()
    ),
    "pt": frozenset(
        """qual quais quem quando onde aonde porque porquê quê quanto quanta quantos quantas mais menos muito muita
        muitos muitas pouco pouca algum alguma alguns algumas nenhum nenhuma outro outra outros outras todo toda todos
        todas tudo algo alguém qualquer cada mesmo mesma mesmos mesmas igual iguais diferente diferentes semelhante
        semelhantes coisa coisas forma formas modo maneira jeito então assim sobre entre durante desde até só apenas
        ainda realmente tão nesse nessa neste nesta desse dessa deste desta aquele aquela aquilo dele dela deles delas
        lo la los las fazer faço faz feito feita seja sejam deve devo devem deveria caso existe existem tais
        possível agora""".split()
    ),
}
_NEGATIONS: dict[Language, frozenset[str]] = {
    "en": frozenset("not no never without nor neither cannot cant dont".split()),
    "pt": frozenset("não nao nunca sem nem jamais".split()),
}


def contrast(first: str, second: str, same: bool, language: Language) -> str:
    """The explanation of one labelled pair, without its opening; equal pairs always get the same one."""
    label: PairLabel = "same" if same else "different"
    # Accents are composed, because a separate accent would end the word.
    first, second = (unicodedata.normalize("NFC", text) for text in (first, second))
    differences, _ = compare(first, second, language)
    words = {
        "both": _shared(first, second, language),
        "first": _own(differences.asked_only, differences.past_only, language),
        "second": _own(differences.past_only, differences.asked_only, language),
    }
    kind = " ".join(name for name, found in words.items() if found)
    most = FEWER if kind.endswith("first second") else WORDS
    places = {
        "both": _quoted(words["both"], (first, second), most, language),
        "first": _quoted(words["first"], (first,), most, language),
        "second": _quoted(words["second"], (second,), most, language),
        "difference": _difference(first, second, language),
    }
    if not same and kind in ("both", "") and places["difference"]:
        kind = "faint"
    sentences = SENTENCES[language, label]
    choices = [sentence.format(**places) for sentence in sentences.get(kind, sentences[""])]
    # Quoted words can happen to say what contradicts the label ("don't ask"); then none are quoted.
    fitting = [text for text in choices if not prompts.contradicts(text, label)] or sentences[""]
    return fitting[hashlib.sha256(f"{first}\n{second}".encode(errors="replace")).digest()[0] % len(fitting)]


def _shared(first: str, second: str, language: Language) -> list[str]:
    """The telling words of both questions, as the first writes them."""
    ours, theirs = content_words(first, language), content_words(second, language)
    shared = _telling([word for stem, word in ours.items() if stem in theirs], language)
    # A stem can join words that mean two things, so words that stand in both letter by letter are enough;
    # and what is negated says more of a question than that something is.
    written = set(_WORD.findall(fold(second)))
    exact = [word for word in shared if fold(word) in written] or shared
    return [word for word in exact if not _negates(word, language)] or exact


def _own(words: Sequence[str], others: Sequence[str], language: Language) -> list[str]:
    """The telling words of one question that the other has not, without another spelling of what it has."""
    telling = _telling(words, language)
    return [word for word in telling if not any(_is_spelling_of(word, other) for other in others)] or telling


def _is_spelling_of(word: str, other: str) -> bool:
    return SequenceMatcher(None, fold(word), fold(other)).ratio() >= SPELLING


def _telling(words: Sequence[str], language: Language) -> list[str]:
    return [word for word in words if fold(word) not in _faint(language) and _can_be_quoted(word)]


def _can_be_quoted(word: str) -> bool:
    return len(word) <= LONGEST and any(character.isalnum() for character in word)


def _difference(first: str, second: str, language: Language) -> str:
    """The words of any kind that only one question has, each with its question; "" when there are none."""
    found = [{fold(word): word for word in _WORD.findall(text) if _can_be_quoted(word)} for text in (first, second)]
    parts = []
    for place, own, other in zip(PLACES[language], found, reversed(found), strict=True):
        words = [word for folded, word in own.items() if folded not in other]
        # Question words say more than articles and auxiliaries.
        words = [word for word in words if content_words(word, language)] or words
        if words:
            parts.append(place.format(_quoted(words, (), FEWER, language)))
    return f" {AND[language]} ".join(parts)


def _quoted(words: Sequence[str], texts: Sequence[str], most: int, language: Language) -> str:
    """The `most` words that say most, in their own order: "one", "two" and "three".

    Neighbours that stand side by side in all `texts` are quoted together.
    """
    best = sorted(range(len(words)), key=lambda place: (-_weight(words[place], texts, language), place))[:most]
    phrases: list[str] = []
    for word in (words[place] for place in sorted(best)):
        if (
            phrases
            and texts
            and not _negates(word, language)
            and all(_stands_in(f"{phrases[-1]} {word}", text) for text in texts)
        ):
            phrases[-1] += f" {word}"
        else:
            phrases.append(word)
    marked = [f'"{phrase}"' for phrase in phrases]
    if len(marked) < 2:
        return "".join(marked)
    return f"{', '.join(marked[:-1])} {AND[language]} {marked[-1]}"


def _stands_in(phrase: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(fold(phrase))}(?!\w)", fold(text)) is not None


def _weight(word: str, texts: Sequence[str], language: Language) -> int:
    """How much a word says: negations and names and numbers before others, long ones before short ones."""
    if _negates(word, language):
        return LONGEST * 2
    inside = any(re.search(rf"[^\s.?!:]\s+{re.escape(word)}(?!\w)", text) for text in texts)
    is_name = (word[0].isupper() and inside) or any(character.isdigit() for character in word)
    return len(word) + (NAME_BONUS if is_name else 0)


def _negates(word: str, language: Language) -> bool:
    return fold(word) in _folded(_NEGATIONS[language]) or fold(word).endswith("n't")


@lru_cache(maxsize=8)
def _folded(words: frozenset[str]) -> frozenset[str]:
    return frozenset(fold(word) for word in words)


def _faint(language: Language) -> frozenset[str]:
    return _folded(_FAINT[language])
