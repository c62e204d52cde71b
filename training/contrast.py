"""Explanations written from the two questions alone: what both ask, and the words that make the difference.

They quote only words of the questions and say nothing that goes against the label, so a small model
can learn to write them, and everything it then quotes can be checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

from assistant.differences import compare, content_words
from assistant.records import Language

WORDS = 3

_AND: dict[Language, str] = {"en": "and", "pt": "e"}

# {both}, {first} and {second} are quoted words of both questions, of the first and of the second only.
# The text stands behind the opening that assistant.prompts puts before every reason.
_TEMPLATES: dict[tuple[Language, Literal["same", "different"]], dict[str, tuple[str, ...]]] = {
    ("en", "same"): {
        "both": (
            "about {both}, in almost the same words.",
            "about {both}; nothing in one of them is missing in the other.",
        ),
        "both first": (
            "about {both}; {first} adds nothing that changes the answer.",
            "about {both}. The first also says {first}, which leaves the answer as it is.",
        ),
        "both second": (
            "about {both}; {second} adds nothing that changes the answer.",
            "about {both}. The second also says {second}, which leaves the answer as it is.",
        ),
        "both first second": (
            "about {both}; {first} and {second} are only another wording.",
            "about {both}. One says {first} where the other says {second}.",
            "about {both}, once with {first} and once with {second}.",
        ),
        "first second": (
            "for one answer in other words: {first} in the first, {second} in the second.",
            "for one answer; {first} is another way to say {second}.",
        ),
        "": ("for one answer, in other words.",),
    },
    ("en", "different"): {
        "both": ("the words {both} stand in both, but the rest of the sentence asks for something else.",),
        "both first": (
            "both mention {both}, but only the first is about {first}.",
            "the first also wants to know about {first}; the second is only about {both}.",
        ),
        "both second": (
            "both mention {both}, but only the second is about {second}.",
            "the second also wants to know about {second}; the first is only about {both}.",
        ),
        "both first second": (
            "both mention {both}, but the first is about {first} and the second about {second}.",
            "in spite of {both}, one asks about {first}, the other about {second}.",
            "{first} in the first and {second} in the second make the difference.",
        ),
        "first second": (
            "the first is about {first}, the second about {second}.",
            "one asks about {first}, the other about {second}, with no important word in common.",
        ),
        "": ("one asks for something that the other does not.",),
    },
    ("pt", "same"): {
        "both": (
            "sobre {both}, quase com as mesmas palavras.",
            "sobre {both}; nada do que uma diz falta na outra.",
        ),
        "both first": (
            "sobre {both}; {first} não muda a resposta.",
            "sobre {both}. A primeira também diz {first}, o que não muda a resposta.",
        ),
        "both second": (
            "sobre {both}; {second} não muda a resposta.",
            "sobre {both}. A segunda também diz {second}, o que não muda a resposta.",
        ),
        "both first second": (
            "sobre {both}; {first} e {second} são só outra forma de dizer.",
            "sobre {both}. Uma diz {first} onde a outra diz {second}.",
            "sobre {both}, uma vez com {first} e outra com {second}.",
        ),
        "first second": (
            "uma só resposta, com outras palavras: {first} na primeira, {second} na segunda.",
            "uma só resposta; {first} é outra forma de dizer {second}.",
        ),
        "": ("uma só resposta, com outras palavras.",),
    },
    ("pt", "different"): {
        "both": ("as palavras {both} estão nas duas, mas o resto da frase pede outra resposta.",),
        "both first": (
            "as duas falam de {both}, mas só a primeira trata de {first}.",
            "a primeira também quer saber de {first}; a segunda, só de {both}.",
        ),
        "both second": (
            "as duas falam de {both}, mas só a segunda trata de {second}.",
            "a segunda também quer saber de {second}; a primeira, só de {both}.",
        ),
        "both first second": (
            "as duas falam de {both}, mas a primeira trata de {first} e a segunda de {second}.",
            "apesar de {both}, uma pergunta sobre {first} e a outra sobre {second}.",
            "{first} na primeira e {second} na segunda fazem a diferença.",
        ),
        "first second": (
            "a primeira trata de {first}, a segunda de {second}.",
            "uma pergunta sobre {first}, a outra sobre {second}, sem palavra importante em comum.",
        ),
        "": ("uma pede o que a outra não pede.",),
    },
}


def contrast(first: str, second: str, same: bool, language: Language) -> str:
    """The explanation of one labelled pair, without its opening; equal pairs always get the same one."""
    differences, _ = compare(first, second, language)
    ours, theirs = content_words(first, language), content_words(second, language)
    words = {
        "both": _quoted([word for stem, word in ours.items() if stem in theirs], language),
        "first": _quoted(differences.asked_only, language),
        "second": _quoted(differences.past_only, language),
    }
    templates = _TEMPLATES[language, "same" if same else "different"]
    kind = " ".join(name for name, text in words.items() if text)
    choices = templates.get(kind, templates[""])
    digest = hashlib.sha256(f"{first}\n{second}".encode()).digest()
    return choices[digest[0] % len(choices)].format(**words)


def _quoted(words: Sequence[str], language: Language) -> str:
    """The `WORDS` longest words, which say most, in their own order: "one", "two" and "three"."""
    longest = sorted(range(len(words)), key=lambda place: (-len(words[place]), place))[:WORDS]
    chosen = [f'"{words[place]}"' for place in sorted(longest)]
    if len(chosen) < 2:
        return "".join(chosen)
    return f"{', '.join(chosen[:-1])} {_AND[language]} {chosen[-1]}"
