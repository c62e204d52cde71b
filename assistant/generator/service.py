"""One thread owns the model; callers queue, and rows of the same kind are computed together.

Between two tokens of a running text the thread serves what has queued up, so a judgement never
waits for a reason to be finished.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch

from assistant.basemodels import Weights
from assistant.errors import BusyError, ModelError
from assistant.generator.decoding import Decoding, Row
from assistant.generator.engine import Engine
from assistant.generator.packing import Packed, Packer, Tree
from assistant.prompts import Segment

log = logging.getLogger(__name__)

T = TypeVar("T")

# Attention over a pack grows with its square; beyond this it costs more than padding would.
PACK_TOKENS = {"cpu": 512, "cuda": 4096}


@dataclass(frozen=True, slots=True)
class TreePrompt:
    """Prompts that begin alike: a template's head, the stem of one question, one leaf per candidate."""

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
class _Scoring:
    head: tuple[int, ...]
    tree: Tree
    adapter: str | None
    future: Future[list[LabelScore]]

    def fail(self, error: Exception) -> None:
        self.future.set_exception(error)


@dataclass(slots=True, eq=False)
class _Writing:
    head: tuple[int, ...]
    tree: Tree
    adapter: str | None
    rows: list[Row]

    def fail(self, error: Exception) -> None:
        for row in self.rows:
            row.fail(error)


@dataclass(slots=True, eq=False)
class _Call:
    function: Callable[[], Any]
    future: Future[Any]

    def run(self) -> None:
        try:
            self.future.set_result(self.function())
        except Exception as error:
            self.future.set_exception(error)

    def fail(self, error: Exception) -> None:
        self.future.set_exception(error)


Job = TypeVar("Job", _Scoring, _Writing)


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


class Generator:
    """The model as its callers see it. Every method may be called from any thread."""

    def __init__(self, weights: Weights, threads: int, max_queue: int) -> None:
        self._engine = Engine(weights, threads)
        self._packer = Packer(self._engine)
        self._budget = PACK_TOKENS[self._engine.device]
        self._queue: queue.Queue[_Scoring | _Writing | _Call | None] = queue.Queue(max_queue)
        self._decodings: list[Decoding] = []
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="generator", daemon=True)
        self._thread.start()

    @property
    def base(self) -> str:
        return self._engine.weights.base.name

    def load_adapter(self, folder: Path) -> str:
        """Load a PEFT adapter between two batches; returns the digest that names it from now on."""
        return self._call(lambda: self._engine.load_adapter(folder))

    def token_count(self, segments: Sequence[Segment]) -> int:
        return len(self._engine.encode(segments))

    def score(self, prompt: TreePrompt, adapter: str | None = None) -> list[LabelScore]:
        """The label scores of all leaves, in order. Raises `BusyError` when the queue is full."""
        future: Future[list[LabelScore]] = Future()
        self._submit(_Scoring(*self._encode(prompt), adapter, future))
        return future.result()

    def stream(self, prompt: TreePrompt, limit: int, adapter: str | None = None) -> Stream:
        """Write at most `limit` tokens behind every leaf, greedily. Raises `BusyError` when the queue is full."""
        stream = Stream(len(prompt.leaves))
        rows = [
            Row(limit, partial(stream.put, index), stream.fail, stream.cancelled) for index in range(len(prompt.leaves))
        ]
        self._submit(_Writing(*self._encode(prompt), adapter, rows))
        return stream

    def close(self) -> None:
        """End the thread; what is still queued fails with `ModelError`."""
        if not self._closed.is_set():
            self._closed.set()
            self._queue.put(None)
            self._thread.join()

    def _encode(self, prompt: TreePrompt) -> tuple[tuple[int, ...], Tree]:
        # In the caller's thread: encoding does not wait for the model.
        encode = self._engine.encode
        leaves = tuple(tuple(encode(leaf)) for leaf in prompt.leaves)
        return tuple(encode(prompt.head)), Tree(tuple(encode(prompt.stem)), leaves)

    def _submit(self, job: _Scoring | _Writing | _Call) -> None:
        if self._closed.is_set():
            raise ModelError("The model has been shut down. Start the app again.")
        try:
            self._queue.put_nowait(job)
        except queue.Full:
            raise BusyError(
                f"{self._queue.maxsize} requests are waiting already. "
                "Try again in a moment, or raise RESPOSTA_MAX_QUEUE."
            ) from None
        if self._closed.is_set():
            # The thread may have ended between the check and the put: nobody else would answer.
            self._fail_queued()

    def _fail_queued(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                job = self._queue.get_nowait()
                if job is not None:
                    job.fail(_gone())

    def _call(self, function: Callable[[], T]) -> T:
        future: Future[T] = Future()
        self._submit(_Call(function, future))
        return future.result()

    # Everything below runs on the one thread.

    def _serve(self) -> None:
        while not self._closed.is_set():
            with torch.inference_mode():
                self._turn()
        for decoding in self._decodings:
            decoding.fail(_gone())
        self._fail_queued()

    def _turn(self) -> None:
        jobs = self._waiting()
        for job in jobs:
            if isinstance(job, _Call):
                job.run()
        for batch in _batches([job for job in jobs if isinstance(job, _Scoring)], self._budget):
            self._guard(self._score, batch)
        for batch in _batches([job for job in jobs if isinstance(job, _Writing)], self._budget):
            self._guard(self._begin, batch)
        for decoding in list(self._decodings):
            self._step(decoding)

    def _waiting(self) -> list[_Scoring | _Writing | _Call | None]:
        """All queued jobs; waits for the first one when no text is being written."""
        jobs = [] if self._decodings else [self._queue.get()]
        while True:
            try:
                jobs.append(self._queue.get_nowait())
            except queue.Empty:
                return jobs

    def _guard(self, work: Callable[[list], None], jobs: list) -> None:
        """A batch that fails fails its own callers, never the thread."""
        try:
            if self._closed.is_set():
                # A stop waits for the batch at hand, not for all that had queued up behind it.
                raise _gone()
            work(jobs)
        except ModelError as error:
            for job in jobs:
                job.fail(error)
        except Exception as error:
            log.exception("a batch of %d failed", len(jobs))
            for job in jobs:
                job.fail(error)

    def _pack(self, jobs: Sequence[_Scoring | _Writing]) -> Packed:
        with self._engine.use(jobs[0].adapter):
            return self._packer.run(jobs[0].head, [job.tree for job in jobs], jobs[0].adapter)

    def _score(self, jobs: list[_Scoring]) -> None:
        logits = self._engine.model.lm_head(self._pack(jobs).last).float()
        labels = logits[:, list(self._engine.label_ids)]
        mass = (labels.logsumexp(-1) - logits.logsumexp(-1)).exp().tolist()
        scores = [LabelScore(*pair) for pair in zip((labels[:, 0] - labels[:, 1]).tolist(), mass, strict=True)]
        for job in jobs:
            own, scores = scores[: len(job.tree.leaves)], scores[len(job.tree.leaves) :]
            job.future.set_result(own)

    def _begin(self, jobs: list[_Writing]) -> None:
        packed = self._pack(jobs)
        decoding = Decoding(self._engine, [row for job in jobs for row in job.rows], jobs[0].adapter, packed)
        if decoding.rows:
            self._decodings.append(decoding)

    def _step(self, decoding: Decoding) -> None:
        try:
            decoding.step()
        except Exception as error:
            log.exception("writing failed")
            decoding.fail(error)
        if not decoding.rows:
            self._decodings.remove(decoding)


def _gone() -> ModelError:
    return ModelError("The model was shut down before it answered. Ask again after the restart.")


def _batches(jobs: list[Job], budget: int) -> Iterator[list[Job]]:
    """Jobs that may share a pack (same adapter, same head), up to `budget` tokens together."""
    groups: dict[tuple, list[Job]] = defaultdict(list)
    for job in jobs:
        groups[job.adapter, job.head].append(job)
    for group in groups.values():
        batch: list[Job] = []
        size = 0
        for job in group:
            if batch and size + job.tree.tokens > budget:
                yield batch
                batch, size = [], 0
            batch.append(job)
            size += job.tree.tokens
        yield batch
