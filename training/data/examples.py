"""Turns rows into training texts: the app's prompts, the reply to learn, and their tokens."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant import prompts
from assistant.errors import InputError
from assistant.prompts import ChatFormat, Segment
from assistant.records import PairLabel
from training.data.contrast import contrast
from training.data.rows import PairRow, ReadingRow, TokenRow, TrainingRow
from training.recipe import Recipe

Encode = Callable[[Sequence[Segment]], list[int]]
Teach = Callable[[Sequence[PairRow]], list[PairRow]]


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
    label: PairLabel = "same" if row.same else "different"
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


def explained(rows: Sequence[TrainingRow], recipe: Recipe, teach: Teach | None) -> list[TrainingRow]:
    """The rows with explanations where the recipe wants them; those that have one keep it.

    `data.explained_share` of the pairs, chosen by the data seed, have one. `teach` asks the teacher.
    """
    chosen = recipe.data
    chance = random.Random(chosen.seed)
    wanted = [chance.random() < chosen.explained_share and chosen.explanations != "none" for _ in rows]
    result: list[TrainingRow] = [
        replace(row, explanation="") if isinstance(row, PairRow) and not want else row
        for row, want in zip(rows, wanted, strict=True)
    ]
    lacking = {
        place: row
        for place, (row, want) in enumerate(zip(result, wanted, strict=True))
        if want and isinstance(row, PairRow) and not row.explanation
    }
    if chosen.explanations == "contrast":
        for place, pair in lacking.items():
            text = contrast(pair.question1, pair.question2, pair.same, pair.language)
            result[place] = replace(pair, explanation=text)
    elif chosen.explanations == "teacher" and lacking:
        if teach is None:
            raise InputError("The recipe wants a teacher's explanations and there is none: use contrast.")
        for place, pair in zip(lacking, teach(list(lacking.values())), strict=True):
            result[place] = pair
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
