"""What is stored of a text: its storable characters, its digest, its character n-grams."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata

from assistant.records import Answer

# aia_bde, recall@10 fused with the vectors: lengths 4 0.983, 3 and 4 0.983 for twice the rows, 3 0.981, 5 0.982.
NGRAM_LENGTH = 4
# Beyond this a text repeats its n-grams more than it adds new ones.
_NGRAM_CHARACTERS = 2_000
_WORD = re.compile(r"[^\W_]+")


def storable(text: str) -> str:
    """`text` without NUL and lone surrogates, which Postgres cannot hold."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def text_digest(text: str) -> str:
    """Names a text: SHA-256 in 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def content_digest(answer: Answer) -> str:
    """Changes when anything but the id does."""
    date = answer.date.isoformat() if answer.date else None
    content = [answer.question, answer.answer, answer.language, list(answer.tags), answer.author, date]
    return text_digest(json.dumps([*content, list(answer.phrasings)], ensure_ascii=False))


def ngrams(text: str) -> list[str]:
    """Distinct character n-grams of each word, its borders marked by a blank.

    Lower case and without accents, so that "Não RECEBI" and "nao recebi" agree.
    """
    decomposed = unicodedata.normalize("NFKD", text[:_NGRAM_CHARACTERS].casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    found: set[str] = set()
    for word in _WORD.findall(plain):
        bounded = f" {word} "
        found.update(bounded[start : start + NGRAM_LENGTH] for start in range(max(1, len(bounded) - NGRAM_LENGTH + 1)))
    return sorted(found)
