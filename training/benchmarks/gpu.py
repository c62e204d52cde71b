"""Training speed and memory on a GPU: llama-3-8b's shape in 4 bits, random weights, Unsloth against plain PEFT.

    python -m training.benchmarks.gpu [--lengths 512 1024 2048 4096] [--batch 2]

Both backends train by the recipe question-similarity-llama3 (LoRA r 16 on all linear layers, gradient checkpointing,
AdamW in 8 bits, loss on every token) in the loop of real runs, on rows of exactly the length, each in a fresh
process. Where a batch does not fit one of them, half of it is measured for both. Needs no Hub.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assistant.bases.catalogue import CATALOGUE
from assistant.command_line.arguments import count
from assistant.command_line.runner import Command
from assistant.errors import ModelError
from assistant.settings import load_settings
from assistant.tasks import task_of
from training.backend import load
from training.backend.fresh_process import in_fresh_process
from training.data.rows import TokenRow
from training.recipe import FOLDER, load_recipe

# Nothing heavy is imported here: in a process that measures it, unsloth has to come first.

BASE = "llama-3-8b"
RECIPE = FOLDER / f"{task_of('judge').recipes.llama3}.yaml"
BACKENDS = ("unsloth", "peft")
# Steps, and how many of them are not timed: the first ones compile kernels.
STEPS, WARM = 8, 3
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Speed:
    """`memory` is the most that tensors took on the GPU during training, weights included, in bytes."""

    tokens_per_second: float
    memory: int


@dataclass(frozen=True, slots=True)
class Line:
    """One length and batch by both backends; None for what did not fit."""

    length: int
    batch: int
    unsloth: Speed | None
    peft: Speed | None


def write_random_base(cache: Path) -> None:
    """Put llama-3-8b's shape with random 4-bit weights where the loader looks for that base in `cache`."""
    from assistant.generator.engine import compute_dtype
    from training.benchmarks.random_weights import llama_3_8b, write_base

    write_base(CATALOGUE[BASE], llama_3_8b(), cache, compute_dtype("cuda"), "cuda")


def measure(backend: str, length: int, batch: int, cache: Path, count: int) -> Speed | None:
    """Train some steps of `batch` rows of `length` tokens with `count` CPU threads; None when the GPU is too small.

    Belongs into a fresh process: unsloth changes what the other backend uses.
    """
    changes = {
        "backend": backend,
        "training.max_length": length,
        "training.per_device_batch": batch,
        "training.epochs": 1,
        "training.early_stopping": "null",
        "training.eval_steps": "null",
        "training.save_steps": STEPS,
    }
    recipe = load_recipe(RECIPE, [f"{key}={value}" for key, value in changes.items()])
    try:
        trainable = load(recipe, cache, count)

        from training.backend.loop import make_trainer
        from training.benchmarks.clock import watched

        chance = random.Random(0)
        vocabulary = trainable.model.config.vocab_size
        rows = [
            TokenRow(tuple(chance.randrange(vocabulary) for _ in range(length)), (1.0,) * length)
            for _ in range(batch * STEPS)
        ]
        with tempfile.TemporaryDirectory() as folder:
            trainer = make_trainer(recipe, trainable, [(row,) for row in rows], (), Path(folder), ())
            clock = watched(trainer)
            trainer.train()
    except RuntimeError as error:
        import torch

        if isinstance(error, torch.OutOfMemoryError):
            return None
        raise
    timed = clock.times[WARM - 1 :]
    return Speed(batch * length * (len(timed) - 1) / (timed[-1] - timed[0]), clock.memory)


def lines(lengths: Sequence[int], batch: int, measured: Callable[[str, int, int], Speed | None]) -> Iterator[Line]:
    """A line for every length, and another with half the batch as long as one does not fit both backends."""
    for length in lengths:
        size = batch
        while True:
            line = Line(length, size, *(measured(backend, length, size) for backend in BACKENDS))
            yield line
            if (line.unsloth and line.peft) or size == 1:
                break
            size //= 2


def table(measured: Sequence[Line]) -> str:
    """Markdown."""
    rows = [
        "| length | batch | Unsloth tokens/s | PEFT tokens/s | times | Unsloth GiB | PEFT GiB | share |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for line in measured:
        speeds, memories = zip(*(_shown(one) for one in (line.unsloth, line.peft)), strict=True)
        times = share = "–"
        if line.unsloth and line.peft:
            times = f"{line.unsloth.tokens_per_second / line.peft.tokens_per_second:.2f}"
            share = f"{line.unsloth.memory / line.peft.memory:.2f}"
        cells = (f"{line.length:,}", str(line.batch), *speeds, times, *memories, share)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _shown(speed: Speed | None) -> tuple[str, str]:
    if speed is None:
        return "does not fit", "–"
    return f"{speed.tokens_per_second:,.0f}", f"{speed.memory / GIB:.1f}"


def require_gpu() -> str:
    """The GPU's name. Raises `ModelError` where there is none."""
    import torch

    if not torch.cuda.is_available():
        raise ModelError("No CUDA GPU was found: run this on a machine that has one, with a CUDA build of torch.")
    return torch.cuda.get_device_name()


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lengths", type=count, nargs="+", default=[512, 1024, 2048, 4096], help="tokens a row")
    parser.add_argument("--batch", type=count, default=2, help="rows a step (default: %(default)s)")


def _work(options: argparse.Namespace) -> None:
    # The weights are made here; asking the Hub for them would only cost time.
    os.environ["HF_HUB_OFFLINE"] = "1"
    settings = load_settings()
    print(f"{in_fresh_process(require_gpu)}, {BASE}'s shape in 4 bits\n", flush=True)
    settings.cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.cache_dir) as name:
        cache = Path(name)
        in_fresh_process(write_random_base, cache)
        work = partial(_measured, cache, settings.computing_threads)
        print(table(list(lines(options.lengths, options.batch, work))))


def _measured(cache: Path, count: int, backend: str, length: int, batch: int) -> Speed | None:
    print(f"{backend}: {batch} rows of {length} tokens …", file=sys.stderr, flush=True)
    return in_fresh_process(measure, backend, length, batch, cache, count)


main = Command("training.benchmarks.gpu", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
