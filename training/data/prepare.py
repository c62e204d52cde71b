"""From a recipe to rows of tokens: read the sources, split, explain, tokenize."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.bases.catalogue import CATALOGUE
from assistant.errors import InputError
from assistant.versions.fingerprints import normalized, read_fingerprints
from training.data.examples import Encode, Teach, both_orders, example, explained, groups
from training.data.rows import PairRow, TokenRow, TrainingRow
from training.data.sources import SourceReport, load
from training.data.splits import hold_out, one_fold, question_fingerprints, questions, row_fingerprints
from training.recipe import Recipe

# Rows that share a beginning and are put into one tree; more of them would make steps uneven.
GROUP = 4


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows and their tokens. `training` and `validation` hold lists of rows that begin alike."""

    rows: tuple[TrainingRow, ...]
    held_out: tuple[TrainingRow, ...]
    training: tuple[tuple[TokenRow, ...], ...]
    validation: tuple[tuple[TokenRow, ...], ...]
    report: SourceReport

    @property
    def tokens(self) -> int:
        """Tokens of all training texts, each counted whole."""
        return sum(len(row.tokens) for group in self.training for row in group)


def prepare(recipe: Recipe, encode: Encode, teach: Teach | None = None) -> Prepared:
    """Everything a trainer needs, in the tokens of `encode`. Raises `InputError` when nothing is left to train on."""
    report = SourceReport()
    rows = load(recipe.data.sources, recipe.data, report)
    if recipe.data.validation:
        training, held_out = rows, load(recipe.data.validation, recipe.data, report)
    elif recipe.data.folds and recipe.data.fold:
        training, held_out = one_fold(rows, recipe.data.folds, recipe.data.fold, recipe.data.seed)
    else:
        training, held_out = hold_out(rows, recipe.data.validation_share, recipe.data.seed)
    if recipe.start:
        held_out = _unseen(held_out, recipe.start, report)
    if not training:
        raise InputError(f"No training rows are left. {' '.join(report.lines())}. Correct the recipe's sources.")
    if shared := _questions(training) & _questions(held_out):
        report.note(f"{len(shared):,} questions stand in the training rows and in the validation set, as published")
    # Both parts together, so that a teacher's cost is shown once.
    told = explained([*training, *held_out], recipe, teach)
    texts = _tokens(both_orders(told[: len(training)]), recipe, encode, report)
    if not texts:
        raise InputError(
            f"No training text is left. {' '.join(report.lines())}. Raise training.max_length, or correct the sources."
        )
    validation = _tokens(told[len(training) :], recipe, encode, report)
    return Prepared(tuple(training), tuple(held_out), texts, validation, report)


def _unseen(rows: Sequence[TrainingRow], start: Path, report: SourceReport) -> list[TrainingRow]:
    """The rows that the version in `start`, which is trained further, was not trained on, nor on nearly the same."""
    known = read_fingerprints(start)
    seen, asked = frozenset(known.rows), frozenset(known.questions)
    left = []
    for row in rows:
        if seen.isdisjoint(row_fingerprints(row)) and asked.isdisjoint(question_fingerprints(row)):
            left.append(row)
        else:
            report.leave_out("held out, but the version that it starts from has learned it", str(row))
    return left


def _questions(rows: Sequence[TrainingRow]) -> set[str]:
    return {normalized(question) for row in rows for question in questions(row)}


def _tokens(
    rows: Sequence[TrainingRow], recipe: Recipe, encode: Encode, report: SourceReport
) -> tuple[tuple[TokenRow, ...], ...]:
    chat = CATALOGUE[recipe.base].chat
    shared = GROUP if recipe.training.packing == "prefix" else 1
    result = []
    for group in groups(rows, shared):
        tokens = []
        for row in group:
            if recipe.template == "explanation-first" and isinstance(row, PairRow) and not row.explanation:
                report.leave_out("without the explanation that this template begins with", str(row))
                continue
            text = example(row, recipe, chat).row(encode, recipe.training.loss_on)
            if len(text.tokens) > recipe.training.max_length:
                report.leave_out(f"longer than {recipe.training.max_length} tokens", str(row))
            else:
                tokens.append(text)
        if tokens:
            result.append(tuple(tokens))
    return tuple(result)
