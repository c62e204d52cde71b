"""An answer as a span of a text, read by a language model with its reading adapter."""

from __future__ import annotations

from assistant import prompts
from assistant.generator import Generator
from assistant.generator.spans import Spans, beginnings
from assistant.prompts import ChatFormat

# Longest answer in tokens; the longest of a thousand published ones has 40 words.
ANSWER_TOKENS = 64


class SpanReader:
    """Reads answers with a language model and its reading adapter."""

    def __init__(self, generator: Generator, chat: ChatFormat, adapter: str) -> None:
        self._generator = generator
        self._chat = chat
        self._adapter = adapter

    def read(self, question: str, text: str) -> tuple[int, int] | None:
        """The answering span of `text`, which must be on one line; None for a text without words."""
        possible = beginnings(text, self._generator.token_ends)
        if not possible:
            return None
        spans = Spans(text, possible, self._generator.stop_id)
        prompt = prompts.reading(question, text, self._chat)
        written = self._generator.choose(prompt, spans.allowed, ANSWER_TOKENS, self._adapter)
        return spans.place(written) if written else None
