"""The written reason of a verdict, streamed, and held back when it does not fit the verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant import prompts
from assistant.generator import Generator, TreePrompt
from assistant.judge import JUDGED_CHARS
from assistant.prompts import ChatFormat
from assistant.quotations import Quotable, occur_in, quoted_phrases
from assistant.records import Part, Reason, Verdict

_WORD = re.compile(r"\w+")


class Explainer:
    """Writes reasons with one model."""

    def __init__(self, generator: Generator, chat: ChatFormat, adapter: str | None, tokens: int) -> None:
        self._generator = generator
        self._chat = chat
        self._adapter = adapter
        self._tokens = tokens

    def explain(self, part: Part, verdicts: Sequence[Verdict]) -> Iterator[tuple[Verdict, str, Reason | None]]:
        """Yield (verdict, text so far, outcome once finished) for all verdicts in turn, as they are written.

        Unjudged verdicts have nothing to explain and yield nothing.
        """
        judged = [verdict for verdict in verdicts if verdict.label != "unjudged"]
        if not judged:
            return
        pairs = [
            prompts.label_first(
                part.asked[:JUDGED_CHARS], verdict.candidate.phrasing[:JUDGED_CHARS], part.language, self._chat
            )
            for verdict in judged
        ]
        leaves = tuple(
            prompts.reason_after(pair, verdict.label, part.language)
            for pair, verdict in zip(pairs, judged, strict=True)
        )
        quotable = [Quotable(part.asked, verdict.candidate.phrasing) for verdict in judged]
        stream = self._generator.stream(
            TreePrompt(pairs[0].head, pairs[0].asked, leaves),
            self._tokens,
            self._adapter,
            [texts.accepts for texts in quotable],
        )
        for index, written, finished in stream:
            verdict = judged[index]
            text = f"{prompts.reason_opening(verdict.label, part.language)} {written.strip()}"
            yield verdict, text, self._outcome(part, verdict, text, written) if finished else None

    @staticmethod
    def _outcome(part: Part, verdict: Verdict, text: str, written: str) -> Reason:
        """The reason as it may be shown."""
        if not _WORD.search(written):
            return Reason(text, "empty")
        if prompts.contradicts(written, verdict.label):
            return Reason(text, "contradicts the verdict")
        if not occur_in(quoted_phrases(text), f"{part.asked} {verdict.candidate.phrasing}"):
            return Reason(text, "quotes words nobody wrote")
        return Reason(text)
