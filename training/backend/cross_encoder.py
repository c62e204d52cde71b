"""The training loop of a cross-encoder: a small encoder with a fresh head, all weights trained."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    get_linear_schedule_with_warmup,
)

from assistant.command_line.progress_bars import progress_bar
from evals.systems.baselines.cross_encoder import encode, pair_logits
from training.data.rows import PairRow

# Batches whose pairs are sorted by length together.
SORTED_TOGETHER = 16


@dataclass(frozen=True, slots=True)
class Parameters:
    """`warmup` is a share of all steps, `batch` counts pairs."""

    epochs: int = 4
    batch: int = 32
    learning_rate: float = 1e-4
    warmup: float = 0.1
    weight_decay: float = 0.01


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch's mean training loss, and the logits of the held-out pairs after it."""

    loss: float
    logits: tuple[float, ...]


class Trainee:
    """The encoder in `weights` under training; the same seed gives the same model on the same machine."""

    def __init__(self, weights: Path, threads: int, seed: int) -> None:
        torch.set_num_threads(threads)
        torch.manual_seed(seed)
        self._chance = random.Random(seed)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self.tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(weights)
        self.model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(
            weights, num_labels=1, use_safetensors=True, trust_remote_code=False
        ).to(self._device)

    def epochs(self, rows: Sequence[PairRow], heldout: Sequence[PairRow], chosen: Parameters) -> Iterator[Epoch]:
        """Train epoch by epoch. After each, the model may be saved."""
        optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=chosen.learning_rate, weight_decay=chosen.weight_decay, fused=True
        )
        steps = math.ceil(len(rows) / chosen.batch) * chosen.epochs
        schedule = get_linear_schedule_with_warmup(optimizer, round(chosen.warmup * steps), steps)
        for number in range(1, chosen.epochs + 1):
            self.model.train()
            total = 0.0
            for batch in progress_bar(self._shuffled(rows, chosen.batch), unit="batch", desc=f"epoch {number}"):
                loss = self._loss(batch)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
                total += loss.item() * len(batch)
            self.model.eval()
            logits = pair_logits(self.model, self.tokenizer, [(row.question1, row.question2) for row in heldout])
            yield Epoch(total / len(rows), tuple(logits))

    def _shuffled(self, rows: Sequence[PairRow], size: int) -> list[list[PairRow]]:
        """Batches in random order, of pairs that are about equally long."""
        order = list(rows)
        self._chance.shuffle(order)
        batches: list[list[PairRow]] = []
        for start in range(0, len(order), size * SORTED_TOGETHER):
            near = sorted(order[start : start + size * SORTED_TOGETHER], key=_length)
            batches += [near[place : place + size] for place in range(0, len(near), size)]
        self._chance.shuffle(batches)
        return batches

    def _loss(self, batch: Sequence[PairRow]) -> torch.Tensor:
        """The loss of one batch. Each pair is put in a random order, since its label holds for both."""
        pairs = [
            (row.question1, row.question2) if self._chance.random() < 0.5 else (row.question2, row.question1)
            for row in batch
        ]
        logits = self.model(**encode(self.tokenizer, pairs).to(self._device)).logits[:, 0]
        labels = torch.tensor([float(row.same) for row in batch], device=self._device)
        return binary_cross_entropy_with_logits(logits, labels)

    def save(self, folder: Path) -> None:
        """The model and its tokenizer, in safetensors."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)


def _length(row: PairRow) -> int:
    return len(row.question1) + len(row.question2)
