"""Article A's evaluation loop over question pairs, with the honest figures on the same pairs beside it.

The published loop decodes each stored training text, which holds the explanation and the label, lets the model write
on from there, and takes the first label that it finds: the one it was given. Its 99 % is therefore no prediction's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant import prompts
from assistant.command_line.progress_bars import progress_bar
from assistant.serving.load import LoadedModel
from evals.data.published import QuestionPair
from evals.systems.labels import as_the_app_asks, label_logits
from evals.systems.written_labels import TOGETHER, written, written_labels

_FIRST_LABEL = re.compile(r"label\s*:\s*([01])\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many of `rows` replies held a label, and how many of those the right one."""

    right: int
    readable: int
    rows: int

    @property
    def accuracy(self) -> float | None:
        """Of the readable replies, in [0, 1]; None where there were none."""
        return self.right / self.readable if self.readable else None


@dataclass(frozen=True, slots=True)
class ArticleA:
    """The same pairs three times: by the published loop, with the label written from the prompt alone, and with the
    label first, as the app reads it. In `published` the label stood in what the model was given."""

    published: Agreement
    written: Agreement
    label_first: Agreement


def article_a(model: LoadedModel, pairs: Sequence[QuestionPair], tokens: int) -> ArticleA:
    """All three, with at most `tokens` new ones a text (the article: 400, which no label of the loop depends on)."""
    same = [pair.same for pair in pairs]
    return ArticleA(
        agreement(same, published_labels(model, pairs, tokens)),
        agreement(same, [None if s is None else s > 0.5 for s in written_labels(model, pairs, tokens)]),
        agreement(same, [None if logit is None else logit > 0 for logit in label_logits(model, pairs)]),
    )


def agreement(same: Sequence[bool], said: Sequence[bool | None]) -> Agreement:
    """`said` against `same`; None stands for a reply without a label."""
    read = [label == truth for truth, label in zip(same, said, strict=True) if label is not None]
    return Agreement(sum(read), len(read), len(same))


def published_labels(model: LoadedModel, pairs: Sequence[QuestionPair], tokens: int) -> list[bool | None]:
    """The loop's labels. The explanations are our model's own, written from the true label as the article's GPT-4
    wrote its own; their length is at most `tokens` too."""
    explanations = list(_explanations(model, pairs, tokens))
    chat = model.base.chat
    labels: list[bool | None] = []
    for start in progress_bar(range(0, len(pairs), TOGETHER), unit="batch", desc="article's loop"):
        batch = range(start, min(start + TOGETHER, len(pairs)))
        stored = [prompts.explained_label(_label(pairs[place]), explanations[place], chat) for place in batch]
        asked = [
            prompts.explanation_first(pairs[place].question1, pairs[place].question2, chat) + reply
            for place, reply in zip(batch, stored, strict=True)
        ]
        # Our instruction says "label" itself, so the text is searched from the explanation on.
        labels += [
            first_label("".join(segment.text for segment in reply) + new)
            for reply, new in zip(stored, written(model, asked, tokens), strict=True)
        ]
    return labels


def first_label(text: str) -> bool | None:
    """What the first label in `text` says; None when it holds none."""
    found = _FIRST_LABEL.search(text)
    return None if found is None else found.group(1) == prompts.SAME


def _explanations(model: LoadedModel, pairs: Sequence[QuestionPair], tokens: int) -> Iterator[str]:
    for start in progress_bar(range(0, len(pairs), TOGETHER), unit="batch", desc="explanations"):
        batch = pairs[start : start + TOGETHER]
        asked = []
        for pair in batch:
            prompt = as_the_app_asks(pair, model.base.chat)
            asked.append(prompt.head + prompt.asked + prompts.reason_after(prompt, _label(pair), pair.language))
        for pair, text in zip(batch, written(model, asked, tokens), strict=True):
            yield f"{prompts.reason_opening(_label(pair), pair.language)} {text.strip()}"


def _label(pair: QuestionPair) -> Literal["same", "different"]:
    return "same" if pair.same else "different"
