"""Token rows to the tensors of one step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from training.prefix_tree import build, visible

IGNORED = -100


class PaddedBatches:
    """Every row by itself, filled up on the right. Weights other than 0 and 1 are refused by `check`."""

    def __init__(self, pad_id: int) -> None:
        self._pad = pad_id

    def __call__(self, features: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        rows = [row for feature in features for row in feature["rows"]]
        longest = max(len(row.tokens) for row in rows)
        ids = torch.full((len(rows), longest), self._pad)
        labels = torch.full((len(rows), longest), IGNORED)
        mask = torch.zeros((len(rows), longest), dtype=torch.long)
        for place, row in enumerate(rows):
            length = len(row.tokens)
            tokens = torch.tensor(row.tokens)
            ids[place, :length] = tokens
            mask[place, :length] = 1
            labels[place, :length] = tokens.where(torch.tensor(row.weights) > 0, IGNORED)
        return {"input_ids": ids, "attention_mask": mask, "labels": labels}


class TreeBatches:
    """All rows of a step as one prefix tree in one row; `targets` and `weights` belong to the nodes `predicting`."""

    def __init__(self, dtype: torch.dtype) -> None:
        self._dtype = dtype

    def __call__(self, features: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        tree = build([row for feature in features for row in feature["rows"]])
        hidden = ~visible(tree)
        mask = torch.zeros(hidden.shape, dtype=self._dtype).masked_fill_(hidden, torch.finfo(self._dtype).min)
        predicting, targets, weights = zip(*tree.targets, strict=True)
        return {
            "input_ids": torch.tensor([tree.tokens]),
            "attention_mask": mask[None, None],
            "position_ids": torch.tensor([tree.depths]),
            "predicting": torch.tensor(predicting),
            "targets": torch.tensor(targets),
            "weights": torch.tensor(weights, dtype=torch.float32),
        }
