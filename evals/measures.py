"""Measures of ranked answers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def distinct(ranked: Sequence[Hashable]) -> list[Hashable]:
    """`ranked` without repetitions: equal answers take one place."""
    return list(dict.fromkeys(ranked))


def recall_at(k: int, rankings: Sequence[Sequence[Hashable]], right: Sequence[Hashable]) -> float:
    """Share of queries whose right answer stands among the first `k` distinct ones, in [0, 1]."""
    hits = sum(target in distinct(ranked)[:k] for ranked, target in zip(rankings, right, strict=True))
    return hits / len(right) if right else 0.0
