"""Rows to training texts: the prompts that the app asks with, what the model is to write behind them, and tokens."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant import prompts
from assistant.prompts import ChatFormat, Segment
from training.contrast import contrast
from training.recipe import Recipe
from training.rows import PairRow, ReadingRow, TokenRow, TrainingRow

Encode = Callable[[Sequence[Segment]], list[int]]


@dataclass(frozen=True, slots=True)
class Example:
    """Segments of a prompt, then (segments the model learns to write, how much they count)."""

    prompt: tuple[Segment, ...]
    replies: tuple[tuple[tuple[Segment, ...], float], ...]

    def row(self, encode: Encode, loss_on: str) -> TokenRow:
        """Token ids with their weights; with `loss_on` "all" the prompt counts as well."""
        tokens = encode(self.prompt)
        weights = [1.0 if loss_on == "all" else 0.0] * len(tokens)
        for segments, weight in self.replies:
            ids = encode(segments)
            tokens += ids
            weights += [weight] * len(ids)
        return TokenRow(tuple(tokens), tuple(weights))


def example(row: TrainingRow, recipe: Recipe, chat: ChatFormat) -> Example:
    """The training text of one row."""
    if isinstance(row, ReadingRow):
        return Example(prompts.reading(row.question, row.context, chat), ((prompts.reply(row.answers[0], chat), 1.0),))
    label = "same" if row.same else "different"
    if recipe.template == "explanation-first":
        return Example(
            prompts.explanation_first(row.question1, row.question2, chat),
            ((prompts.explained_label(label, row.explanation, chat), 1.0),),
        )
    pair = prompts.label_first(row.question1, row.question2, row.language, chat)
    replies: list[tuple[tuple[Segment, ...], float]] = [((prompts.label_segment(label),), 1.0)]
    if row.explanation:
        replies.append((prompts.reason_heading(label, row.language), 0.0))
        replies.append((prompts.reply(row.explanation, chat), recipe.training.reason_weight))
    return Example(pair.segments, tuple(replies))


def explained(rows: Sequence[TrainingRow], recipe: Recipe) -> list[TrainingRow]:
    """The rows with explanations where the recipe wants them: given ones stay, others are written here.

    `data.explained_share` of the pairs, chosen by the data seed, have one.
    """
    chance = random.Random(recipe.data.seed)
    result: list[TrainingRow] = []
    for row in rows:
        wanted = chance.random() < recipe.data.explained_share
        if not isinstance(row, PairRow) or recipe.data.explanations in ("given", "teacher"):
            result.append(row)
        elif recipe.data.explanations == "contrast" and wanted:
            text = row.explanation or contrast(row.question1, row.question2, row.same, row.language)
            result.append(replace(row, explanation=text))
        else:
            result.append(replace(row, explanation=""))
    return result


def both_orders(rows: Sequence[TrainingRow]) -> list[TrainingRow]:
    """The rows, and those pairs turned round whose source says so (without their explanation, which names an order)."""
    turned = [
        replace(row, question1=row.question2, question2=row.question1, explanation="")
        for row in rows
        if isinstance(row, PairRow) and row.both_orders
    ]
    return [*rows, *turned]


def groups(rows: Sequence[TrainingRow], size: int) -> list[list[TrainingRow]]:
    """Rows that begin alike (one text with its questions, one question with its pairs), at most `size` together."""
    by_beginning: dict[str, list[list[TrainingRow]]] = {}
    for row in rows:
        beginning = row.context if isinstance(row, ReadingRow) else row.question1
        lists = by_beginning.setdefault(beginning, [[]])
        if len(lists[-1]) == size:
            lists.append([])
        lists[-1].append(row)
    return [group for lists in by_beginning.values() for group in lists]
