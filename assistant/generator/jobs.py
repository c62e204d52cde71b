"""What callers ask of the model's thread, and what they get back."""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from assistant.errors import ModelError
from assistant.generator.decoding import Row
from assistant.generator.packing import Tree
from assistant.prompts import Segment


@dataclass(frozen=True, slots=True)
class TreePrompt:
    """Prompts with a common beginning: a template's head, the stem of one question, one leaf per candidate."""

    head: tuple[Segment, ...]
    stem: tuple[Segment, ...]
    leaves: tuple[tuple[Segment, ...], ...]


@dataclass(frozen=True, slots=True)
class LabelScore:
    """What the model says of one pair.

    `logit` is log P("same") - log P("different"); `mass` is the probability that the reply is
    one of the two labels at all, in [0, 1].
    """

    logit: float
    mass: float


@dataclass(slots=True, eq=False)
class Scoring:
    """Label scores of one caller's leaves."""

    head: tuple[int, ...]
    tree: Tree
    adapter: str | None
    future: Future[list[LabelScore]]

    def fail(self, error: Exception) -> None:
        self.future.set_exception(error)


@dataclass(slots=True, eq=False)
class Writing:
    """Texts behind one caller's leaves."""

    head: tuple[int, ...]
    tree: Tree
    adapter: str | None
    rows: list[Row]

    def fail(self, error: Exception) -> None:
        for row in self.rows:
            row.fail(error)


@dataclass(slots=True, eq=False)
class Call:
    """Any work on the model, between two batches."""

    function: Callable[[], Any]
    future: Future[Any]

    def run(self) -> None:
        try:
            self.future.set_result(self.function())
        except Exception as error:
            self.future.set_exception(error)

    def fail(self, error: Exception) -> None:
        self.future.set_exception(error)


Job = Scoring | Writing | Call
Batched = TypeVar("Batched", Scoring, Writing)


class Stream:
    """Texts being written for one caller. Iterate for (row, text so far, finished); `close` cancels."""

    def __init__(self, rows: int) -> None:
        self._updates: queue.SimpleQueue[tuple[int, str, bool] | Exception] = queue.SimpleQueue()
        self._running = rows
        self.cancelled = threading.Event()

    def __iter__(self) -> Iterator[tuple[int, str, bool]]:
        try:
            while self._running:
                update = self._updates.get()
                if isinstance(update, Exception):
                    raise update
                self._running -= update[2]
                yield update
        finally:
            self.close()

    def close(self) -> None:
        """Stop writing at the next token."""
        self.cancelled.set()

    def put(self, row: int, text: str, finished: bool) -> None:
        self._updates.put((row, text, finished))

    def fail(self, error: Exception) -> None:
        self._updates.put(error)


def gone() -> ModelError:
    """The error for callers of a model that was stopped."""
    return ModelError("The model was shut down before it answered. Ask again after the restart.")


def batches(jobs: list[Batched], budget: int) -> Iterator[list[Batched]]:
    """Jobs that may share a pack (same adapter, same head), up to `budget` tokens together."""
    groups: dict[tuple, list[Batched]] = defaultdict(list)
    for job in jobs:
        groups[job.adapter, job.head].append(job)
    for group in groups.values():
        batch: list[Batched] = []
        size = 0
        for job in group:
            if batch and size + job.tree.tokens > budget:
                yield batch
                batch, size = [], 0
            batch.append(job)
            size += job.tree.tokens
        yield batch
