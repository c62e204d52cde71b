"""Where the time of this project's training loop goes, by torch's profiler."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile
from transformers import TrainerCallback, TrainerState

from training.benchmarks.clock import watched
from training.benchmarks.sides import OURS, Rows, open_trainer
from training.recipe import Recipe

# The first step also warms up.
FIRST, LAST = 1, 4

BASE, ADAPTER, ATTENTION, OUTPUT, OPTIMIZER, REST = (
    "matrix products of the base",
    "matrix products of the adapter",
    "attention",
    "output matrix and its loss",
    "optimizer",
    "everything else",
)
PRODUCTS = frozenset(f"aten::{name}" for name in ("mm", "addmm", "bmm", "baddbmm"))


@dataclass(frozen=True, slots=True)
class Profile:
    """`shares` of the time by kind, together 1. `rate` and `peak` are products' floating-point operations a second:
    those of the steps over their whole time, and what one large product reaches in the same process."""

    shares: dict[str, float]
    rate: float
    peak: float


class _Profiled(TrainerCallback):
    """Runs the profiler from the end of step `FIRST` to the end of step `LAST`."""

    def __init__(self) -> None:
        self.profiler = profile(activities=[ProfilerActivity.CPU], record_shapes=True, with_flops=True)
        self.seconds = 0.0

    def on_step_end(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        if state.global_step == FIRST:
            self.profiler.start()
            self.seconds = -time.perf_counter()
        elif state.global_step == LAST:
            self.seconds += time.perf_counter()
            self.profiler.stop()
            control.should_training_stop = True


def profiled(recipe: Recipe, rows: Rows, cache: Path, threads: int) -> Profile:
    """Train on `rows`, which must make at least `LAST` steps, and look at the steps after the first."""
    with tempfile.TemporaryDirectory() as folder:
        trainer = open_trainer(OURS, recipe, rows.training, cache, threads, Path(folder))
        watched(trainer)
        watching = _Profiled()
        trainer.add_callback(watching)
        trainer.train()
        vocabulary = trainer.model.get_output_embeddings().weight.shape[0]
        dtype = trainer.model.dtype
    seconds, operations = Counter[str](), 0
    for event in watching.profiler.events():
        seconds[_kind(event, vocabulary, recipe.lora.r)] += event.self_cpu_time_total / 1e6
        operations += (event.flops or 0) if event.name in PRODUCTS else 0
    shares = {name: seconds[name] / watching.seconds for name in (BASE, ADAPTER, ATTENTION, OUTPUT, OPTIMIZER)}
    # The rest is small operations, Python, and the making of batches.
    shares[REST] = 1 - sum(shares.values())
    return Profile(shares, operations / watching.seconds, _peak(dtype))


def _kind(event: FunctionEvent, vocabulary: int, rank: int) -> str:
    """What an operation belongs to, by its name, its shapes and what called it."""
    names = [event.name, *(caller.name for caller in _callers(event))]
    sizes = [size for shape in event.input_shapes or () for size in _flat(shape)]
    if any(name.startswith("Optimizer.") for name in names):
        return OPTIMIZER
    if any("scaled_dot_product" in name for name in names):
        return ATTENTION
    if vocabulary in sizes and "aten::embedding" not in names:
        return OUTPUT
    if event.name in PRODUCTS:
        return ADAPTER if rank in sizes else BASE
    return REST


def _callers(event: FunctionEvent) -> Iterable[FunctionEvent]:
    while event.cpu_parent is not None:
        event = event.cpu_parent
        yield event


def _flat(shape: Any) -> Iterable[int]:
    """Sizes of one input, or of all in a list of inputs."""
    for size in shape:
        if isinstance(size, int):
            yield size
        else:
            yield from _flat(size)


def _peak(dtype: torch.dtype, size: int = 2048, repeats: int = 8) -> float:
    """Operations a second of the fastest of some large products."""
    matrix = torch.randn(size, size, dtype=dtype)
    fastest = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        matrix @ matrix
        fastest = min(fastest, time.perf_counter() - started)
    return 2 * size**3 / fastest
