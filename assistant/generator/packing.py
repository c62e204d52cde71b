"""Many prompts with common beginnings, computed in one forward pass without padding.

A tree is a stem (the asked question) with leaves (the candidates). All trees of a pack are laid
end to end in ONE row; the attention mask lets a leaf see the common head, its own stem and itself,
and positions restart behind the stem, so every leaf's states equal those of its prompt alone.
The layout is SpecInfer's token tree (Miao et al. 2024, arXiv:2305.09781) used for prompts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import DynamicCache

from assistant.generator.engine import Engine

HEADS_KEPT = 8


@dataclass(frozen=True, slots=True)
class Tree:
    """Token ids of one stem and its leaves. The head, common to a pack, is given apart."""

    stem: tuple[int, ...]
    leaves: tuple[tuple[int, ...], ...]

    @property
    def tokens(self) -> int:
        return len(self.stem) + sum(map(len, self.leaves))


@dataclass(slots=True)
class Packed:
    """States of a computed pack.

    `last` holds the hidden state at the end of every leaf, shape (leaves, hidden size).
    `paths` are the cache columns that make up each leaf's whole prompt, head included.
    """

    last: torch.Tensor
    cache: DynamicCache
    paths: list[torch.Tensor]


class Packer:
    """Runs packs, and keeps the states of the templates' fixed heads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._heads: OrderedDict[tuple[str | None, tuple[int, ...]], list[tuple[torch.Tensor, torch.Tensor]]]
        self._heads = OrderedDict()

    def run(self, head: tuple[int, ...], trees: Sequence[Tree], adapter: str | None) -> Packed:
        """One forward pass over all trees. The caller has made `adapter` active."""
        device = self._engine.device
        cache = self._head_cache(head, adapter)
        ids: list[int] = []
        positions: list[int] = []
        tree_of: list[int] = []
        leaf_of: list[int] = []  # -1 in a stem
        ends: list[int] = []
        spans: list[tuple[range, range]] = []
        leaf_number = 0
        for number, tree in enumerate(trees):
            stem = range(len(ids), len(ids) + len(tree.stem))
            ids += tree.stem
            positions += range(len(head), len(head) + len(tree.stem))
            leaf_of += [-1] * len(tree.stem)
            for leaf in tree.leaves:
                own = range(len(ids), len(ids) + len(leaf))
                ids += leaf
                start = len(head) + len(tree.stem)
                positions += range(start, start + len(leaf))
                leaf_of += [leaf_number] * len(leaf)
                ends.append(own.stop - 1)
                spans.append((stem, own))
                leaf_number += 1
            tree_of += [number] * tree.tokens
        output = self._engine.model.base_model(
            input_ids=torch.tensor([ids], device=device),
            attention_mask=self._mask(len(head), tree_of, leaf_of),
            position_ids=torch.tensor([positions], device=device),
            past_key_values=cache,
            use_cache=True,
        )
        paths = [
            torch.tensor([*range(len(head)), *(len(head) + i for span in pair for i in span)], device=device)
            for pair in spans
        ]
        return Packed(output.last_hidden_state[0, ends], cache, paths)

    def forget(self, adapter: str) -> None:
        """Drop the states that were computed with `adapter`."""
        for key in [key for key in self._heads if key[0] == adapter]:
            del self._heads[key]

    def _mask(self, head: int, tree_of: list[int], leaf_of: list[int]) -> torch.Tensor:
        """Additive mask, shape (1, 1, tokens, head + tokens)."""
        trees = torch.tensor(tree_of, device=self._engine.device)
        leaves = torch.tensor(leaf_of, device=self._engine.device)
        same_tree = trees[:, None] == trees[None, :]
        visible_leaf = (leaves[None, :] == -1) | (leaves[:, None] == leaves[None, :])
        allowed = torch.tril(same_tree & visible_leaf)
        allowed = torch.cat([allowed.new_ones(len(tree_of), head), allowed], dim=1)
        mask = torch.zeros(allowed.shape, dtype=self._engine.dtype, device=self._engine.device)
        return mask.masked_fill_(~allowed, torch.finfo(mask.dtype).min)[None, None]

    def _head_cache(self, head: tuple[int, ...], adapter: str | None) -> DynamicCache:
        """A cache that begins with the head's states. Growing it does not change the stored states."""
        cache = DynamicCache()
        if not head:
            return cache
        key = (adapter, head)
        if key not in self._heads:
            self._engine.model.base_model(
                input_ids=torch.tensor([head], device=self._engine.device), past_key_values=cache, use_cache=True
            )
            self._heads[key] = [(layer.keys, layer.values) for layer in cache.layers]
            while len(self._heads) > HEADS_KEPT:
                self._heads.popitem(last=False)
            return cache
        self._heads.move_to_end(key)
        for index, (keys, values) in enumerate(self._heads[key]):
            cache.update(keys, values, index)
        return cache
