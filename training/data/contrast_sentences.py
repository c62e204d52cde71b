"""Sentence templates that `training.data.contrast` fills with words of two questions."""

from __future__ import annotations

from typing import Literal

from assistant.records import Language

# {both}, {first} and {second} are quoted words of both questions, of the first and of the second only;
# {difference} are words that usually carry little, with the question each stands in. A sentence follows the
# opening that assistant.prompts puts before every reason. One word or several may fill a place, so no verb
# agrees with it; and nothing is said of a question that its words do not show, beyond what the label says.
SENTENCES: dict[tuple[Language, Literal["same", "different"]], dict[str, tuple[str, ...]]] = {
    ("en", "same"): {
        "both": (
            "about {both}, in almost the same words.",
            "about {both}; no important word of one is missing in the other.",
            "about {both}, and the rest is only a turn of phrase.",
        ),
        "both first": (
            "about {both}, with or without {first}.",
            "about {both}. The first also says {first}, which leaves the answer as it is.",
            "about {both}; mentioning {first} as well does not change the answer.",
        ),
        "both second": (
            "about {both}, with or without {second}.",
            "about {both}. The second also says {second}, which leaves the answer as it is.",
            "about {both}; mentioning {second} as well does not change the answer.",
        ),
        "both first second": (
            "about {both}, once with {first} and once with {second}.",
            "about {both}. The first says {first}, the second {second}, and one answer serves both.",
            "about {both}, whether one writes {first} or {second}.",
            "about {both}; {first} in the first and {second} in the second only change the wording.",
        ),
        "first second": (
            "for one answer in other words: {first} in the first, {second} in the second.",
            "for one answer; the first says {first} and the second {second}.",
            "one thing in two ways, once with {first} and once with {second}.",
        ),
        "": ("for one answer, in other words.", "one thing, worded in two ways."),
    },
    ("en", "different"): {
        "both": (
            "both say {both}, but each sentence asks for something else.",
            "they share {both}, and still each needs its own answer.",
        ),
        "both first": (
            "both mention {both}, but only the first mentions {first}.",
            "the first asks about {first}, which the second does not name.",
            "next to {both}, the first brings in {first}, and that needs another answer.",
        ),
        "both second": (
            "both mention {both}, but only the second mentions {second}.",
            "the second asks about {second}, which the first does not name.",
            "next to {both}, the second brings in {second}, and that needs another answer.",
        ),
        "both first second": (
            "both mention {both}, but the first is about {first} and the second about {second}.",
            "in spite of {both}, one asks about {first}, the other about {second}.",
            "{first} in the first and {second} in the second make the difference.",
            "they share {both}, yet the first speaks of {first} and the second of {second}.",
        ),
        "first second": (
            "the first is about {first}, the second about {second}.",
            "one asks about {first}, the other about {second}, with no important word in common.",
            "they share no important word: {first} in the first, {second} in the second.",
        ),
        "first": ("only the first is about {first}.", "the second says nothing of {first}."),
        "second": ("only the second is about {second}.", "the first says nothing of {second}."),
        "faint": (
            "what is asked turns on {difference}.",
            "{difference} can look small, but change what is asked.",
        ),
        "": ("one asks for something that the other does not.", "each needs its own answer."),
    },
    ("pt", "same"): {
        "both": (
            "sobre {both}, quase com as mesmas palavras.",
            "sobre {both}; nenhuma palavra importante de uma falta na outra.",
            "sobre {both}, e o resto é só modo de dizer.",
        ),
        "both first": (
            "sobre {both}, com ou sem {first}.",
            "sobre {both}. A primeira também diz {first}, o que não muda a resposta.",
            "sobre {both}; falar ainda de {first} não muda a resposta.",
        ),
        "both second": (
            "sobre {both}, com ou sem {second}.",
            "sobre {both}. A segunda também diz {second}, o que não muda a resposta.",
            "sobre {both}; falar ainda de {second} não muda a resposta.",
        ),
        "both first second": (
            "sobre {both}, uma vez com {first} e outra com {second}.",
            "sobre {both}. A primeira diz {first}, a segunda {second}, e uma só resposta serve às duas.",
            "sobre {both}, quer se escreva {first}, quer {second}.",
            "sobre {both}; {first} na primeira e {second} na segunda só mudam o modo de dizer.",
        ),
        "first second": (
            "o mesmo com outras palavras: {first} na primeira, {second} na segunda.",
            "uma coisa só: a primeira diz {first} e a segunda {second}.",
            "o mesmo de dois modos, uma vez com {first} e outra com {second}.",
        ),
        "": ("o mesmo, com outras palavras.", "uma coisa só, dita de dois modos."),
    },
    ("pt", "different"): {
        "both": (
            "as duas dizem {both}, mas cada frase pede outra resposta.",
            "têm {both} em comum e, mesmo assim, cada uma precisa da sua resposta.",
        ),
        "both first": (
            "as duas falam de {both}, mas só a primeira fala de {first}.",
            "a primeira pergunta sobre {first}, que a segunda não menciona.",
            "além de {both}, a primeira traz {first}, e isso pede outra resposta.",
        ),
        "both second": (
            "as duas falam de {both}, mas só a segunda fala de {second}.",
            "a segunda pergunta sobre {second}, que a primeira não menciona.",
            "além de {both}, a segunda traz {second}, e isso pede outra resposta.",
        ),
        "both first second": (
            "as duas falam de {both}, mas a primeira trata de {first} e a segunda de {second}.",
            "apesar de {both}, uma pergunta sobre {first} e a outra sobre {second}.",
            "{first} na primeira e {second} na segunda fazem a diferença.",
            "têm {both} em comum, mas a primeira fala de {first} e a segunda de {second}.",
        ),
        "first second": (
            "a primeira trata de {first}, a segunda de {second}.",
            "uma pergunta sobre {first}, a outra sobre {second}, sem palavra importante em comum.",
            "não têm palavra importante em comum: {first} na primeira, {second} na segunda.",
        ),
        "first": ("só a primeira trata de {first}.", "a segunda nada diz de {first}."),
        "second": ("só a segunda trata de {second}.", "a primeira nada diz de {second}."),
        "faint": (
            "o que se pergunta depende de {difference}.",
            "repare em {difference}: isso muda o que se pergunta.",
        ),
        "": ("uma pede o que a outra não pede.", "cada uma precisa da sua resposta."),
    },
}

# How {difference} says where its words stand, and what joins two of a list.
PLACES: dict[Language, tuple[str, str]] = {
    "en": ("{} in the first", "{} in the second"),
    "pt": ("{} na primeira", "{} na segunda"),
}
AND: dict[Language, str] = {"en": "and", "pt": "e"}
