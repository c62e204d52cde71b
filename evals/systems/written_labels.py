"""Labels of the published template, which follow a generated explanation."""

from __future__ import annotations

from collections.abc import Sequence

from assistant import prompts
from assistant.command_line.progress_bars import progress_bar
from assistant.generator import TreePrompt
from assistant.prompts import Segment
from assistant.serving.load import LoadedModel
from evals.data.published import QuestionPair

# Tokens that a reply may have, and how many are written at once.
WRITTEN_TOKENS = 400
TOGETHER = 8


def written_labels(
    model: LoadedModel, pairs: Sequence[QuestionPair], tokens: int = WRITTEN_TOKENS
) -> list[float | None]:
    """The published way: the explanation is generated, and the label cut out behind it. 1 for the same, 0 for not,
    None where none could be read among `tokens` written ones."""
    labels: list[float | None] = []
    for start in progress_bar(range(0, len(pairs), TOGETHER), unit="batch"):
        asked = [
            prompts.explanation_first(pair.question1, pair.question2, model.base.chat)
            for pair in pairs[start : start + TOGETHER]
        ]
        found = map(prompts.parse_explanation_first, written(model, asked, tokens))
        labels += [None if label is None else float(label == "same") for label in found]
    return labels


def written(model: LoadedModel, asked: Sequence[tuple[Segment, ...]], tokens: int) -> list[str]:
    """What the model writes after each prompt, at most `tokens` long; all of them at once."""
    stream = model.generator.stream(TreePrompt((), (), tuple(asked)), tokens, model.identity.adapter)
    texts = {place: text for place, text, finished in stream if finished}
    return [texts[place] for place in range(len(asked))]
