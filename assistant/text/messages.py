"""Cleans what somebody typed, and splits it into questions."""

from __future__ import annotations

import re
import unicodedata

from assistant.errors import InputError

# A question mark inside a word ("example.com?id=1") does not end a sentence.
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_GREETING = re.compile(
    r"^(?:hi|hello|hey|dear \w+|good (?:morning|afternoon|evening)|thanks|thank you|many thanks|cheers|regards|"
    r"ol[aá]|oi|bom dia|boa tarde|boa noite|obrigad[oa]|prezad[oa]s?|att)"
    r"(?: (?:there|team|all|everyone|pessoal|gente))?"
    r"[\s,.!;:-]*$",
    re.IGNORECASE,
)
_SPACE = re.compile(r"[^\S\n]+")


def clean(text: str, limit: int, what: str) -> str:
    """`text` without control characters and superfluous space.

    Raises `InputError` when it is empty, longer than `limit` characters, or not text.
    """
    if not isinstance(text, str):
        raise InputError(f"The {what} must be text; send it as a JSON string.")
    if len(text) > limit:
        raise InputError(f"The {what} has {len(text):,} characters; the limit is {limit:,}. Shorten it and send again.")
    kept = []
    controls = 0
    for character in text.replace("\r\n", "\n").replace("\r", "\n"):
        category = unicodedata.category(character)
        if category in ("Cc", "Cs", "Cn", "Co") and character not in "\n\t":
            controls += 1
            kept.append(" ")
        elif category == "Cf" and character != "\u200d":  # the joiner holds emoji together
            continue
        else:
            kept.append(character)
    if controls * 10 > len(text) > 0:
        raise InputError(f"The {what} looks like binary data, not text. Paste the customer's words.")
    cleaned = _SPACE.sub(" ", unicodedata.normalize("NFC", "".join(kept)))
    cleaned = "\n".join(line.strip() for line in cleaned.split("\n")).strip()
    if not cleaned:
        raise InputError(f"The {what} is empty. Write it and send again.")
    return cleaned


def has_words(text: str) -> bool:
    """Whether there is anything to compare: emoji and punctuation alone cannot be matched."""
    return any(character.isalnum() for character in text)


def split_questions(message: str, limit: int) -> list[str]:
    """The separate questions in a customer's message, each with the sentences that lead to it.

    A message with at most one question mark is one question. More than `limit`
    questions raise `InputError` rather than lose some silently.
    """
    sentences = [sentence.strip() for sentence in _SENTENCE_END.split(message)]
    sentences = [sentence for sentence in sentences if has_words(sentence) and not _GREETING.match(sentence)]
    if sum(sentence.endswith("?") for sentence in sentences) <= 1:
        return [" ".join(sentences) or " ".join(message.split())]
    questions: list[list[str]] = [[]]
    for sentence in sentences:
        questions[-1].append(sentence)
        if sentence.endswith("?"):
            questions.append([])
    trailing = questions.pop()
    questions[-1] += trailing
    if len(questions) > limit:
        raise InputError(f"The message holds {len(questions)} questions; the limit is {limit}. Send them in parts.")
    return [" ".join(part) for part in questions]


def one_line(text: str) -> str:
    """`text` on one line."""
    return " ".join(text.split())
