"""The sides of the training benchmark, each trained and measured in the process that calls `measure`."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer

from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import locate
from training.backend import load
from training.backend.batches import IGNORED, PaddedBatches, labelled
from training.backend.loop import history, make_trainer
from training.benchmarks.baseline import loss_on_cpu, sft_trainer
from training.benchmarks.clock import watched
from training.data.rows import TokenRow
from training.recipe import Recipe
from training.tracking.machine import figures

OURS = "this project's loop"
# The baselines, and whether each has bf16 on.
BASELINES = {"SFTTrainer, bf16": True, "SFTTrainer, float32": False}


@dataclass(frozen=True, slots=True)
class Rows:
    """What every side trains on, and what its adapter is measured on."""

    training: tuple[TokenRow, ...]
    held_out: tuple[TokenRow, ...]


@dataclass(frozen=True, slots=True)
class Measures:
    """One side's figures.

    `tokens` are those of all rows trained, each row counted whole. `tokens_per_second` leaves the first step out,
    which also warms up. `losses` has one value a step, `held_out_loss` is the finished adapter's; both are means over
    the reply's tokens. `peak_memory` is the process's until the last step, in GiB. `order` is a digest of the rows as
    they were trained, `start` one of the adapter before the first step.
    """

    tokens: int
    tokens_per_second: float
    losses: tuple[float, ...]
    held_out_loss: float
    peak_memory: float
    order: str
    start: str


def open_trainer(
    side: str, recipe: Recipe, rows: Sequence[TokenRow], cache: Path, threads: int, folder: Path
) -> Trainer:
    """The trainer of `side`, `OURS` or one of `BASELINES`, before its first step. Checkpoints go below `folder`."""
    if side == OURS:
        # Each row alone, as the baseline has them; a batch's tree still shares what its rows begin with.
        return make_trainer(recipe, load(recipe, cache, threads), [(row,) for row in rows], (), folder, ())
    torch.set_num_threads(threads)
    return sft_trainer(recipe, locate(CATALOGUE[recipe.base], cache).path, rows, folder, BASELINES[side])


class Seen:
    """A collator that notes the rows it is given, in their order, and hands them on to `collate`."""

    def __init__(self, collate: Callable[[Sequence[dict[str, Any]]], dict[str, torch.Tensor]]) -> None:
        self.lengths: list[int] = []
        self._collate = collate
        self._digest = hashlib.sha256()

    def __call__(self, features: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        for feature in features:
            for text in map(labelled, feature["rows"]) if "rows" in feature else (feature,):
                self.lengths.append(len(text["input_ids"]))
                self._digest.update(repr((list(text["input_ids"]), list(text["labels"]))).encode())
        return self._collate(features)

    @property
    def order(self) -> str:
        return self._digest.hexdigest()


def measure(side: str, recipe: Recipe, rows: Rows, cache: Path, threads: int) -> Measures:
    """Train `side` on `rows` and measure it. The rows must make at least two steps."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trainer = open_trainer(side, recipe, rows.training, cache, threads, folder / "training")
        trainer.data_collator = seen = Seen(trainer.data_collator)
        clock = watched(trainer)
        start = _digest(trainer.model)
        with nullcontext() if side == OURS else loss_on_cpu():
            trainer.train()
        peak = figures(folder)["memory_peak_gib"]
        losses = tuple(entry["loss"] for entry in history(trainer))
        trainer.model.save_pretrained(folder / "adapter", save_embedding_layers=False)
        del trainer
        base = locate(CATALOGUE[recipe.base], cache).path
        untimed = recipe.training.per_device_batch * recipe.training.accumulation
        return Measures(
            tokens=sum(seen.lengths),
            tokens_per_second=sum(seen.lengths[untimed:]) / (clock.times[-1] - clock.times[0]),
            losses=losses,
            held_out_loss=held_out_loss(base, folder / "adapter", rows.held_out),
            peak_memory=peak,
            order=seen.order,
            start=start,
        )


def _digest(model: torch.nn.Module) -> str:
    """Of the adapter's values, rounded to the 16 bits in which one side may hold them."""
    digest = hashlib.sha256()
    for name, value in sorted(model.named_parameters()):
        if value.requires_grad:
            digest.update(name.encode() + value.detach().to(torch.bfloat16).view(torch.int16).numpy().tobytes())
    return digest.hexdigest()


@torch.inference_mode()
def held_out_loss(base: Path, adapter: Path, rows: Sequence[TokenRow], batch: int = 4) -> float:
    """Mean loss of the reply's tokens over `rows`, in float32."""
    collate = PaddedBatches(AutoTokenizer.from_pretrained(base).eos_token_id)
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), adapter).eval()
    total, counted = 0.0, 0
    for place in range(0, len(rows), batch):
        inputs = collate([{"rows": rows[place : place + batch]}])
        tokens = int((inputs["labels"][:, 1:] != IGNORED).sum())
        total += float(model(**inputs).loss) * tokens
        counted += tokens
    return total / counted
