"""Measures of ranked answers."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence


def distinct(ranked: Sequence[Hashable]) -> list[Hashable]:
    """`ranked` without repetitions: equal answers take one place."""
    return list(dict.fromkeys(ranked))


def recall_at(k: int, rankings: Sequence[Sequence[Hashable]], right: Sequence[Hashable]) -> float:
    """Share of queries whose right answer stands among the first `k` distinct ones, in [0, 1]."""
    hits = sum(target in distinct(ranked)[:k] for ranked, target in zip(rankings, right, strict=True))
    return hits / len(right) if right else 0.0


def mean_reciprocal_rank(rankings: Sequence[Sequence[Hashable]], right: Sequence[Hashable]) -> float:
    """The mean of 1 / (rank of the right answer among distinct ones), 0 where it is missing; in [0, 1]."""
    ranks = _ranks(rankings, right)
    return sum(1 / rank for rank in ranks if rank) / len(ranks) if ranks else 0.0


def ndcg_at(k: int, rankings: Sequence[Sequence[Hashable]], right: Sequence[Hashable]) -> float:
    """Normalized discounted cumulative gain of the first `k` distinct answers (Järvelin and Kekäläinen 2002), in
    [0, 1]. One answer is right and counts 1, so that the ideal gain is 1."""
    ranks = _ranks(rankings, right)
    return sum(1 / math.log2(rank + 1) for rank in ranks if rank and rank <= k) / len(ranks) if ranks else 0.0


def _ranks(rankings: Sequence[Sequence[Hashable]], right: Sequence[Hashable]) -> list[int | None]:
    """The rank from 1 of each right answer among the distinct ones; None where it is missing."""
    found = []
    for ranked, target in zip(rankings, right, strict=True):
        once = distinct(ranked)
        found.append(once.index(target) + 1 if target in once else None)
    return found
