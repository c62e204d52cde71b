"""Splits without shared questions or documents, and fingerprints that reveal later leaks."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

from assistant.versions.fingerprints import normalized, of_pair, of_question, of_reading
from training.data.rows import PairRow, TrainingRow

Row = TypeVar("Row", bound=TrainingRow)


def components(rows: Sequence[TrainingRow]) -> list[list[int]]:
    """Indexes of rows that hang together: pairs by the connected components of the question graph
    (questions are nodes, pairs are edges), readings by document and text. In order of first appearance."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    first: list[str] = []
    for row in rows:
        node, *others = _nodes(row)
        for other in others:
            parent[root(other)] = root(node)
        first.append(node)
    members: dict[str, list[int]] = defaultdict(list)
    for index, node in enumerate(first):
        members[root(node)].append(index)
    return list(members.values())


def _nodes(row: TrainingRow) -> tuple[str, ...]:
    """What a row shares with others. A translation also belongs to the side of what it was translated from."""
    if isinstance(row, PairRow):
        return tuple(normalized(question) for question in (*(row.origin or ()), row.question1, row.question2))
    return row.document, row.context


def hold_out(rows: Sequence[Row], share: float, seed: int) -> tuple[list[Row], list[Row]]:
    """(training rows, validation rows), whole components on one side, about `share` of the rows held out."""
    groups = components(rows)
    random.Random(seed).shuffle(groups)
    held: set[int] = set()
    for group in groups:
        if len(held) + len(group) <= share * len(rows):
            held.update(group)
    return [row for i, row in enumerate(rows) if i not in held], [rows[i] for i in sorted(held)]


def one_fold(
    rows: Sequence[TrainingRow], count: int, number: int, seed: int
) -> tuple[list[TrainingRow], list[TrainingRow]]:
    """(training rows, validation rows): of `count` parts of nearly equal size, with whole components in one of
    them, the one with this `number`, from 1, is held out."""
    groups = components(rows)
    random.Random(seed).shuffle(groups)
    groups.sort(key=len, reverse=True)
    chosen: list[list[int]] = [[] for _ in range(count)]
    for group in groups:
        min(chosen, key=len).extend(group)
    held = set(chosen[number - 1])
    return [row for i, row in enumerate(rows) if i not in held], [rows[i] for i in sorted(held)]


def fingerprint(row: TrainingRow) -> str:
    """A hash of what the row asks, equal for both orders of a pair, from which nothing can be read back."""
    return row_fingerprints(row)[0]


def row_fingerprints(row: TrainingRow) -> tuple[str, ...]:
    """The row's hash and, for a pair, that of all pairs nearly equal to it."""
    if isinstance(row, PairRow):
        return of_pair(row.question1, row.question2, row.language)
    return of_reading(row.question, row.context)


def questions(row: TrainingRow) -> tuple[str, ...]:
    """The row's single questions."""
    return (row.question1, row.question2) if isinstance(row, PairRow) else (row.question,)


def question_fingerprints(row: TrainingRow) -> tuple[str, ...]:
    """Hashes of the row's single questions, and of all questions nearly equal to them."""
    language = row.language if isinstance(row, PairRow) else "pt"
    return tuple(digest for question in questions(row) for digest in of_question(question, language))
