"""The numbers, dates and measures that a Portuguese text states, in one form however they are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.text.words import fold

_ONES = (
    "zero um dois tres quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete "
    "dezoito dezenove"
).split()
_TENS = "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa".split()
_HUNDREDS = "cento duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos".split()
_WORDS: dict[str, float] = {
    **{word: float(value) for value, word in enumerate(_ONES)},
    **{word: 10.0 * value for value, word in enumerate(_TENS, start=2)},
    **{word: 100.0 * value for value, word in enumerate(_HUNDREDS, start=1)},
    **{word[:-2] + "as": 100.0 * value for value, word in enumerate(_HUNDREDS[1:], start=2)},
    **{"uma": 1.0, "duas": 2.0, "catorze": 14.0, "cem": 100.0, "meio": 0.5, "meia": 0.5},
}
_SCALES = {"mil": 1e3, "milhao": 1e6, "milhoes": 1e6, "bilhao": 1e9, "bilhoes": 1e9}
# Other words as well ("um artista", "meio difícil"), so they count only before a unit or a larger number.
_UNSURE = frozenset({"um", "uma", "meio", "meia"})
_MONTHS = "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro".split()
_WEEKDAYS = "segunda terca quarta quinta sexta sabado domingo".split()
_UNITS: dict[str, tuple[float, str]] = {
    **dict.fromkeys(("%", "porcento"), (1.0, "%")),
    **dict.fromkeys(("km", "quilometro"), (1e3, "m")),
    **dict.fromkeys(("m", "metro"), (1.0, "m")),
    **dict.fromkeys(("cm", "centimetro"), (1e-2, "m")),
    **dict.fromkeys(("mm", "milimetro"), (1e-3, "m")),
    **dict.fromkeys(("t", "tonelada"), (1e3, "kg")),
    **dict.fromkeys(("kg", "quilo", "quilograma"), (1.0, "kg")),
    **dict.fromkeys(("g", "grama"), (1e-3, "kg")),
    **dict.fromkeys(("l", "litro"), (1.0, "l")),
    **dict.fromkeys(("ml", "mililitro"), (1e-3, "l")),
    **dict.fromkeys(("h", "hora"), (60.0, "min")),
    **dict.fromkeys(("min", "minuto"), (1.0, "min")),
    **dict.fromkeys(("s", "segundo"), (1 / 60, "min")),
    **dict.fromkeys(("ano",), (12.0, "month")),
    **dict.fromkeys(("mes", "meses"), (1.0, "month")),
    **dict.fromkeys(("semana",), (7.0, "day")),
    **dict.fromkeys(("dia",), (1.0, "day")),
    **dict.fromkeys(("real", "reais", "r$"), (1.0, "R$")),
}
_DATE = re.compile(r"\b(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?\b")
_TOKEN = re.compile(r"\d+(?:\.\d{3})+(?:,\d+)?|\d+(?:,\d+)?|r\$|%|[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Quantity:
    """`value` counts `kind` ("kg", "min", "%", "weekday"; "" for a bare number) and was written as `number`."""

    value: float
    kind: str
    number: float


def quantities(text: str) -> tuple[frozenset[Quantity], str]:
    """What `text` states in numbers, and the words that are left: "uma hora e meia" is 90 minutes, "4 de março" a day
    and a month."""
    found: list[Quantity] = []

    def dated(match: re.Match[str]) -> str:
        day, month, year = match.groups()
        found.extend((_bare(day, "day of month"), _bare(month, "month of year")))
        if year:
            found.append(_bare(year))
        return " "

    words = _TOKEN.findall(_DATE.sub(dated, fold(text)))
    left: list[str] = []
    at = 0
    while at < len(words):
        number, end = _number(words, at)
        if number is not None:
            quantity, at = _counted(words, number, at, end)
            found.append(quantity)
        elif (named := _named(words, at)) is not None:
            found.append(named)
            at += 2 if words[at + 1 : at + 2] == ["feira"] else 1
        else:
            left.append(words[at])
            at += 1
    return frozenset(found), " ".join(left)


def agree(ours: frozenset[Quantity], theirs: frozenset[Quantity]) -> bool:
    """Whether two texts state the same: equal values of every kind that both name, and at least one such kind.

    A bare number may stand for any kind, as it is written.
    """
    kinds = {quantity.kind for quantity in ours} & {quantity.kind for quantity in theirs}
    if kinds:
        return all(_values(ours, kind) == _values(theirs, kind) for kind in kinds)
    if any(all(quantity.kind == "" for quantity in side) for side in (ours, theirs)):
        return {quantity.number for quantity in ours} == {quantity.number for quantity in theirs}
    return False


def _values(stated: frozenset[Quantity], kind: str) -> set[float]:
    return {round(quantity.value, 6) for quantity in stated if quantity.kind == kind}


def _bare(digits: str, kind: str = "") -> Quantity:
    value = float(digits)
    return Quantity(value, kind, value)


def _number(words: Sequence[str], at: int) -> tuple[float | None, int]:
    """The number that begins at `at`, and the place behind it; None where none begins."""
    total = group = 0.0
    end, begun = at, False
    while end < len(words):
        word = words[end]
        if begun and word == "e" and words[end + 1 : end + 2] and words[end + 1] in _WORDS:
            end += 1
            continue
        if word in _SCALES and (begun or word == "mil"):
            total, group = total + (group or 1.0) * _SCALES[word], 0.0
        elif word in _WORDS and (begun or word not in _UNSURE or _is_counted(words, end + 1)):
            group += _WORDS[word]
        elif word[0].isdigit() and not begun:
            group = float(word.replace(".", "").replace(",", "."))
        else:
            break
        end, begun = end + 1, True
    return (total + group if begun else None), end


def _counted(words: Sequence[str], number: float, start: int, at: int) -> tuple[Quantity, int]:
    """The number from `start` to `at` with what it counts, and the place behind."""
    following = words[at : at + 2]
    if following[:1] == ["de"] and following[1:] and following[1] in _MONTHS:
        return Quantity(number, "day of month", number), at + 1
    if start and words[start - 1] == "r$":
        return Quantity(number, "R$", number), at + (following[:1] == ["reais"])
    if start and words[start - 1] == "mes":
        return Quantity(number, "month of year", number), at
    if following == ["por", "cento"]:
        return Quantity(number, "%", number), at + 2
    if (unit := _unit(following[:1])) is None:
        return Quantity(number, "", number), at
    at += 1
    if words[at : at + 1] == ["e"] and words[at + 1 : at + 2] and words[at + 1] in ("meio", "meia"):
        number, at = number + 0.5, at + 2
    return Quantity(number * unit[0], unit[1], number), at


def _named(words: Sequence[str], at: int) -> Quantity | None:
    """A month, a day of the week or "half" by name."""
    word = words[at]
    if word in _MONTHS:
        return _bare(str(_MONTHS.index(word) + 1), "month of year")
    if word.removesuffix("s") in _WEEKDAYS:
        return _bare(str(_WEEKDAYS.index(word.removesuffix("s"))), "weekday")
    return Quantity(50.0, "%", 50.0) if word == "metade" else None


def _unit(words: Sequence[str]) -> tuple[float, str] | None:
    return next((_UNITS[form] for word in words for form in (word, word.removesuffix("s")) if form in _UNITS), None)


def _is_counted(words: Sequence[str], at: int) -> bool:
    following = words[at : at + 1]
    return _unit(following) is not None or any(word in _SCALES for word in following)
