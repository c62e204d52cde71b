"""Greedy text for several prompts at once, one token per step, so that other callers are served between two tokens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from transformers import DynamicCache

from assistant.generator.engine import Engine
from assistant.generator.packing import Packed

# Given the tokens written so far, the tokens that may follow: None allows all, an empty list ends the text.
Allowed = Callable[[Sequence[int]], list[int] | None]


@dataclass(slots=True, eq=False)
class Row:
    """One text being written. `emit(text, finished)` gets the whole text so far."""

    limit: int
    emit: Callable[[str, bool], None]
    fail: Callable[[Exception], None]
    cancelled: threading.Event
    allowed: Allowed | None = None
    tokens: list[int] = field(default_factory=list)


class Decoding:
    """A batch of rows with its own cache; `step` adds one token to each row still running."""

    def __init__(self, engine: Engine, rows: Sequence[Row], adapter: str | None, packed: Packed) -> None:
        self._engine = engine
        self._adapter = adapter
        self.rows = list(rows)
        lengths = [len(path) for path in packed.paths]
        self._positions = torch.tensor(lengths, device=engine.device)
        longest = max(lengths)
        # Shorter prompts are filled up on the right with column 0, which the mask then hides.
        columns = torch.stack([torch.nn.functional.pad(path, (0, longest - len(path))) for path in packed.paths])
        self._mask = (torch.arange(longest, device=engine.device)[None] < self._positions[:, None]).long()
        self._cache = DynamicCache(config=engine.model.config)
        for index, layer in enumerate(packed.cache.layers):
            keys = layer.keys[0][:, columns].transpose(0, 1)
            values = layer.values[0][:, columns].transpose(0, 1)
            self._cache.update(keys, values, index)
        self._take(self._engine.model.lm_head(packed.last))

    def step(self) -> None:
        """Advance every running row by one token."""
        self._drop({row for row in self.rows if row.cancelled.is_set()})
        if not self.rows:
            return
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(self.rows), 1)], dim=1)
        with self._engine.use(self._adapter):
            output = self._engine.model(
                input_ids=torch.tensor([[row.tokens[-1]] for row in self.rows], device=self._engine.device),
                attention_mask=self._mask,
                position_ids=self._positions[:, None],
                past_key_values=self._cache,
                use_cache=True,
            )
        self._positions = self._positions + 1
        self._take(output.logits[:, -1])

    def fail(self, error: Exception) -> None:
        """Pass `error` to every caller still waiting, and stop."""
        for row in self.rows:
            row.fail(error)
        self.rows = []

    def _take(self, logits: torch.Tensor) -> None:
        """Give every row its most probable token; end the rows that stop or are full."""
        done: set[Row] = set()
        for row, own, best in zip(self.rows, logits, logits.argmax(-1).tolist(), strict=True):
            token = self._choice(row, own, best)
            stopped = token == self._engine.stop_id
            if not stopped:
                row.tokens.append(token)
            finished = stopped or len(row.tokens) >= row.limit
            text = self._engine.text(row.tokens)
            # Half a multi-byte character decodes to U+FFFD: wait for its other half.
            if finished or not text.endswith("\ufffd"):
                row.emit(text.rstrip("\ufffd"), finished)
            if finished:
                done.add(row)
        self._drop(done)

    def _choice(self, row: Row, logits: torch.Tensor, best: int) -> int:
        """The most probable token that `row` allows."""
        allowed = None if row.allowed is None else row.allowed(row.tokens)
        if allowed is None:
            return best
        return allowed[int(logits[allowed].argmax())] if allowed else self._engine.stop_id

    def _drop(self, gone: set[Row]) -> None:
        if not gone:
            return
        kept = [index for index, row in enumerate(self.rows) if row not in gone]
        self.rows = [self.rows[index] for index in kept]
        if kept:
            index = torch.tensor(kept, device=self._engine.device)
            self._mask, self._positions = self._mask[index], self._positions[index]
            self._cache.batch_select_indices(index)
