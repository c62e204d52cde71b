"""Which of the two languages a text is in."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from assistant.records import LANGUAGES, Language

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# Below this the identifier is guessing ("pix" 0.50, "cancelar" 0.54); real sentences
# come out above 0.85.
SURE = 0.7


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier


def detect(text: str, otherwise: Language = "en") -> Language:
    """The language of `text`, or `otherwise` when the text does not tell (one word, digits, emoji)."""
    language, probability = _identifier().classify(text)
    return language if probability >= SURE else otherwise
