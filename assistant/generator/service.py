"""One thread owns the model; callers queue, and rows of the same kind are computed together.

Between two tokens of a running text the thread serves what has queued up, so a judgement never
waits for a reason to be finished.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch

from assistant.bases.weights import Weights
from assistant.errors import BusyError, ModelError
from assistant.generator.decoding import Allowed, Decoding, Row
from assistant.generator.engine import Device, Engine
from assistant.generator.generator import Generator
from assistant.generator.jobs import Call, Job, LabelScore, Scoring, Stream, TreePrompt, Writing, batches, gone
from assistant.generator.packing import Packed
from assistant.prompts import Segment

log = logging.getLogger(__name__)

T = TypeVar("T")


class QueuedGenerator(Generator):
    """The model of this process. Every method may be called from any thread."""

    def __init__(
        self, weights: Weights, threads: int, max_queue: int, dtype: str = "auto", device: Device | None = None
    ) -> None:
        super().__init__(Engine(weights, threads, dtype, device))
        self._queue: queue.Queue[Job | None] = queue.Queue(max_queue)
        self._decodings: list[Decoding] = []
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="generator", daemon=True)
        self._thread.start()

    def load_adapter(self, folder: Path) -> str:
        """Load a PEFT adapter between two batches; returns the digest that names it from now on."""
        return self._call(lambda: self._engine.load_adapter(folder))

    def unload_adapter(self, name: str) -> None:
        """Free the memory of an adapter that is no longer used."""

        def unload() -> None:
            self._packer.forget(name)
            self._engine.unload_adapter(name)

        self._call(unload)

    def score(self, prompt: TreePrompt, adapter: str | None = None) -> list[LabelScore]:
        """The label scores of all leaves, in order. Raises `BusyError` when the queue is full."""
        future: Future[list[LabelScore]] = Future()
        self._submit(Scoring(*self._encode(prompt), adapter, future))
        return future.result()

    def stream(
        self,
        prompt: TreePrompt,
        limit: int,
        adapter: str | None = None,
        allowed: Sequence[Allowed] | None = None,
    ) -> Stream:
        """Write at most `limit` tokens behind every leaf, greedily, of those that `allowed` of the leaf gives.
        Raises `BusyError` when the queue is full."""
        stream = Stream(len(prompt.leaves))
        rows = [
            Row(limit, partial(stream.put, index), stream.fail, stream.cancelled, allowed[index] if allowed else None)
            for index in range(len(prompt.leaves))
        ]
        self._submit(Writing(*self._encode(prompt), adapter, rows))
        return stream

    def choose(
        self,
        prompt: Sequence[Segment],
        allowed: Allowed,
        limit: int,
        adapter: str | None = None,
    ) -> list[int]:
        """At most `limit` tokens behind `prompt`, each the most probable of those that `allowed` gives."""
        stream = Stream(1)
        row = Row(limit, partial(stream.put, 0), stream.fail, stream.cancelled, allowed)
        self._submit(Writing(*self._encode_one(prompt), adapter, [row]))
        for _ in stream:
            pass
        return row.tokens

    def close(self) -> None:
        """End the thread; what is still queued fails with `ModelError`."""
        if not self._closed.is_set():
            self._closed.set()
            self._queue.put(None)
            self._thread.join()

    def _submit(self, job: Job) -> None:
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
            # The thread may have ended between the check and the put; then nobody else would answer the caller.
            self._fail_queued()
            # This may have removed the item that wakes the thread. If the queue is full again, another item wakes it.
            with contextlib.suppress(queue.Full):
                self._queue.put_nowait(None)

    def _fail_queued(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                job = self._queue.get_nowait()
                if job is not None:
                    job.fail(gone())

    def _call(self, function: Callable[[], T]) -> T:
        future: Future[T] = Future()
        self._submit(Call(function, future))
        return future.result()

    # Everything below runs on the one thread.

    def _serve(self) -> None:
        while not self._closed.is_set():
            with torch.inference_mode():
                self._turn()
        for decoding in self._decodings:
            decoding.fail(gone())
        self._fail_queued()

    def _turn(self) -> None:
        jobs = self._waiting()
        for job in jobs:
            if isinstance(job, Call):
                job.run()
        for batch in batches([job for job in jobs if isinstance(job, Scoring)], self._budget):
            self._guard(self._score, batch)
        for together in batches([job for job in jobs if isinstance(job, Writing)], self._budget):
            self._guard(self._begin, together)
        for decoding in list(self._decodings):
            self._step(decoding)

    def _waiting(self) -> list[Job | None]:
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
                # A stop waits for the current batch, not for everything queued behind it.
                raise gone()
            work(jobs)
        except ModelError as error:
            for job in jobs:
                job.fail(error)
        except Exception as error:
            log.exception("a batch of %d failed", len(jobs))
            for job in jobs:
                job.fail(error)

    def _packed(self, jobs: Sequence[Scoring | Writing]) -> Packed:
        return self._pack(jobs[0].head, [job.tree for job in jobs], jobs[0].adapter)

    def _score(self, jobs: list[Scoring]) -> None:
        scores = self._label_scores(self._packed(jobs))
        for job in jobs:
            own, scores = scores[: len(job.tree.leaves)], scores[len(job.tree.leaves) :]
            job.future.set_result(own)

    def _begin(self, jobs: list[Writing]) -> None:
        packed = self._packed(jobs)
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
