"""The model on ZeroGPU: the weights wait on disk, and a forked worker has a GPU while it computes one answer.

`spaces` must have been imported before anything touched CUDA. From then on it plays CUDA in the thread that imported
it, keeps what is loaded there, and takes that to the real GPU in each worker. Of a fork only the calling thread lives
on, so there is no model's thread here: each answer is one call, made on the thread of the Gradio event whose visitor
pays for it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio
import httpx
import torch

import spaces
from assistant.bases.weights import Weights
from assistant.errors import GpuUnavailableError, ModelError
from assistant.generator.decoding import Allowed, Decoding, Row
from assistant.generator.engine import Engine
from assistant.generator.generator import Generator
from assistant.generator.jobs import LabelScore, TreePrompt
from assistant.generator.packing import Tree
from assistant.prompts import Segment

# Estimates for 8 billion weights in 4 bits, not yet measured on ZeroGPU. Asking for too little ends the answer there,
# asking for much more than is left of a visitor's quota is refused.
START_SECONDS = 8.0  # A worker is forked and reads the weights; one that is still warm skips this.
READ_PER_SECOND = 2000.0  # Tokens of the prompt.
WRITTEN_PER_SECOND = 10.0  # Tokens of one text; texts behind one prompt are written together.

# The titles of the errors of `spaces` that say more than that there is no GPU.
_CAUSES = {
    "ZeroGPU quota exceeded": "The GPU's quota is used up for now",
    "ZeroGPU pending credits exceeded": "The GPU's quota is used up for now",
    "ZeroGPU illegal duration": "The question takes more of the GPU than one may have",
    "ZeroGPU worker error": "The GPU failed on this question",
}

# By the digest of their weights. A worker inherits this by the fork, and looks its generator up here.
_LOADED: dict[str, ZeroGpuGenerator] = {}


def seconds(prompt_tokens: int, new_tokens: int) -> int:
    """How long the GPU is asked for, to read a prompt of so many tokens and write at most so many behind it."""
    return math.ceil(START_SECONDS + prompt_tokens / READ_PER_SECOND + new_tokens / WRITTEN_PER_SECOND)


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker computes: the label scores of all leaves, or, with a `limit`, at most so many tokens of text
    behind each, of those that `allowed` of the leaf gives. All of it can be pickled."""

    head: tuple[int, ...]
    tree: Tree
    adapter: str | None
    limit: int = 0
    allowed: tuple[Allowed, ...] | None = None

    @property
    def seconds(self) -> int:
        return seconds(len(self.head) + self.tree.tokens, self.limit)


class ZeroGpuGenerator(Generator):
    """The model on a GPU that is lent for each answer, for at most `Task.seconds`.

    Every method but the loading ones may be called from any thread. Those that compute raise `GpuUnavailableError`
    when no GPU is given or it fails.
    """

    def __init__(self, weights: Weights, dtype: str = "auto") -> None:
        super().__init__(Engine(weights, threads=1, dtype=dtype, device="cuda"))
        _LOADED[weights.sha256] = self

    def __reduce__(self) -> tuple[Callable[[str], ZeroGpuGenerator], tuple[str]]:
        """Pickled, as what a task's `allowed` refers to, it is found again by its weights."""
        return _inherited, (self._engine.weights.sha256,)

    def load_adapter(self, folder: Path) -> str:
        """Load a PEFT adapter before `hand_over`, in the thread that imported `spaces`."""
        return self._engine.load_adapter(folder)

    def unload_adapter(self, name: str) -> None:
        raise ModelError(f"On ZeroGPU adapter {name[:12]} is fixed at start: change RESPOSTA_ADAPTER and restart.")

    def score(self, prompt: TreePrompt, adapter: str | None = None) -> list[LabelScore]:
        return list(self._compute(Task(*self._encode(prompt), adapter)))

    def stream(
        self,
        prompt: TreePrompt,
        limit: int,
        adapter: str | None = None,
        allowed: Sequence[Allowed] | None = None,
    ) -> Iterator[tuple[int, str, bool]]:
        task = Task(*self._encode(prompt), adapter, limit, tuple(allowed) if allowed else None)
        for leaf, text, finished, _ in self._compute(task):
            yield leaf, text, finished

    def choose(self, prompt: Sequence[Segment], allowed: Allowed, limit: int, adapter: str | None = None) -> list[int]:
        *_, (_, _, _, tokens) = self._compute(Task(*self._encode_one(prompt), adapter, limit, (allowed,)))
        return list(tokens)

    def close(self) -> None:
        _LOADED.pop(self._engine.weights.sha256, None)

    def _compute(self, task: Task) -> Iterator[Any]:
        """What the worker yields. Closing this ends its work at the next token."""
        if task.adapter and task.adapter not in self._engine.adapters:
            raise ModelError(f"Adapter {task.adapter[:12]} is not loaded. Load it before asking for it.")
        try:
            yield from _on_gpu(self, task)
        # `spaces` raises errors meant for visitors, errors of its HTTP calls, and RuntimeError for anything unexpected.
        except (gradio.Error, httpx.HTTPError, RuntimeError) as error:
            raise GpuUnavailableError(_cause(error), self.base) from error

    # Everything below runs in a worker. Tokenizing does not: whoever held its lock at the fork never lets go there.

    def run(self, task: Task) -> Iterator[Any]:
        """The `LabelScore` of each leaf; or (leaf, text so far, finished, tokens so far) for each token written."""
        with torch.inference_mode():
            packed = self._pack(task.head, [task.tree], task.adapter)
            scores = [] if task.limit else self._label_scores(packed)
        if not task.limit:
            yield from scores
            return
        written: list[tuple[int, str, bool, tuple[int, ...]]] = []

        def emit(leaf: int, text: str, finished: bool) -> None:
            written.append((leaf, text, finished, tuple(rows[leaf].tokens)))

        rows = [
            Row(task.limit, partial(emit, leaf), _fail, threading.Event(), task.allowed[leaf] if task.allowed else None)
            for leaf in range(len(task.tree.leaves))
        ]
        with torch.inference_mode():
            decoding = Decoding(self._engine, rows, task.adapter, packed)
        while True:
            yield from written
            written.clear()
            if not decoding.rows:
                return
            with torch.inference_mode():
                decoding.step()


# One function for all computations: each function has workers of its own, so the reasons reuse the judge's warm one.
@spaces.GPU(duration=lambda generator, task: task.seconds)  # type: ignore[attr-defined]
def _on_gpu(generator: ZeroGpuGenerator, task: Task) -> Iterator[Any]:
    yield from generator.run(task)


def hand_over() -> None:
    """Once, when all is loaded, in the thread that loaded it: give the weights to ZeroGPU, which keeps them on disk.

    Gradio's `launch` would do it; the app is mounted into another. Nothing can be loaded afterwards.
    """
    spaces.zero.startup()  # type: ignore[attr-defined]


def _inherited(sha256: str) -> ZeroGpuGenerator:
    return _LOADED[sha256]


def _fail(error: Exception) -> None:
    raise error


def _cause(error: Exception) -> str:
    return _CAUSES.get(getattr(error, "title", ""), "No GPU is at hand right now")
