"""Rows of tokens as prefix trees: a beginning that several rows share is computed once.

Instructions, and the text that several questions are asked about, repeat in almost every row. In a tree
every token attends to its ancestors only, so each row's result and gradient are those of the row alone
(tree attention, as in Miao et al., SpecInfer, arXiv:2305.09781, there for decoding).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from training.data.rows import TokenRow


@dataclass(frozen=True, slots=True)
class PrefixTree:
    """Nodes in an order where parents come first.

    `parents` holds -1 for a root; `depths` are the positions in the row. `targets` lists
    (node, token to predict there, weight), one for every weighted token of every row.
    """

    tokens: tuple[int, ...]
    parents: tuple[int, ...]
    depths: tuple[int, ...]
    targets: tuple[tuple[int, int, float], ...]


def build(rows: Sequence[TokenRow]) -> PrefixTree:
    """The prefix tree of `rows`."""
    children: dict[tuple[int, int], int] = {}
    tokens: list[int] = []
    parents: list[int] = []
    depths: list[int] = []
    targets: list[tuple[int, int, float]] = []
    for row in rows:
        parent = -1
        last = len(row.tokens) - 1
        for depth, (token, weight) in enumerate(zip(row.tokens, row.weights, strict=True)):
            if weight and parent >= 0:
                targets.append((parent, token, weight))
            if depth == last:
                break  # the last token is predicted, and nothing is predicted from it
            node = children.get((parent, token))
            if node is None:
                node = children[parent, token] = len(tokens)
                tokens.append(token)
                parents.append(parent)
                depths.append(depth)
            parent = node
    return PrefixTree(tuple(tokens), tuple(parents), tuple(depths), tuple(targets))


def visible(tree: PrefixTree) -> torch.Tensor:
    """Which node attends to which: itself and its ancestors. Boolean, (nodes, nodes)."""
    mask = torch.zeros(len(tree.tokens), len(tree.tokens), dtype=torch.bool)
    for node, parent in enumerate(tree.parents):
        if parent >= 0:
            mask[node] = mask[parent]
        mask[node, node] = True
    return mask
