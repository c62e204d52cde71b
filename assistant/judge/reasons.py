"""Writes the reason of a verdict as a stream, and hides a reason that does not fit the verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant import prompts
from assistant.generator import Generator, TreePrompt
from assistant.judge.quotations import Quotable, without_repetition
from assistant.prompts import ChatFormat
from assistant.records import Fault, PairLabel, Part, Reason, Verdict

_WORD = re.compile(r"\w+")


class Explainer:
    """Writes reasons with one model."""

    def __init__(self, generator: Generator, chat: ChatFormat, adapter: str | None, tokens: int) -> None:
        self._generator = generator
        self._chat = chat
        self._adapter = adapter
        self._tokens = tokens

    def explain(self, part: Part, verdicts: Sequence[Verdict]) -> Iterator[tuple[Verdict, str, Reason | None]]:
        """Yield (verdict, text so far, reason once it is finished) for all verdicts while they are written.

        Unjudged verdicts have no reason and are skipped.
        """
        judged = [(verdict, verdict.label) for verdict in verdicts if verdict.label != "unjudged"]
        if not judged:
            return
        # Only what the model reads can be quoted.
        asked = prompts.cut_question(part.asked)
        pasts = [prompts.cut_question(verdict.candidate.phrasing) for verdict, _ in judged]
        pairs = [prompts.label_first(asked, past, part.language, self._chat) for past in pasts]
        leaves = tuple(
            prompts.reason_after(pair, label, part.language) for pair, (_, label) in zip(pairs, judged, strict=True)
        )
        openings = [prompts.reason_opening(label, part.language) for _, label in judged]
        quotable = [
            Quotable(asked, past, opening, part.language, self._generator)
            for past, opening in zip(pasts, openings, strict=True)
        ]
        stream = self._generator.stream(
            TreePrompt(pairs[0].head, pairs[0].asked, leaves),
            self._tokens,
            self._adapter,
            [questions.allowed for questions in quotable],
        )
        for index, written, finished in stream:
            verdict, label = judged[index]
            text = f"{openings[index]} {without_repetition(written.strip())}"
            yield verdict, text, Reason(text, self._fault(label, quotable[index], written)) if finished else None

    @staticmethod
    def _fault(label: PairLabel, quotable: Quotable, written: str) -> Fault | None:
        """Why the written text may not be shown; None if it may."""
        if not _WORD.search(written):
            return "empty"
        if prompts.contradicts(written, label):
            return "contradicts the verdict"
        return quotable.fault(written)
