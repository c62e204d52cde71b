"""The columns and labels of question pairs, under the names by which published sets and spreadsheets have them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

Column = Literal["question1", "question2", "label", "language"]

# As `_plain` writes names; the first one that a row fills counts.
NAMES: dict[Column, tuple[str, ...]] = {
    "question1": ("question1", "sentence1", "text1", "questao1", "pergunta1", "frase1", "texto1"),
    "question2": ("question2", "sentence2", "text2", "questao2", "pergunta2", "frase2", "texto2"),
    "label": ("isduplicate", "label", "duplicate", "same", "duplicada", "duplicado", "eduplicada", "rotulo"),
    "language": ("language", "idioma", "lingua"),
}
WORDS = {
    **dict.fromkeys("true yes same duplicate sim verdadeiro igual iguais duplicada duplicado".split(), True),
    **dict.fromkeys("false no different notsame notduplicate nonduplicate".split(), False),
    **dict.fromkeys("falso nao diferente diferentes naoduplicada naoduplicado".split(), False),
}

_NUMBER = re.compile(r"([01])(?:[.,]0+)?")
_BETWEEN = re.compile(r"[\s_-]+")


def pair_columns(row: Mapping[str, Any]) -> dict[Column, Any]:
    """What `row` holds in each of our columns; None where it has none or leaves it empty."""
    # A CSV row with too many cells has the last ones under the name None.
    filled = {_plain(name): value for name, value in row.items() if name and value not in (None, "")}
    return {column: next((filled[name] for name in names if name in filled), None) for column, names in NAMES.items()}


def label_of(value: object) -> bool | None:
    """Whether a label says "the same": 1 or 0, also as pandas saves it (1.0), or a word of `WORDS`. None for others."""
    text = str(value).strip()
    number = _NUMBER.fullmatch(text)
    return number[1] == "1" if number else WORDS.get(_plain(text))


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    """Lower case without accents, spaces, underscores and hyphens: "É_Duplicada" and "e duplicada" are one name."""
    decomposed = unicodedata.normalize("NFKD", _BETWEEN.sub("", name.casefold()))
    return "".join(character for character in decomposed if not unicodedata.combining(character))
