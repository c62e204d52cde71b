"""Turns token rows into the tensors of one step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from training.backend.prefix_tree import build, visible
from training.data.rows import TokenRow

IGNORED = -100


def labelled(row: TokenRow) -> dict[str, list[int]]:
    """A row as trl and transformers want it: every token, and those the loss counts."""
    return {
        "input_ids": list(row.tokens),
        "labels": [token if weight else IGNORED for token, weight in zip(row.tokens, row.weights, strict=True)],
    }


class PaddedBatches:
    """Every row by itself, filled up on the right. What the loss counts, counts alike: weights are 0 or not."""

    def __init__(self, pad_id: int) -> None:
        self._pad = pad_id

    def __call__(self, features: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        texts = [text for feature in features for text in _texts(feature)]
        shape = (len(texts), max(len(text["input_ids"]) for text in texts))
        ids, labels = torch.full(shape, self._pad), torch.full(shape, IGNORED)
        mask = torch.zeros(shape, dtype=torch.long)
        for place, text in enumerate(texts):
            length = len(text["input_ids"])
            ids[place, :length] = torch.tensor(text["input_ids"])
            labels[place, :length] = torch.tensor(text["labels"])
            mask[place, :length] = 1
        return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def _texts(feature: dict[str, Any]) -> list[dict[str, list[int]]]:
    return [labelled(row) for row in feature["rows"]] if "rows" in feature else [feature]


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
